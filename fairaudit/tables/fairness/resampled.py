"""Measurements over the whole table: gaps to overall and averages of gaps, levels and the papers' measures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import ArrayLike

from fairaudit.measures.clusters.effective import effective_counts
from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.counts.disparities import DISPARITIES, bias_conflict_accuracy, disparity, unbiased_accuracy
from fairaudit.measures.counts.paper_measures import PAPER_MEASURES, group_iou, spread
from fairaudit.measures.counts.rates import macro
from fairaudit.measures.intervals.bootstrap import Strata, bootstrap, cluster_bootstrap
from fairaudit.measures.intervals.careful import widened
from fairaudit.measures.intervals.proportion import Drift, Interval, calibrated, drifting, percentile
from fairaudit.results.measurement import Measurement
from fairaudit.seeds import generator
from fairaudit.tables.fairness.careful_ends import (
    careful_counts,
    careful_ends,
    cells_missing,
    clustered_cells,
    macro_missing,
)
from fairaudit.tables.fairness.disparities import PAIRWISE
from fairaudit.tables.fairness.nulls import Nulls, Statistic, affordable, evaluated, named
from fairaudit.tables.row import Estimate
from fairaudit.tables.rows import FairnessSpec, lacks_cells, measurement, suppressed, total, why_undefined

MACROS = ("tpr", "ppv", "f1", "iou")
"""Rates that are also averaged over classes when there are more than two."""
COMPOSED = tuple(name for name in DISPARITIES if name not in PAIRWISE)
"""Disparities whose intervals are made of several pairs of independent rates."""
NOISE = "spread of the noise of the groups' overlaps"


def _statistics(aligned: ArrayLike | None) -> dict[str, tuple[Statistic, Strata, Drift]]:
    """Name → statistic, its strata, and the side its estimate drifts to."""
    found: dict[str, tuple[Statistic, Strata, Drift]] = {}
    for name, measure in PAPER_MEASURES.items():
        found[name] = (measure, "cell" if name.startswith("eo") else "group", "up")
    found["unbiased_accuracy"] = (unbiased_accuracy, "cell", "none")
    if aligned is not None:
        others = ~np.asarray(aligned, np.bool_)
        found["bias_conflict_accuracy"] = (lambda c: bias_conflict_accuracy(c, aligned), "cell", "none")
        found["bias_aligned_accuracy"] = (lambda c: bias_conflict_accuracy(c, others), "cell", "none")
    return found


def composed_rows(table: Floats, asked: FairnessSpec, nulls: Nulls) -> Iterator[Measurement]:
    """Gaps and ratios to overall, and averages of gaps: no replicates, since around an observed gap they mislead.

    Args:
        table: [group, true, predicted].
        asked: what the table is about.
        nulls: the disparities under no disparity, for p values and corrected values.
    """
    for name in COMPOSED:
        spec, value = DISPARITIES[name], float(disparity(table, name))
        ends = careful_ends(table, spec, asked)
        test = nulls.test(name, value)
        number = Estimate(
            value=value,
            low=float(np.minimum(ends.low, value)),
            high=float(np.minimum(np.maximum(ends.high, value), 1.0)),
            interval="max-t",
            corrected=test.corrected,
            p_value=test.p_value,
            chance=test.expected,
            n=total(table),
        )
        yield measurement(asked, name, number, reason=why_undefined(table))


def resampled_rows(
    table: Floats, asked: FairnessSpec, nulls: Nulls, aligned: ArrayLike | None
) -> Iterator[Measurement]:
    """Every statistic whose interval comes from replicates of the counts.

    Replicates of cells that are all right do not vary, so no interval is narrower than what the same images allow the
    rates behind it: see `cells_missing` and `macro_missing` (means) and `careful_counts` (the papers' measures).
    Overlap is a mean over classes: where a group has no image of one, it is not of the same classes, and is undefined.
    The papers' measures exclude equality only if their permutation test does too.

    Args:
        table: [group, true, predicted].
        asked: what the table is about.
        nulls: the statistics under no disparity.
        aligned: [group, true] bool for bias_conflict_accuracy, or None.
    """
    wanted = _statistics(aligned)
    macros = MACROS if len(asked.classes) > 2 else ()
    draws: dict[str, Floats] = {}
    for strata in ("cell", "group"):
        chosen = {name: parts[0] for name, parts in wanted.items() if parts[1] == strata}
        averages = [name for name in macros if (name == "tpr") == (strata == "cell")]
        chosen |= {f"macro {name}": named(macro, name) for name in averages}
        draws |= _draws(table, chosen, strata, asked)
    careful = _careful_draws(table, asked)
    uneven = lacks_cells(table)
    for name, (statistic, _, drift) in wanted.items():
        if uneven and name.startswith("iou_"):
            yield measurement(asked, name, Estimate(value=np.nan, n=total(table)), reason=why_undefined(table))
            continue
        value = float(statistic(table))
        ends = _ends(name, value, draws[name], drift, nulls, asked)
        if name == "iou_std":  # a seminorm: groups whose own overlap is less certain than that of all have more noise
            noise = calibrated(value, draws[name], careful[NOISE], larger=True, level=asked.statistics.level)
            ends = _hull(ends, noise)
        if name in PAPER_MEASURES:
            low, high = _hull(ends, _careful_ends(name, value, careful[name], table, asked))
            low = low if nulls.proves(name, value, level=asked.statistics.level) else np.minimum(low, 0.0)
        else:
            low, high = _with_room(name, value, ends, table, asked, aligned)
        test = nulls.test(name, value)
        number = Estimate(
            value=value,
            low=float(low),
            high=float(high),
            interval="bootstrap" if asked.cluster_counts is None else "cluster-bootstrap",
            corrected=test.corrected,
            p_value=test.p_value,
            chance=test.expected,
            n=total(table),
            extra={"replicates": len(draws[name])},
        )
        yield measurement(asked, name, number, reason=why_undefined(table))
    for name in macros:
        yield from _macro_rows(table, name, draws[f"macro {name}"], asked)


def _ends(name: str, value: float, draws: Floats, drift: Drift, nulls: Nulls, asked: FairnessSpec) -> Interval:
    if name == "iou_std":  # it has a kink where groups do not differ
        return calibrated(value, draws, nulls.values[name], larger=True, level=asked.statistics.level)
    bounds = (0.0, np.inf) if name in PAPER_MEASURES else (0.0, 1.0)
    return drifting(value, draws, drift=drift, bounds=bounds, level=asked.statistics.level)


def _with_room(
    name: str, value: float, ends: Interval, table: Floats, asked: FairnessSpec, aligned: ArrayLike | None
) -> Interval:
    cells = np.ones(table.shape[:2], np.bool_)
    if aligned is not None and name != "unbiased_accuracy":
        cells = np.asarray(aligned, np.bool_) == (name == "bias_aligned_accuracy")
    found = _clipped(widened(value, ends, cells_missing(table, cells, asked)))
    independent = asked.cluster_counts is None and asked.squared is None
    return found if independent else _hull(found, clustered_cells(table, cells, asked))


def _clipped(ends: Interval) -> Interval:
    return Interval(np.clip(ends.low, 0, 1), np.clip(ends.high, 0, 1))


def _hull(first: Interval, second: Interval) -> Interval:
    # NaN in the first stays NaN: where there is no interval the careful one does not make one.
    return Interval(np.minimum(first.low, second.low), np.maximum(first.high, second.high))


def _careful_draws(table: Floats, asked: FairnessSpec) -> dict[str, Floats]:
    """Replicates of the papers' measures around rates that are a little less certain than what was found."""
    source = generator(asked.statistics.seed, "careful bootstrap", asked.attribute)
    counts = careful_counts(table, asked)
    overlap = group_iou(counts)
    return bootstrap(
        counts,
        lambda drawn: {**evaluated(drawn, PAPER_MEASURES), NOISE: spread(group_iou(drawn) - overlap)},
        strata="cell",
        replicates=affordable(table.size, asked),
        generator=source,
    )


def _careful_ends(name: str, value: float, draws: Floats, table: Floats, asked: FairnessSpec) -> Interval:
    """Ends from careful replicates: as they lie, and below also with what chance adds to their own value taken off.

    In cells of two or three images chance adds more than resampling them shows, because many decisions were not seen.
    """
    low, high = percentile(draws, level=asked.statistics.level)
    centre = PAPER_MEASURES[name](careful_counts(table, asked))
    return Interval(np.minimum(low, np.maximum(value - (high - centre), 0.0)), high)


def _macro_rows(table: Floats, name: str, draws: Floats, asked: FairnessSpec) -> Iterator[Measurement]:
    values = macro(table, name)
    ends = drifting(values, draws, drift="none", bounds=(0.0, 1.0), level=asked.statistics.level)
    low, high = _clipped(widened(values, ends, macro_missing(table, name, asked)))
    for group, group_name in enumerate(asked.groups):
        if asked.statistics.too_few(asked.counted(table)[group].sum()):
            yield suppressed(asked, name, group=group_name)
            continue
        number = Estimate(
            value=float(values[group]),
            low=float(low[group]),
            high=float(high[group]),
            interval="bootstrap" if asked.cluster_counts is None else "cluster-bootstrap",
            n=table[group].sum(),
            extra={"replicates": len(draws)},
        )
        reason = f"group {group_name} has a class for which {name} does not exist"
        yield measurement(asked, name, number, reason=reason, group=group_name)


def _draws(table: Floats, chosen: Mapping[str, Statistic], strata: Strata, asked: FairnessSpec) -> dict[str, Floats]:
    def statistics(counts: Floats) -> Mapping[str, Floats]:
        return evaluated(counts, chosen)

    source = generator(asked.statistics.seed, "fairness bootstrap", asked.attribute, strata)
    if asked.cluster_counts is not None:
        if len(asked.cluster_counts) < 2:  # one cluster has no variation to resample
            return {name: values * np.nan for name, values in statistics(table[None]).items()}
        return cluster_bootstrap(
            asked.cluster_counts, statistics, replicates=affordable(table.size, asked), generator=source
        )
    counts = table if asked.squared is None else effective_counts(table, asked.squared)
    return bootstrap(counts, statistics, strata=strata, replicates=affordable(table.size, asked), generator=source)
