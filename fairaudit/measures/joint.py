"""The joint verdict on one attribute and one region, from three legs of evidence.

| leg       | quantity                                             | limit            |
|-----------|------------------------------------------------------|------------------|
| outcome   | largest gap between groups                           | tolerance        |
| relevance | relevance lift of the region                         | lift limit       |
| causal    | size of the effect of the region beyond its controls | effect limit     |

Every leg is an interval against its limit: `above` when the whole interval is above, `below` when the whole interval is
at or below, else `open`. A region is called spurious only if relevance and intervention both say so; a leg alone, or
two that disagree, leave the verdict undecided, and the verdict says which.
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


def joint_verdict(outcome: Leg, relevance: Sequence[Leg] = (), causal: Leg | None = None) -> Joint:
    """The joint verdict from the legs.

    Args:
        outcome: the largest gap of an attribute.
        relevance: relevance lift of the region, one leg per usable attribution method; methods must agree. Empty, with
            `causal` None, when no region was given: then only the outcome is judged.
        causal: effect of the region beyond that of its controls.

    >>> gap = Leg(name="gap", low=0.2, high=0.3, limit=0.1)
    >>> lift = Leg(name="lift", low=2.0, high=3.0, limit=1.5)
    >>> joint_verdict(gap, [lift], Leg(name="effect", low=0.1, high=0.2, limit=0.05)).verdict
    'unequal and for the wrong reason'
    >>> joint_verdict(gap, [lift], Leg(name="effect", low=0.0, high=0.01, limit=0.05)).verdict
    'undecided'
    """
    legs = [outcome, *relevance, *([causal] if causal else [])]
    reliance = _reliance([leg.side for leg in relevance], causal.side if causal else "absent")
    if not relevance and causal is None:
        reliance = "absent"
    verdict = VERDICTS.get((outcome.side, reliance), "undecided")
    facts = "; ".join(leg.sentence() for leg in legs) + "."
    if verdict != "undecided":
        return Joint(verdict, facts, None)
    why, needed = _undecided(outcome, relevance, causal, reliance)
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


def _reliance(relevance: Sequence[Side], causal: Side) -> Reliance:
    if "above" in relevance and "below" in relevance:
        return "disagree"
    if not relevance or "absent" in relevance or causal == "absent":
        return "open"
    if "open" in relevance or causal == "open":
        return "open"
    if relevance[0] != causal:
        return "disagree"
    return "yes" if causal == "above" else "no"


def _undecided(outcome: Leg, relevance: Sequence[Leg], causal: Leg | None, reliance: Reliance) -> tuple[str, str]:
    legs = [outcome, *relevance, *([causal] if causal else [])]
    if reliance == "disagree":
        return _disagreement(relevance, causal)
    missing = [leg for leg in legs if leg.side == "absent"]
    if missing:
        return "A leg of the evidence is missing.", "; ".join(leg.needed() for leg in missing)
    undecided = [leg for leg in legs if leg.side == "open"]
    if undecided:
        return "The evidence does not reach far enough.", "; ".join(leg.needed() for leg in undecided)
    lacking = "an intervention on the region" if causal is None else "relevance maps from a usable method"
    return "A leg of the evidence is missing.", lacking


def _disagreement(relevance: Sequence[Leg], causal: Leg | None) -> tuple[str, str]:
    sides = {leg.side for leg in relevance}
    if "above" in sides and "below" in sides:
        return (
            "The attribution methods disagree about the region.",
            "find out which method to trust (faithfulness and randomisation checks), or leave one out",
        )
    if causal is not None and causal.side == "above":
        return (
            "Replacing the region changes the decision, yet relevance does not gather there.",
            "look at the maps: the methods may miss a diffuse cue, or the fill may disturb more than the region",
        )
    return (
        "Relevance gathers in the region, yet replacing it changes the decision no more than replacing another place.",
        "look at the maps and the fills: relevance alone does not show that the model needs the region",
    )
