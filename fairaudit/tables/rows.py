"""The subject of a fairness table, and its rows: names, units, and the reason if there is no number."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.measures.clusters.effective import RateOf, effective
from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.counts.rates import Rate
from fairaudit.results.measurement import Measurement
from fairaudit.tables.row import Estimate, Subject, row
from fairaudit.tables.statistics import Statistics


@dataclass(frozen=True, slots=True, kw_only=True)
class FairnessSpec:
    """What a fairness table is about, how its images were sampled, and how certain its intervals are to be."""

    attribute: str
    """Name of the protected attribute or of the intersection."""
    groups: tuple[str, ...]
    """Names of the groups, in the order of the counts."""
    classes: tuple[str, ...]
    """Names of the target values, in the order of the counts."""
    statistics: Statistics = field(default_factory=Statistics)
    """How certain intervals are to be."""
    cluster_counts: NDArray[np.generic] | None = None
    """[cluster, group, true, predicted] where whole clusters are the unit; None where images are."""
    squared: Floats | None = None
    """[group, true, predicted] sums of squared weights where the counts are sums of weights."""
    fourth: Floats | None = None
    """[group, true, predicted] sums of the weights' fourth powers: of how few images a variance of `squared` is."""
    images: Floats | None = None
    """[group, true, predicted] images where the counts are sums of weights; cells are too small by these."""
    tolerance: float | None = None
    """Gap against which the sensitivity to wrong attribute labels is computed; None leaves it out."""

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
        return effective(
            counts,
            rate_of,
            squared=self.squared,
            fourth=self.fourth,
            cluster_counts=self.cluster_counts,
            level=self.statistics.level,
        )


def measurement(
    asked: FairnessSpec,
    metric: str,
    number: Estimate,
    *,
    reason: str = "",
    group: str | None = None,
    class_: str | None = None,
    baseline: str | None = None,
) -> Measurement:
    """The row of a number of this table, with status undefined and the reason where the number is NaN.

    >>> asked = FairnessSpec(attribute="hat", groups=("0", "1"), classes=("0", "1"))
    >>> measurement(asked, "tpr", Estimate(value=np.nan), reason="no positives", group="1").status
    'undefined'
    """
    subject = Subject(
        audit="fairness", metric=metric, attribute=asked.attribute, group=group, class_=class_, baseline=baseline
    )
    return row(subject, replace(number, missing=reason, unit=number.unit or asked.unit), level=asked.statistics.level)


def suppressed(asked: FairnessSpec, metric: str, *, group: str, class_: str | None = None) -> Measurement:
    """A number that exists but rests on too few images to be printed."""
    subject = Subject(audit="fairness", metric=metric, attribute=asked.attribute, group=group, class_=class_)
    return row(subject, Estimate(value=None, hidden=f"rests on fewer than {asked.statistics.min_cell} images"))


def total(counts: ArrayLike) -> float:
    """Images (or their weight) in the counts.

    >>> total([[[1, 2], [3, 4]]])
    10.0
    """
    return float(np.asarray(counts, np.float64).sum())


def why_undefined(counts: ArrayLike) -> str:
    """Why a number over groups does not exist, as far as the counts show.

    >>> why_undefined([[[3, 1], [0, 0]], [[1, 1], [1, 1]]])
    '1 cells of group and true class have no image'
    """
    table = np.asarray(counts, np.float64)
    present = table.sum((-2, -1)) > 0
    if present.sum() < 2:
        return "fewer than two groups have images"
    empty = int((table.sum(-1)[present] == 0).sum())
    return f"{empty} cells of group and true class have no image" if empty else "a rate that it needs does not exist"


def lacks_cells(counts: ArrayLike) -> bool:
    """Whether a group with images has none of some class: then means over classes are not of the same classes.

    >>> lacks_cells([[[3, 1], [0, 0]], [[1, 1], [1, 1]]]), lacks_cells([[[0, 0], [0, 0]], [[1, 1], [1, 1]]])
    (True, False)
    """
    table = np.asarray(counts, np.float64)
    present = table.sum((-2, -1)) > 0
    return bool((table.sum(-1)[present] == 0).any())


def listed(names: list[str]) -> str:
    """Names as words, the first few.

    >>> listed(["a", "b", "c", "d"])
    'a, b, c and 1 more'
    """
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"
