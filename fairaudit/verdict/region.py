"""Use of the region: a description that can clear, and that accuses only if the user forbids the region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fairaudit.results.report import Use
from fairaudit.verdict.leg import Leg, sides


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionEvidence:
    """What speaks for or against the model using the region, whatever it shows."""

    name: str
    """The region."""
    lift: Sequence[Leg] = ()
    """Relevance lift, a leg per usable attribution method."""
    effect: Leg | None = None
    """Effect of replacing the region beyond that of its controls."""
    forbidden: bool = False
    """Whether the user says that nothing in the region may matter."""

    @property
    def legs(self) -> list[Leg]:
        """All of it."""
        return [*self.lift, *([self.effect] if self.effect else [])]

    @property
    def use(self) -> Use:
        """`yes` and `no` need relevance and intervention, both on that side of their limits.

        >>> above = Leg(name="lift", low=2.0, high=3.0, limit=1.5)
        >>> RegionEvidence(name="mouth", lift=[above], effect=Leg(name="effect", low=0.1, high=0.2, limit=0.05)).use
        'yes'
        >>> RegionEvidence(name="mouth", lift=[above]).use
        'open'
        """
        if not self.lift and (self.effect is None or self.effect.side == "absent"):
            return "unknown"
        found = sides(self.legs)
        if not self.lift or self.effect is None or found & {"open", "absent"}:
            return "open"
        if len(found) > 1:
            return "disagree"
        return "yes" if found == {"above"} else "no"

    def sentence(self) -> str:
        """The use of the region in words, with its numbers."""
        words = {
            "yes": f"The region {self.name} is used, by the attribute or by other evidence there",
            "no": f"The region {self.name} is not used",
            "open": f"Whether the region {self.name} is used is open",
            "disagree": f"Whether the region {self.name} is used is open: relevance and intervention disagree",
            "unknown": f"Whether the region {self.name} is used was not measured",
        }
        facts = "; ".join(leg.sentence() for leg in self.legs)
        return f"{words[self.use]}: {facts}." if facts else f"{words[self.use]}."
