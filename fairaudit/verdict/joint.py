"""The joint verdict on one attribute and one region: is the outcome unequal, and is the attribute used?

| outcome | attribute used            | verdict                                    |
|---------|---------------------------|--------------------------------------------|
| unequal | yes                       | unequal and for the wrong reason           |
| unequal | no                        | unequal, not by this cue                   |
| equal   | yes                       | spurious but equal                         |
| equal   | no                        | no evidence                                |
| unequal | nothing was asked         | unequal outcome                            |
| equal   | nothing was asked         | no evidence                                |
| either  | open, or disagreed about  | undecided, with what would decide          |

Use of the region is reported beside it. A region that is not used clears the attribute of being used there; one that is
used accuses only if it is declared forbidden, and then counts like an attribute that is used.
"""

from __future__ import annotations

from typing import NamedTuple

from fairaudit.results.report import JointVerdict, Use
from fairaudit.verdict.attribute import AttributeEvidence
from fairaudit.verdict.leg import Leg, Side, sides
from fairaudit.verdict.region import RegionEvidence


class Joint(NamedTuple):
    """A joint verdict with its reason."""

    verdict: JointVerdict
    """One of the six."""
    why: str
    """The evidence in a few sentences."""
    needed: str | None
    """For `undecided`: what would decide it."""
    attribute_used: Use
    """Whether the attribute is used, or what counts as such."""
    region_used: Use | None
    """Whether the region is used; None without one."""


VERDICTS: dict[tuple[Side, Use], JointVerdict] = {
    ("above", "yes"): "unequal and for the wrong reason",
    ("above", "no"): "unequal, not by this cue",
    ("below", "yes"): "spurious but equal",
    ("below", "no"): "no evidence",
    ("above", "unknown"): "unequal outcome",
    ("below", "unknown"): "no evidence",
}
"""Outcome and use of the attribute → verdict; every other pair is undecided."""


def joint_verdict(outcome: Leg, attribute: AttributeEvidence, region: RegionEvidence | None = None) -> Joint:
    """The joint verdict from the legs.

    Args:
        outcome: the largest gap of the attribute.
        attribute: what speaks for or against its use.
        region: what speaks for or against the use of the region; None where none was given.

    >>> gap = Leg(name="gap", low=0.2, high=0.3, limit=0.1)
    >>> cue, swap = (Leg(name=name, low=0.2, high=0.3, limit=0.05) for name in ("cue", "swap"))
    >>> joint_verdict(gap, AttributeEvidence(name="tie", cue=[cue], swap=swap)).verdict
    'unequal and for the wrong reason'
    >>> joint_verdict(gap, AttributeEvidence(name="tie")).verdict
    'unequal outcome'
    """
    used, because = _used(attribute, region)
    verdict = VERDICTS.get((outcome.side, used), "undecided")
    facts = "; ".join(leg.sentence() for leg in [outcome, *attribute.legs]) + "."
    told = [because, attribute.parted or "", facts, region.sentence() if region else ""]
    needed = None
    if verdict == "undecided":
        why, needed = _undecided(outcome, attribute, used)
        told.insert(0, why)
    return Joint(
        verdict=verdict,
        why=" ".join(text for text in told if text),
        needed=needed,
        attribute_used=used,
        region_used=region.use if region else None,
    )


def lift_limit(limit: float, area_share: float) -> float:
    """The lift that a region of this size is held against.

    A lift cannot exceed 1/area, so a limit of 1.5 could never be passed by a background that covers 80 % of the image.
    For a region of more than half the image the limit is the lift at which the mean relevance inside is `limit` times
    the mean outside: limit / (1 − area + limit · area), which is below 1/area for every area below 1.

    >>> lift_limit(1.5, 0.1), round(lift_limit(1.5, 0.8), 4)
    (1.5, 1.0714)
    """
    return limit if area_share <= 0.5 else limit / (1 - area_share + limit * area_share)


def _used(attribute: AttributeEvidence, region: RegionEvidence | None) -> tuple[Use, str]:
    """Whether the attribute counts as used, and the reason where it is not that of its own witnesses."""
    own = attribute.use
    if region is None:
        return own, ""
    if region.forbidden:
        assumed = f"You declared that nothing in {region.name} may matter, so its use counts against the model."
        if region.use == "yes":
            return "yes", assumed
        if region.use != "no" and own in ("no", "unknown"):
            return "open", assumed
    if region.use == "no" and own != "yes":
        if own != "no" and "above" in sides([*attribute.looking, *attribute.moving, *attribute.spread]):
            return "disagree", ""
        return "no", f"A model that does not use the region {region.name} cannot use {attribute.name} there."
    return own, ""


def _undecided(outcome: Leg, attribute: AttributeEvidence, used: Use) -> tuple[str, str]:
    if outcome.side in ("open", "absent") and used in ("yes", "no", "unknown"):
        if outcome.side == "absent":
            return "The outcome is missing.", outcome.needed()
        return "The interval of the gap between groups is too wide to decide.", outcome.needed()
    if attribute.use in ("no", "unknown", "yes"):  # open because of a forbidden region, or against a region not used
        return "Whether the forbidden region is used is open.", "more images, or an intervention on the region"
    why, needed = attribute.explained()
    if outcome.side in ("open", "absent"):
        needed = f"{outcome.needed()}; {needed}"
    return why, needed
