"""The joint verdict on one attribute and one region, from an outcome and the witnesses of reliance.

| leg       | quantity                                                                  | limit           | kind  |
|-----------|---------------------------------------------------------------------------|-----------------|-------|
| outcome   | largest gap between groups                                                | tolerance       |       |
| relevance | relevance lift of the region                                              | lift            | looks |
| alignment | size of the relative change of the attribute's classifier                 | relative_change | looks |
| causal    | size of the effect of replacing the region beyond its controls            | effect          | moves |
| flip      | size of the effect of flipping the attribute and nothing else             | flip            | moves |

Every leg is an interval against its limit: `above` when the whole interval is above, `below` when the whole interval is
at or below, else `open`. Alignment and flip are optional: they are there where a generator, exact twins or a
conditional VAE was given, and they speak about the attribute, so they join the verdict of the region that shows it.

Witnesses are of two kinds: what the model looks at, and what moves it. A model is said to rely on a cue only if at
least one witness of either kind is above its limit and all others are too; it is cleared only if all are below, again
with one of either kind. Exact twins need no second kind where no region was given, because they differ in nothing but
the attribute. One kind alone, an open witness, or witnesses that disagree leave the verdict undecided, and it says
which. An optional witness that could not be measured is named and does not count.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from fairaudit.results.report import JointVerdict

Side = Literal["above", "below", "open", "absent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One quantity with its interval and the limit it is held against."""

    name: str
    """What it is, as it appears in a sentence."""
    low: float | None
    """Lower end of the interval; None when there is none."""
    high: float | None
    """Upper end of the interval; None when there is none."""
    limit: float
    """Above this there is something to find."""
    reason: str | None = None
    """Why there is no interval."""
    n: int | None = None
    """Images behind it, for saying how many more are needed."""

    @property
    def side(self) -> Side:
        """On which side of the limit the interval lies; an end on the limit is not above it.

        >>> Leg(name="gap", low=0.1, high=0.2, limit=0.1).side, Leg(name="gap", low=0.0, high=0.1, limit=0.1).side
        ('open', 'below')
        """
        if self.low is None or self.high is None:
            return "absent"
        if self.low > self.limit:
            return "above"
        return "below" if self.high <= self.limit else "open"

    def sentence(self) -> str:
        """The leg in words, with its numbers."""
        if self.low is None or self.high is None:
            return f"{self.name} is unknown ({self.reason or 'not measured'})"
        words = {"above": "above", "below": "not above", "open": "on both sides of"}
        return f"{self.name} {self.low:.3g} to {self.high:.3g} is {words[self.side]} {self.limit:.3g}"

    def needed(self) -> str:
        """What would bring the interval to one side, from the width that it has now."""
        if self.low is None or self.high is None:
            return f"{self.name}: {self.reason or 'measure it'}"
        images = self._images()
        return f"{self.name}: about {images} images instead of {self.n}" if images else f"{self.name}: more images"

    def _images(self) -> int | None:
        """Images at which the interval, shrinking with 1/√n around its centre, would no longer hold the limit."""
        if self.n is None or self.low is None or self.high is None:
            return None
        distance = abs((self.low + self.high) / 2 - self.limit)
        if distance == 0:
            return None
        return math.ceil(self.n * ((self.high - self.low) / 2 / distance) ** 2)


class Joint(NamedTuple):
    """A joint verdict with its reason."""

    verdict: JointVerdict
    """One of the six."""
    why: str
    """The evidence in one or two sentences."""
    needed: str | None
    """For `undecided`: what would decide it."""


Reliance = Literal["yes", "no", "open", "disagree", "absent"]

VERDICTS: dict[tuple[Side, Reliance], JointVerdict] = {
    ("above", "yes"): "unequal and for the wrong reason",
    ("above", "no"): "unequal, not by this cue",
    ("below", "yes"): "spurious but equal",
    ("below", "no"): "no evidence",
    ("above", "absent"): "unequal outcome",
    ("below", "absent"): "no evidence",
}
"""Outcome and reliance → verdict; every other pair is undecided."""


def joint_verdict(
    outcome: Leg,
    relevance: Sequence[Leg] = (),
    causal: Leg | None = None,
    *,
    alignment: Sequence[Leg] = (),
    flips: Sequence[Leg] = (),
    exact: bool = False,
) -> Joint:
    """The joint verdict from the legs.

    Args:
        outcome: the largest gap of an attribute.
        relevance: relevance lift of the region, one leg per usable attribution method; methods must agree.
        causal: effect of the region beyond that of its controls.
        alignment: relative change of the attribute's classifier when the target's evidence is taken away.
        flips: effect of flipping the attribute, one leg per way of flipping it.
        exact: whether one of the flips is by exact twins.

    Without any leg but the outcome, no region was given: then only the outcome is judged.

    >>> gap = Leg(name="gap", low=0.2, high=0.3, limit=0.1)
    >>> lift = Leg(name="lift", low=2.0, high=3.0, limit=1.5)
    >>> joint_verdict(gap, [lift], Leg(name="effect", low=0.1, high=0.2, limit=0.05)).verdict
    'unequal and for the wrong reason'
    >>> joint_verdict(gap, [lift], Leg(name="effect", low=0.0, high=0.01, limit=0.05)).verdict
    'undecided'
    >>> joint_verdict(gap, flips=[Leg(name="flip", low=0.0, high=0.01, limit=0.05)], exact=True).verdict
    'unequal, not by this cue'
    """
    witnesses = _Witnesses(relevance=relevance, alignment=alignment, causal=causal, flips=flips, exact=exact)
    reliance = witnesses.reliance()
    verdict = VERDICTS.get((outcome.side, reliance), "undecided")
    facts = "; ".join(leg.sentence() for leg in [outcome, *witnesses.all]) + "."
    if verdict != "undecided":
        return Joint(verdict, facts, None)
    why, needed = _undecided(outcome, witnesses, reliance)
    return Joint("undecided", f"{why} {facts}", needed)


