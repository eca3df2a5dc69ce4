"""From a number to a measurement of the fairness audit: names, direction, and the reason where there is no number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.measures.clusters.effective import RateOf, effective
from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.counts.rates import Rate
from fairaudit.results.measurement import Better, Measurement, finite

Extra = Mapping[str, float | int | str | bool | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a fairness table is about, how its images were sampled, and how certain its intervals are to be."""

    attribute: str
    """Name of the protected attribute or of the intersection."""
    groups: tuple[str, ...]
    """Names of the groups, in the order of the counts."""
    classes: tuple[str, ...]
    """Names of the target values, in the order of the counts."""
    level: float = 0.95
    """Coverage of intervals."""
    replicates: int = 10_000
    """Bootstrap and permutation replicates."""
    seed: int = 0
    """Seed of every draw."""
    min_cell: int = 0
    """Rates over fewer images are suppressed in what is printed; they still count in disparities."""
    cluster_counts: NDArray[np.generic] | None = None
    """[cluster, group, true, predicted] where whole clusters are the unit; None where images are."""
    squared: Floats | None = None
    """[group, true, predicted] sums of squared weights where the counts are sums of weights."""
    images: Floats | None = None
    """[group, true, predicted] images where the counts are sums of weights; cells are too small by these."""
    tolerance: float | None = None
    """Gap against which the sensitivity to wrong attribute labels is told; None leaves it out."""

    @property
    def unit(self) -> str:
        """What is resampled."""
        return "image" if self.cluster_counts is None else "cluster"

    def fitting(self, counts: ArrayLike, *leading: int, decisions: int = 1) -> NDArray[np.generic]:
        """The counts, if they are [*leading, group, true, decision…].

        Raises:
            ValueError: they have another shape.
        """
        table = np.asarray(counts)
        classes = len(self.classes)
        shape = (*leading, len(self.groups), classes, *[classes] * decisions)
        if table.shape != shape:
            raise ValueError(f"counts need shape {shape} for these groups and classes, found {table.shape}")
        return table

    def counted(self, table: Floats) -> Floats:
        """The images behind counts that may be sums of weights."""
        return table if self.images is None else np.asarray(self.images, np.float64)

    def sized(self, counts: ArrayLike, rate_of: RateOf) -> Rate:
        """A rate of the counts at its effective size, for these weights and clusters (`effective`)."""
        return effective(counts, rate_of, squared=self.squared, cluster_counts=self.cluster_counts, level=self.level)


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """One number on its way into a measurement; NaN where something is missing."""

    value: float
    low: float = np.nan
    high: float = np.nan
    interval: str | None = None
    unit: str | None = None
    """What was resampled, where it is not what the table says."""
    numerator: float = np.nan
    denominator: float = np.nan
    corrected: float = np.nan
    p_value: float = np.nan
    chance: float = np.nan
    n: float = np.nan
    extra: Extra = field(default_factory=dict)


def measurement(
    asked: Asked,
    metric: str,
    number: Number,
    *,
    better: Better,
    reason: str = "",
    group: str | None = None,
    class_: str | None = None,
    baseline: str | None = None,
) -> Measurement:
    """The measurement of a number, with status undefined and the reason where the number is NaN.

    An undefined disparity keeps its interval: what is known still bounds it.

    >>> asked = Asked(attribute="hat", groups=("0", "1"), classes=("0", "1"))
    >>> measurement(asked, "tpr", Number(value=np.nan), better="higher", reason="no positives", group="1").status
    'undefined'
    """
    value = finite(number.value)
    interval = number.interval if finite(number.low) is not None else None
    return Measurement(
        audit="fairness",
        metric=metric,
        attribute=asked.attribute,
        group=group,
        class_=class_,
        baseline=baseline,
        value=value,
        status="ok" if value is not None else "undefined",
        reason=None if value is not None else reason,
        low=finite(number.low),
        high=finite(number.high),
        level=asked.level if interval else None,
        interval=interval,
        unit=(number.unit or asked.unit) if interval else None,
        n=_whole(number.n),
        numerator=finite(number.numerator),
        denominator=finite(number.denominator),
        corrected=finite(number.corrected),
        p_value=finite(number.p_value),
        chance=finite(number.chance),
        better=better,
        extra=dict(number.extra),
    )


def suppressed(asked: Asked, metric: str, *, better: Better, group: str, class_: str | None = None) -> Measurement:
    """A number that exists but rests on too few images to be printed."""
    return Measurement(
        audit="fairness",
        metric=metric,
        attribute=asked.attribute,
        group=group,
        class_=class_,
        value=None,
        status="suppressed",
        reason=f"rests on fewer than {asked.min_cell} images",
        better=better,
    )


def total(counts: ArrayLike) -> float:
    """Images (or their weight) in the counts.

    >>> total([[[1, 2], [3, 4]]])
    10.0
    """
    return float(np.asarray(counts, np.float64).sum())


def why_undefined(counts: ArrayLike) -> str:
    """Why a number over groups does not exist, as far as the counts show it.

    >>> why_undefined([[[3, 1], [0, 0]], [[1, 1], [1, 1]]])
    '1 cells of group and true class have no image'
    """
    table = np.asarray(counts, np.float64)
    present = table.sum((-2, -1)) > 0
    if present.sum() < 2:
        return "fewer than two groups have images"
    empty = int((table.sum(-1)[present] == 0).sum())
    return f"{empty} cells of group and true class have no image" if empty else "a rate that it needs does not exist"


def listed(names: list[str]) -> str:
    """Names as words, the first few.

    >>> listed(["a", "b", "c", "d"])
    'a, b, c and 1 more'
    """
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"


def _whole(number: float) -> int | None:
    value = finite(number)
    return None if value is None else round(value)
