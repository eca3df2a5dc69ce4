"""The fairness table of one attribute: every number that is a function of counts[group, true, predicted]."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.counts.disparities import (
    has_images,
    impact_ratio,
    worst_attribute_group_accuracy,
    worst_cell_accuracy,
)
from fairaudit.measures.counts.rates import accuracy, cell_accuracy, rate, reported_classes
from fairaudit.measures.intervals.simultaneous import impact_interval, smallest_interval
from fairaudit.results.measurement import Measurement, finite
from fairaudit.tables.fairness.disparities import disparity_rows
from fairaudit.tables.fairness.groups import group_rows
from fairaudit.tables.fairness.nulls import null_values
from fairaudit.tables.fairness.resampled import composed_rows, resampled_rows
from fairaudit.tables.fairness.soft import SoftJoint, soft_rows
from fairaudit.tables.fairness.theory import UNALIGNED
from fairaudit.tables.row import Estimate
from fairaudit.tables.rows import FairnessSpec, measurement, suppressed, total, why_undefined


def fairness_measurements(
    counts: ArrayLike,
    asked: FairnessSpec,
    *,
    aligned: ArrayLike | None = None,
    unaligned: str = UNALIGNED,
    soft: SoftJoint | None = None,
) -> list[Measurement]:
    """Every rate, disparity, level and paper measure of one attribute, with its uncertainty or the reason it has none.

    | numbers | interval |
    | --- | --- |
    | rates per group and class, accuracy per cell | wilson |
    | disparities between groups | max-t (`simultaneous`), p value and corrected value by permutation |
    | worst_cell_accuracy, worst_attribute_group_accuracy, impact_ratio | max-t |
    | paper measures of probabilities (soft_) | normal-bootstrap (`soft_rows`) |
    | averages, gaps to overall | max-t, of pairs of independent rates (`composed_rows`) |
    | means of cells, paper measures | bootstrap within strata, or of whole clusters, and `careful` |

    Args:
        counts: [group, true, predicted] images, or sums of weights (then without p values).
        asked: names of the attribute, groups and classes (unknown is no group; with two classes index 1 is the
            positive one), level, replicates and seed; clusters or squared weights, whose intervals it makes; the
            tolerance, with which differences carry `label_error_that_flips`, the share of wrong attribute labels at
            which their point verdict against it would change (`flipping_error`).
        aligned: [group, true] bool, the group that goes with each class in the training data (`aligned_cells`), for
            bias_conflict_accuracy and bias_aligned_accuracy.
        unaligned: why that is not known, where it is not.
        soft: sums of predicted probabilities (`sampled_joint`), for the soft_ measures.

    Raises:
        ValueError: shapes do not fit each other.

    >>> from fairaudit.tables.statistics import Statistics
    >>> few = Statistics(replicates=200)
    >>> asked = FairnessSpec(attribute="hat", groups=("no", "yes"), classes=("calm", "smiling"), statistics=few)
    >>> table = fairness_measurements([[[80, 20], [10, 90]], [[60, 40], [50, 50]]], asked)
    >>> found = {m.metric: m for m in table if m.group is None}
    >>> gap = found["equalized_odds_difference"]
    >>> gap.value, round(gap.low, 2), round(gap.high, 2), gap.interval
    (0.4, 0.26, 0.51, 'max-t')
    """
    return list(_rows(asked.fitting(counts), asked, aligned, unaligned, soft))


def _rows(
    table: NDArray[np.generic], asked: FairnessSpec, aligned: ArrayLike | None, unaligned: str, soft: SoftJoint | None
) -> Iterator[Measurement]:
    floats = np.asarray(table, np.float64)
    nulls = null_values(table, asked)
    yield from group_rows(floats, asked)
    yield from _impact_rows(floats, asked)
    yield from disparity_rows(floats, asked, nulls)
    yield from composed_rows(floats, asked, nulls)
    yield _worst_cell_row(floats, asked)
    yield _worst_group_row(floats, asked)
    yield from resampled_rows(floats, asked, nulls, aligned)
    if aligned is None:
        for name in ("bias_conflict_accuracy", "bias_aligned_accuracy"):
            yield measurement(asked, name, Estimate(value=np.nan, n=total(floats)), reason=unaligned)
    if soft is not None:
        yield from soft_rows(soft, asked, n=total(floats), reason=why_undefined(floats))


def _impact_rows(table: Floats, asked: FairnessSpec) -> Iterator[Measurement]:
    selected = rate(table, "selection_rate")
    sized = asked.sized(table, partial(rate, name="selection_rate"))
    present = has_images(table)
    for index in reported_classes(table.shape[-1]):
        values = impact_ratio(table, positive=index)
        ends = np.full((2, len(values)), np.nan)
        if present.sum() > 1:
            parts = (part[present, index] for part in sized)
            ends[:, present] = impact_interval(*parts, level=asked.statistics.level)
        for group, name in enumerate(asked.groups):
            class_ = asked.classes[index]
            if asked.statistics.too_few(asked.counted(table)[group].sum()):
                yield suppressed(asked, "impact_ratio", group=name, class_=class_)
                continue
            extra = {"selection_rate": finite(selected.value[group, index])}
            exists = np.isfinite(values[group])
            number = Estimate(
                value=float(values[group]),
                low=float(np.minimum(ends[0, group], values[group])) if exists else np.nan,
                high=float(np.maximum(ends[1, group], values[group])) if exists else np.nan,
                interval="max-t",
                n=table[group].sum(),
                extra=extra,
            )
            reason = f"group {name} has no image" if not table[group].sum() else "no group is ever selected"
            yield measurement(asked, "impact_ratio", number, reason=reason, group=name, class_=class_)


def _worst_group_row(table: Floats, asked: FairnessSpec) -> Measurement:
    value = float(worst_attribute_group_accuracy(table))
    sized = asked.sized(table, accuracy)
    present = has_images(table)
    if not present.any():
        return measurement(asked, "worst_attribute_group_accuracy", Estimate(value=value), reason=why_undefined(table))
    low, high = smallest_interval(sized.numerator[present], sized.denominator[present], level=asked.statistics.level)
    worst = int(np.nanargmin(np.where(present, accuracy(table).value, np.nan)))
    number = Estimate(
        value=value, low=low, high=high, interval="max-t", n=total(table), extra={"lowest": asked.groups[worst]}
    )
    return measurement(asked, "worst_attribute_group_accuracy", number, reason=why_undefined(table))


def _worst_cell_row(table: Floats, asked: FairnessSpec) -> Measurement:
    value = float(worst_cell_accuracy(table))
    reason = why_undefined(table)
    if np.isnan(value):
        return measurement(asked, "worst_cell_accuracy", Estimate(value=value, n=total(table)), reason=reason)
    present = has_images(table)
    sized = asked.sized(table, cell_accuracy)
    low, high = smallest_interval(
        sized.numerator[present].ravel(), sized.denominator[present].ravel(), level=asked.statistics.level
    )
    found = np.where(present[:, None], cell_accuracy(table).value, np.inf)
    group, class_ = np.unravel_index(int(found.argmin()), found.shape)
    facts = {"lowest_group": asked.groups[group], "lowest_class": asked.classes[class_]}
    number = Estimate(
        value=value,
        low=min(low, value),
        high=max(high, value),
        interval="max-t",
        n=total(table),
        extra={"lowest": f"{asked.groups[group]}, {asked.classes[class_]}", **facts},
    )
    return measurement(asked, "worst_cell_accuracy", number, reason=reason)
