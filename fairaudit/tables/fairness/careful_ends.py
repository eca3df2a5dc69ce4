"""The margin that intervals of a whole table need beyond what resampling shows, at effective sizes."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.counts.disparities import Disparity, compared, has_images
from fairaudit.measures.counts.rates import Rate, cell_accuracy, rate
from fairaudit.measures.intervals.careful import average_gap, blurred, missing, overall_gap, overall_ratio
from fairaudit.measures.intervals.proportion import Interval, ends, exact, normal_quantile
from fairaudit.ratio import ratio
from fairaudit.tables.rows import FairnessSpec

_SHARED = ("f1", "iou")
"""Rates in which an image that is decided wrongly counts for two classes."""


def careful_ends(table: Floats, spec: Disparity, asked: FairnessSpec) -> Interval:
    """The interval of a gap or ratio to overall, or of an average of gaps, from pairs of independent rates.

    Args:
        table: [group, true, predicted].
        spec: a disparity whose interval is resampled.
        asked: level, weights and clusters.
    """
    present = has_images(table)
    rates = partial(_present, spec=spec, present=present)
    own = asked.sized(table, rates)
    if spec.average:
        return average_gap(own, level=asked.statistics.level) if present.sum() > 1 else ends(np.nan, np.nan)
    rest = asked.sized(table, lambda counts: _others(rates(counts)))
    images = rates(table).denominator
    share = ratio(images, images.sum(-1, keepdims=True))
    return (overall_gap if spec.form == "difference" else overall_ratio)(own, rest, share, level=asked.statistics.level)


def cells_missing(table: Floats, cells: ArrayLike, asked: FairnessSpec) -> Interval:
    """What the mean accuracy of cells lacks (`missing`).

    Args:
        table: [group, true, predicted].
        cells: [group, true] bool, cells that the mean is over.
        asked: level, weights and clusters.
    """
    used = has_images(table)[:, None] & np.asarray(cells, np.bool_)
    number = float(used.sum()) ** 2
    parts = missing(asked.sized(table, cell_accuracy), level=asked.statistics.level)
    return Interval(*(ratio(np.where(used, part, 0.0).sum(), number) for part in parts))


def clustered_cells(table: Floats, cells: ArrayLike, asked: FairnessSpec) -> Interval:
    """Interval of the mean accuracy of cells over clustered images: a share of images of weight 1 / (cells · n_cell).

    A person's images may lie in several cells, so cells are not independent; the share is worth what its clusters are
    (`effective`), and its ends are the exact ones of that size.

    Args:
        table: [group, true, predicted].
        cells: [group, true] bool, cells that the mean is over.
        asked: level, weights and clusters.
    """
    used = has_images(table)[:, None] & np.asarray(cells, np.bool_)
    weight = np.where(used, np.nan_to_num(ratio(1 / max(used.sum(), 1), table.sum(-1))), 0.0)[..., None]

    def right(counts: Floats) -> Rate:
        return Rate(np.einsum("...gtt->...", counts), counts.sum((-3, -2, -1)))

    own = replace(
        asked,
        squared=(table if asked.squared is None else asked.squared) * weight**2,
        fourth=None if asked.fourth is None else asked.fourth * weight**4,
        cluster_counts=None if asked.cluster_counts is None else asked.cluster_counts * weight,
    )
    return exact(*own.sized(table * weight, right), level=asked.statistics.level)


def macro_missing(table: Floats, name: str, asked: FairnessSpec) -> Interval:
    """What a rate averaged over classes lacks (`missing`), per group: [group], [group].

    A wrong decision moves F1 and IoU of two classes at once, and (a + b)² ≤ 2 (a² + b²).
    """
    of_what = "iou" if name == "f1" else name
    sized = asked.sized(table, partial(rate, name=of_what))
    parts = missing(sized, level=asked.statistics.level, carry=_f1 if name == "f1" else None)
    twice = 2.0 if name in _SHARED else 1.0
    return Interval(*(twice * part.sum(-1) / part.shape[-1] ** 2 for part in parts))


def careful_counts(table: Floats, asked: FairnessSpec) -> Floats:
    """Counts to draw careful replicates from: every cell at what it is worth, `blurred` towards Wilson's centres."""
    worth = ratio(asked.sized(table, cell_accuracy).denominator, table.sum(-1))
    return blurred(table * np.nan_to_num(worth)[..., None], pseudo=normal_quantile(asked.statistics.level) ** 2 / 2)


def _present(counts: Floats, spec: Disparity, present: NDArray[np.bool_]) -> Rate:
    return Rate(*(part[..., present] for part in compared(counts, spec)))


def _others(own: Rate) -> Rate:
    return Rate(*(part.sum(-1, keepdims=True) - part for part in own))


def _f1(overlap: Floats) -> Floats:
    return np.asarray(2 * overlap / (1 + overlap), np.float64)