def lift_limit(limit: float, area_share: float) -> float:
    """The lift that a region of this size is held against.

    A lift cannot exceed 1/area, so a limit of 1.5 could never be passed by a background that covers 80 % of the image.
    For a region of more than half the image the limit is the lift at which the mean relevance inside is `limit` times
    the mean outside: limit / (1 − area + limit · area), which is below 1/area for every area below 1.

    >>> lift_limit(1.5, 0.1), round(lift_limit(1.5, 0.8), 4)
    (1.5, 1.0714)
    """
    return limit if area_share <= 0.5 else limit / (1 - area_share + limit * area_share)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Witnesses:
    """Everything that speaks for or against reliance."""

    relevance: Sequence[Leg]
    alignment: Sequence[Leg]
    causal: Leg | None
    flips: Sequence[Leg]
    exact: bool

    @property
    def regional(self) -> list[Leg]:
        """What was measured on the region: without a region, nothing."""
        return [*self.relevance, *([self.causal] if self.causal else [])]

    @property
    def all(self) -> list[Leg]:
        return [*self.relevance, *self.alignment, *([self.causal] if self.causal else []), *self.flips]

    @property
    def counted(self) -> list[Leg]:
        """All but the optional ones that could not be measured."""
        optional = [leg for leg in (*self.alignment, *self.flips) if leg.side == "absent"]
        return [leg for leg in self.all if not any(leg is other for other in optional)]

    def looks(self) -> bool:
        """Whether there is a witness of what the model looks at."""
        return bool(self.relevance) or any(leg.side != "absent" for leg in self.alignment)

    def moves(self) -> bool:
        """Whether there is a witness of what moves the model."""
        return self.causal is not None or any(leg.side != "absent" for leg in self.flips)

    def complete(self) -> bool:
        """Whether both kinds are there, or what stands for both."""
        alone = self.exact and not self.regional and any(leg.side != "absent" for leg in self.flips)
        return alone or (self.looks() and self.moves())

    def reliance(self) -> Reliance:
        if not self.all:
            return "absent"
        sides = {leg.side for leg in self.counted}
        if {"above", "below"} <= {leg.side for leg in self.relevance}:
            return "disagree"
        if not self.complete() or sides & {"open", "absent"}:
            return "open"
        if len(sides) > 1:
            return "disagree"
        return "yes" if sides == {"above"} else "no"


def _undecided(outcome: Leg, witnesses: _Witnesses, reliance: Reliance) -> tuple[str, str]:
    if reliance == "disagree":
        return _disagreement(witnesses)
    missing = [leg for leg in (outcome, *witnesses.counted) if leg.side == "absent"]
    if missing:
        return "A leg of the evidence is missing.", "; ".join(leg.needed() for leg in missing)
    undecided = [leg for leg in (outcome, *witnesses.counted) if leg.side == "open"]
    if undecided:
        return "The evidence does not reach far enough.", "; ".join(leg.needed() for leg in undecided)
    return "A leg of the evidence is missing.", _lacking(witnesses)


def _lacking(witnesses: _Witnesses) -> str:
    """What would be a witness of the kind that is missing."""
    if witnesses.regional:
        return "relevance maps from a usable method" if witnesses.moves() else "an intervention on the region"
    if witnesses.moves():
        return "a classifier of the attribute on counterfactuals (--generator), or a region that shows the attribute"
    return "an intervention on the attribute (exact twins with --twins, or a conditional VAE with --cvae)"


def _disagreement(witnesses: _Witnesses) -> tuple[str, str]:
    if {"above", "below"} <= {leg.side for leg in witnesses.relevance}:
        return (
            "The attribution methods disagree about the region.",
            "find out which method to trust (faithfulness and randomisation checks), or leave one out",
        )
    if len({leg.side for leg in witnesses.regional}) < 2:
        return _parted(witnesses)
    if witnesses.causal is not None and witnesses.causal.side == "above":
        return (
            "Replacing the region changes the decision, yet relevance does not gather there.",
            "look at the maps: the methods may miss a diffuse cue, or the fill may disturb more than the region",
        )
    return (
        "Relevance gathers in the region, yet replacing it changes the decision no more than replacing another place.",
        "look at the maps and the fills: relevance alone does not show that the model needs the region",
    )


def _parted(witnesses: _Witnesses) -> tuple[str, str]:
    """Disagreement with, or among, the counterfactual witnesses."""
    against = [leg.name for leg in witnesses.counted if leg.side == "below"]
    speaks = [leg.name for leg in witnesses.counted if leg.side == "above"]
    return (
        f"The witnesses disagree: {_listed(speaks)} {_verb(speaks)} for reliance, "
        f"yet {_listed(against)} {_verb(against)} against it.",
        "look at the counterfactuals: the region may show more than the attribute, the attribute may show outside of "
        "the region, or the generator may not draw it",
    )


def _listed(names: Sequence[str]) -> str:
    """Names as a sentence lists them.

    >>> _listed(["a", "b", "c"])
    'a, b and c'
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _verb(names: Sequence[str]) -> str:
    return "speaks" if len(names) == 1 else "speak"
