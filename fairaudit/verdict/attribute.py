"""Use of the attribute: needs a witness of what the model looks at and one of what moves it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fairaudit.results.report import Use
from fairaudit.verdict.leg import Leg, Side, listed, sides


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeEvidence:
    """What speaks for or against the model using the attribute shown in a region.

    Looks: cue alignment by every usable attribution method, and the relative change of the attribute's classifier.
    Moves: content swap; flips of the attribute outrank it where they were measured, because they change the attribute
    and nothing else.
    """

    name: str
    """The attribute."""
    cue: Sequence[Leg] = ()
    """Cue alignment, a leg per usable attribution method."""
    alignment: Sequence[Leg] = ()
    """Relative change of the attribute's classifier when the target's evidence is taken away."""
    swap: Leg | None = None
    """Effect of the groups' content in the region."""
    spread: Sequence[Leg] = ()
    """How much more scores and decisions change, in any direction, by other groups' content than by the own group's."""
    gap: Leg | None = None
    """Gap of the score between the groups on images as they are, which content that matters there shows up in."""
    flips: Sequence[Leg] = ()
    """Effect of flipping the attribute, a leg per way of flipping it."""
    exact: bool = False
    """Whether one of the flips is by exact twins."""

    @property
    def looking(self) -> list[Leg]:
        """Witnesses of what the model looks at; an alignment that could not be measured does not count."""
        return [*self.cue, *_measured(self.alignment)]

    @property
    def moving(self) -> list[Leg]:
        """Witnesses of what moves the model: flips where there are any, else the swap."""
        return _measured(self.flips) or ([self.swap] if self.swap else [])

    @property
    def legs(self) -> list[Leg]:
        """All witnesses, in the order in which they are reported."""
        return [*self.cue, *self.alignment, *([self.swap] if self.swap else []), *self.flips]

    @property
    def mismatch(self) -> bool:
        """Whether the swap's effect is above its limit and images as they are do not show such a gap."""
        swapped = self.swap is not None and self.moving == [self.swap]
        return swapped and sides(self.moving) == {"above"} and self.gap is not None and self.gap.side != "above"

    @property
    def both_ways(self) -> bool:
        """Whether the swap keeps to its limit only because it moves images in both directions."""
        swapped = self.swap is not None and self.moving == [self.swap]
        return swapped and sides(self.moving) == {"below"} and "above" in sides(self.spread)

    @property
    def use(self) -> Use:
        """`yes` and `no` need both kinds of witness on that side of their limits.

        Where attribution methods stand on both sides, each side has one, and the intervention decides; a swap decides
        against the use only if it does not move images in both directions either.

        Exact twins need no second kind where nothing was measured on a region: they differ in nothing but the
        attribute.

        >>> cue = Leg(name="cue", low=0.3, high=0.4, limit=0.05)
        >>> AttributeEvidence(name="tie", cue=[cue], swap=Leg(name="swap", low=0.2, high=0.3, limit=0.05)).use
        'yes'
        >>> AttributeEvidence(name="tie", cue=[cue], swap=Leg(name="swap", low=0.0, high=0.01, limit=0.05)).use
        'disagree'
        """
        if not self.legs:
            return "unknown"
        looks, moves = one_side(self.looking), one_side(self.moving)
        if self.exact and not self.cue and self.swap is None and not self.looking and moves in ("above", "below"):
            return "yes" if moves == "above" else "no"
        if self.both_ways:
            return "open"
        if looks == "split" and (moves == "above" or (moves == "below" and self._moves_nothing)):
            looks = moves
        if "split" in (looks, moves):
            return "disagree"
        if looks in ("open", "absent") or moves in ("open", "absent") or self.mismatch:
            return "open"
        if looks != moves:
            return "disagree"
        return "yes" if moves == "above" else "no"

    @property
    def _moves_nothing(self) -> bool:
        """Whether images are shown to move in no direction: by flips, or by a swap whose spread is below its limit."""
        return self.moving != [self.swap] or sides(_measured(self.spread)) <= {"below"}

    @property
    def parted(self) -> str | None:
        """A sentence where attribution methods disagree and the intervention decided; None otherwise."""
        if one_side(self.looking) != "split" or self.use not in ("yes", "no"):
            return None
        decided = listed([leg.name for leg in self.moving])
        return f"Measurements of where the model looks disagree ({_parted(self.looking)}), so {decided} decides."

    def explained(self) -> tuple[str, str]:
        """Why the use is open or disputed, and what would decide it."""
        if self.use == "disagree":
            return self._disagreement()
        if self.both_ways:
            moved = "; ".join(leg.sentence() for leg in self.spread if leg.side == "above")
            return (
                f"Content of other groups moves no score in one direction by more than its limit, but {moved}. Either "
                f"{self.name} counts for some images and against others, or scores lie so close together that small "
                "changes turn decisions, or the content does not fit the rest of the image.",
                "exact twins or a conditional VAE (fairaudit audit --twins, --cvae), or an audit of groups within "
                "another attribute",
            )
        if self.mismatch and self.gap is not None and self.gap.side != "below":
            return (
                f"Content of other groups changes the score, but it is "
                f"{'open' if self.gap.side == 'open' else 'unknown'} "
                "whether the scores of whole images of these groups differ as much.",
                f"{self.gap.needed()}; or exact twins or a conditional VAE (fairaudit audit --twins, --cvae)",
            )
        if self.mismatch:
            return (
                f"Content of other groups changes the score, but the scores of whole images of these groups do not "
                "differ: "
                f"the content does not fit the rest of the image, or something else cancels {self.name}.",
                "exact twins or a conditional VAE (fairaudit audit --twins, --cvae), or a region that contains "
                f"all that shows {self.name}",
            )
        pending = [*self.looking, *self.moving]
        absent = [leg for leg in pending if leg.side == "absent"]
        open_ = [leg for leg in pending if leg.side == "open"]
        if absent and not open_:
            return f"Evidence about {self.name} is missing.", "; ".join(leg.needed() for leg in absent)
        if open_:
            which = listed([leg.name for leg in open_])
            return f"The intervals about {self.name} are too wide to decide: {which}.", "; ".join(
                leg.needed() for leg in open_
            )
        return f"Evidence about {self.name} is missing.", self._lacking()

    def _lacking(self) -> str:
        if not self.moving:
            return (
                "an intervention on the attribute: exact twins or a conditional VAE (fairaudit audit --twins, --cvae), "
                "or a region that shows it"
            )
        if self.cue or self.swap:
            return "relevance maps from a usable method"
        return (
            "a classifier of the attribute on counterfactuals (fairaudit audit --generator), or a region that shows "
            "the attribute"
        )

    def _disagreement(self) -> tuple[str, str]:
        if one_side(self.looking) == "split":
            pending = [leg for leg in self.moving if leg.side in ("open", "absent")]
            pending += [leg for leg in self.spread if leg.side == "open"]
            return (
                f"Measurements of where the model looks disagree about {self.name}: {_parted(self.looking)}.",
                "; ".join(leg.needed() for leg in pending) or self._lacking(),
            )
        return (
            f"The measurements disagree about {self.name}: {_parted([*self.looking, *self.moving])}.",
            "look at the maps and at the swapped images: the region may show something that changes with the "
            "attribute, "
            "or the method may miss evidence that is spread out",
        )


def one_side(legs: Sequence[Leg]) -> Side | str:
    """The common side of the witnesses of one kind: `split` where some are above and some below.

    Open witnesses of a kind do not undo what the others of that kind say.

    >>> above, open_ = Leg(name="a", low=2, high=3, limit=1), Leg(name="b", low=0, high=3, limit=1)
    >>> one_side([above, open_]), one_side([open_]), one_side([])
    ('above', 'open', 'absent')
    """
    found = sides(legs)
    if {"above", "below"} <= found:
        return "split"
    for side in ("above", "below", "open"):
        if side in found:
            return side
    return "absent"


def _measured(legs: Sequence[Leg]) -> list[Leg]:
    return [leg for leg in legs if leg.side != "absent"]


def _parted(legs: Sequence[Leg]) -> str:
    speaks, against = ([leg.name for leg in legs if leg.side == side] for side in ("above", "below"))
    return f"{listed(speaks)} {_verb(speaks)} for its use, but {listed(against)} {_verb(against)} against it"


def _verb(names: Sequence[str]) -> str:
    return "speaks" if len(names) == 1 else "speak"
