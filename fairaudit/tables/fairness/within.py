"""Disparities within the levels of a control attribute, not across them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.results.measurement import Measurement
from fairaudit.tables.fairness.disparities import PAIRWISE, disparity_rows
from fairaudit.tables.fairness.nulls import null_values
from fairaudit.tables.row import Estimate
from fairaudit.tables.rows import FairnessSpec, listed, measurement, total


def within_measurements(
    counts: ArrayLike, asked: FairnessSpec, *, control: str, levels: Sequence[str]
) -> list[Measurement]:
    """Disparities between groups among images that share the control's value, per value and for the worst value.

    Per value the attribute is called "A within C=v"; the worst value's is called "A within C". Its interval holds over
    all values at once: the end that proves a disparity is the best of the values' own at level^(1/k), the end that
    proves equality is the worst of the values' own at the plain level.

    Args:
        counts: [control, group, true, predicted] images, or sums of weights; images of unknown value are not in them.
        asked: names, level, replicates and seed; clusters as [cluster, control, group, true, predicted]; squared
            weights, their fourth powers and images as [control, group, true, predicted].
        control: name of the control attribute.
        levels: names of its values.

    Raises:
        ValueError: the counts do not fit the names.

    >>> counts = [[[[80, 20], [10, 90]], [[60, 40], [50, 50]]], [[[80, 20], [10, 90]], [[80, 20], [10, 90]]]]
    >>> from fairaudit.tables.statistics import Statistics
    >>> few = Statistics(replicates=100)
    >>> asked = FairnessSpec(attribute="hat", groups=("no", "yes"), classes=("0", "1"), statistics=few)
    >>> table = within_measurements(counts, asked, control="age", levels=["old", "young"])
    >>> [(m.attribute, m.value) for m in table if m.metric == "equal_opportunity_difference"]
    [('hat within age=old', 0.4), ('hat within age=young', 0.0), ('hat within age', 0.4)]
    """
    table = asked.fitting(counts, len(levels))
    asked = replace(asked, attribute=f"{asked.attribute} within {control}")
    plain = _per_value(table, asked, levels, names=PAIRWISE)
    shared = replace(asked.statistics, level=asked.statistics.level ** (1 / len(levels)))
    strict = _per_value(table, replace(asked, statistics=shared), levels, names=())
    return [*(m for part in plain for m in part.values()), *_worst(table, asked, levels, plain, strict)]


def _per_value(
    table: NDArray[np.generic], asked: FairnessSpec, levels: Sequence[str], *, names: Sequence[str]
) -> list[dict[str, Measurement]]:
    found = []
    for index, value in enumerate(levels):
        own = replace(
            asked,
            attribute=f"{asked.attribute}={value}",
            cluster_counts=None if asked.cluster_counts is None else asked.cluster_counts[:, index],
            squared=None if asked.squared is None else asked.squared[index],
            fourth=None if asked.fourth is None else asked.fourth[index],
            images=None if asked.images is None else asked.images[index],
        )
        counts = np.asarray(table[index])
        rows = disparity_rows(counts.astype(np.float64), own, null_values(counts, own, names=names))
        found.append({row.metric: row for row in rows if row.metric in PAIRWISE})
    return found


def _worst(
    table: NDArray[np.generic],
    asked: FairnessSpec,
    levels: Sequence[str],
    plain: Sequence[dict[str, Measurement]],
    strict: Sequence[dict[str, Measurement]],
) -> Iterator[Measurement]:
    images = [total(table[index]) for index in range(len(levels))]
    used = [index for index, number in enumerate(images) if number > 0]
    for name in PAIRWISE:
        rows, careful = [plain[index][name] for index in used], [strict[index][name] for index in used]
        values = [row.value for row in rows]
        lower = rows[0].better == "lower" if rows else True
        missing = [levels[index] for index, value in zip(used, values, strict=True) if value is None]
        known = [value for value in values if value is not None]
        worst = (max(known) if lower else min(known)) if known and not missing else np.nan
        proving, limiting = (careful, rows) if lower else (rows, careful)
        pick = max if lower else min
        lows = [row.low for row in proving if row.low is not None]
        highs = [row.high for row in limiting if row.high is not None]
        number = Estimate(
            value=worst,
            low=pick(lows) if lows and len(lows) == len(rows) else np.nan,
            high=pick(highs) if highs and len(highs) == len(rows) else np.nan,
            interval="max-t",
            n=sum(images),
            extra={} if missing or not known else {"worst_value": levels[used[values.index(worst)]]},
        )
        reason = f"it does not exist within {listed(missing)}" if missing else "no value has images"
        yield measurement(asked, name, number, reason=reason)
