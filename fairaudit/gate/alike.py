"""Decisions that do not vary, and numbers that rest on a handful of images: neither passes, whatever the limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fairaudit.counted import counted
from fairaudit.results.measurement import Measurement

HANDFUL: Final = 10
"""Fewer images than this never pass: intervals and tests hold on average over samples, and one sample of three images
that agree says next to nothing about the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Images that all got the same decision."""

    decision: str
    """The decision that all got."""
    n: int
    """How many they are."""
    attribute: str | None = None
    """The attribute whose group they are; None for all scored images."""
    group: str | None = None
    """The group that they are; None for all scored images."""
    truth_varies: bool = True
    """Whether their true classes differ, so that deciding all alike is wrong for some."""

    def sentence(self) -> str:
        """The fact in one sentence.

        >>> Alike(decision="smiling", n=1000).sentence()
        'All 1,000 images got the same decision, smiling: such a model is no evidence of equal treatment.'
        """
        where = "" if self.group is None else f" of group {self.group} of {self.attribute}"
        return (
            f"All {self.n:,} images{where} got the same decision, {self.decision}: "
            "such a model is no evidence of equal treatment."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlike:
    """Decisions that do not go with the labels."""

    sentence: str
    """The fact, and what is probably wrong."""
    against: bool
    """Whether they go against them, and not merely nowhere, as those of an untrained model do."""


def everywhere(alike: Sequence[Alike]) -> Alike | None:
    """The fact about all scored images, if any."""
    return next((fact for fact in alike if fact.group is None), None)


def nothing_compared(measurements: Sequence[Measurement]) -> str | None:
    """Why no groups were compared, where every gap between groups is without a value; None where there is one, or none.

    >>> gap = Measurement(
    ...     audit="fairness", metric="tpr_difference", attribute="hat",
    ...     value=None, status="undefined", reason="one group",
    ... )
    >>> nothing_compared([gap])
    'No gap between groups could be computed, so that nothing says whether they are treated alike: one group.'
    """
    gaps = [
        m
        for m in measurements
        if m.audit == "fairness" and m.attribute and not (m.group or m.class_ or m.baseline)
        and m.metric.endswith("_difference")
    ]  # fmt: skip
    if not gaps or any(gap.value is not None for gap in gaps):
        return None
    reason = (gaps[0].reason or gaps[0].status).rstrip(".")
    return f"No gap between groups could be computed, so that nothing says whether they are treated alike: {reason}."


def doubt(measurement: Measurement, alike: Sequence[Alike]) -> str | None:
    """Why a number within its limit must not pass all the same; None if nothing speaks against it.

    A number about one group must not pass where that group's decisions do not vary; one that compares the groups of an
    attribute must not where some group's do not although its true classes differ.
    """
    for fact in alike:
        if fact.group is None or _concerns(fact, measurement):
            return fact.sentence()
    return handful(measurement)


def handful(measurement: Measurement) -> str | None:
    """Why a number rests on too few images to pass, or None.

    >>> handful(Measurement(audit="cf-align", metric="relative_change", value=0.0, n=3))
    'It is based on 3 images; fewer than 10 never pass.'
    """
    if measurement.audit == "selftest":  # counts trained models, whose intervals are exact
        return None
    if measurement.n is None or measurement.n >= HANDFUL:
        return None
    images = counted(measurement.n, "image")
    return f"It is based on {images}; fewer than {HANDFUL} never pass."


def _concerns(fact: Alike, measurement: Measurement) -> bool:
    if fact.attribute != measurement.attribute:
        return False
    return fact.truth_varies if measurement.group is None else fact.group == measurement.group
