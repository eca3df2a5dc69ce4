"""The fairness table of one attribute: every number that is a function of counts[group, true, predicted]."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.measures.bootstrap import Strata, bootstrap, cluster_bootstrap
from fairaudit.measures.confusion import Floats
from fairaudit.measures.disparities import (
    DISPARITIES,
    Null,
    bias_conflict_accuracy,
    disparities,
    disparity,
    has_images,
    impact_ratio,
    unbiased_accuracy,
    worst_group_accuracy,
)
from fairaudit.measures.disparity_rows import PAIRWISE, disparity_rows
from fairaudit.measures.effective import effective, effective_counts
from fairaudit.measures.group_rows import group_rows
from fairaudit.measures.intervals import Drift, drifting
from fairaudit.measures.paper_measures import PAPER_MEASURES
from fairaudit.measures.permutation import against_null, permutation_null
from fairaudit.measures.rates import accuracy, macro, rate, reported_classes
from fairaudit.measures.rows import Asked, Number, measurement, total
from fairaudit.measures.simultaneous import smallest_interval
from fairaudit.results.measurement import Better, Measurement
from fairaudit.seeds import generator

BUDGET = 2 * 10**6
"""Numbers drawn for one bootstrap or permutation at most; large tables get fewer replicates, never fewer than 400."""
MACROS = ("tpr", "ppv", "f1", "iou")
"""Rates that are also averaged over classes when there are more than two."""
RESAMPLED = tuple(name for name in DISPARITIES if name not in PAIRWISE)
"""Disparities whose intervals are resampled."""

Statistic = Callable[[Floats], Floats]


def fairness_measurements(
    counts: ArrayLike,
    *,
    attribute: str,
    groups: Sequence[str],
    classes: Sequence[str],
    level: float = 0.95,
    replicates: int = 10_000,
    seed: int = 0,
    min_cell: int = 0,
    aligned: ArrayLike | None = None,
    cluster_counts: NDArray[np.generic] | None = None,
    squared: ArrayLike | None = None,
    soft: ArrayLike | None = None,
) -> list[Measurement]:
    """Every rate, disparity, level and paper measure of one attribute, with its uncertainty or the reason it has none.

    | numbers | interval |
    | --- | --- |
    | rates per group and class | wilson |
    | disparities between groups | max-t (`simultaneous`), p value and corrected value by permutation |
    | worst_group_accuracy, impact_ratio | max-t |
    | averages, gaps to overall, paper measures | bootstrap within strata, or of whole clusters |

    Args:
        counts: [group, true, predicted] images, or sums of weights (then without p values).
        attribute: name of the attribute.
        groups: names of the groups, in the order of the counts; unknown is not one.
        classes: names of the target values, in the order of the counts; with two, index 1 is the positive one.
        level: coverage of intervals.
        replicates: bootstrap and permutation replicates; tables beyond `BUDGET` get fewer.
        seed: seed of every draw.
        min_cell: rates over fewer images are suppressed in the table, not in the disparities.
        aligned: [group, true] bool, the group that goes with each class (`aligned_cells`), for bias_conflict_accuracy.
        cluster_counts: [cluster, group, true, predicted]; resample whole clusters.
        squared: [group, true, predicted] sums of squared weights, when the counts are sums of weights.
        soft: [group, true, class] sums of predicted probabilities (`soft_joint`), for the soft_ measures.

    Raises:
        ValueError: shapes do not fit each other.

    >>> table = fairness_measurements([[[80, 20], [10, 90]], [[60, 40], [50, 50]]], attribute="hat",
    ...                               groups=["no", "yes"], classes=["calm", "smiling"], replicates=200)
    >>> found = {m.metric: m for m in table if m.group is None}
    >>> gap = found["equalized_odds_difference"]
    >>> gap.value, round(gap.low, 2), round(gap.high, 2), gap.interval
    (0.4, 0.26, 0.51, 'max-t')
    """
    table = np.asarray(counts)
    shape = (len(groups), len(classes), len(classes))
    if table.shape != shape:
        raise ValueError(f"counts need shape {shape} for these groups and classes, found {table.shape}")
    asked = Asked(
        attribute=attribute,
        groups=tuple(groups),
        classes=tuple(classes),
        level=level,
        replicates=replicates,
        seed=seed,
        min_cell=min_cell,
        cluster_counts=cluster_counts,
        squared=None if squared is None else np.asarray(squared, np.float64),
    )
    return list(_rows(table, asked, aligned, soft))


def _rows(
    table: NDArray[np.generic], asked: Asked, aligned: ArrayLike | None, soft: ArrayLike | None
) -> Iterator[Measurement]:
    floats = np.asarray(table, np.float64)
    nulls = _nulls(table, asked)
    yield from group_rows(floats, asked)
    yield from _impact_rows(floats, asked)
    yield from disparity_rows(floats, asked, nulls)
    yield _worst_group_row(floats, asked)
    yield from _resampled_rows(floats, asked, nulls, aligned)
    if soft is not None:
        for name, measure in PAPER_MEASURES.items():
            value = float(measure(np.asarray(soft, np.float64)))
            number = Number(value=value, n=total(floats))
            yield measurement(asked, f"soft_{name}", number, better="lower", reason=_why(floats))


def _impact_rows(table: Floats, asked: Asked) -> Iterator[Measurement]:
    selected = rate(table, "selection_rate")
    for index in reported_classes(table.shape[-1]):
        values = impact_ratio(table, positive=index)
        for group, name in enumerate(asked.groups):
            few = table[group].sum() < asked.min_cell
            extra = {} if few else {"selection_rate": float(np.nan_to_num(selected.value[group, index]))}
            number = Number(value=float(values[group]), n=table[group].sum(), extra=extra)
            reason = f"group {name} has no image" if not table[group].sum() else "no group is ever selected"
            class_ = asked.classes[index]
            yield measurement(asked, "impact_ratio", number, better="higher", reason=reason, group=name, class_=class_)


def _worst_group_row(table: Floats, asked: Asked) -> Measurement:
    value = float(worst_group_accuracy(table))
    sized = effective(table, accuracy, squared=asked.squared, cluster_counts=asked.cluster_counts)
    present = has_images(table)
    if not present.any():
        return measurement(asked, "worst_group_accuracy", Number(value=value), better="higher", reason=_why(table))
    low, high = smallest_interval(sized.numerator[present], sized.denominator[present], level=asked.level)
    worst = int(np.nanargmin(np.where(present, accuracy(table).value, np.nan)))
    number = Number(
        value=value, low=low, high=high, interval="max-t", n=total(table), extra={"lowest": asked.groups[worst]}
    )
    return measurement(asked, "worst_group_accuracy", number, better="higher", reason=_why(table))


def _statistics(asked: Asked, aligned: ArrayLike | None) -> dict[str, tuple[Statistic, Strata, Drift, Better]]:
    """Name → statistic, its strata, the side its estimate drifts to, and which way is better."""
    found: dict[str, tuple[Statistic, Strata, Drift, Better]] = {}
    for name in RESAMPLED:
        spec = DISPARITIES[name]
        strata: Strata = "cell" if spec.null == "target" else "group"
        drift: Drift = "up" if spec.form == "difference" else "down"
        found[name] = (_named(disparity, name), strata, drift, spec.better)
    for name, measure in PAPER_MEASURES.items():
        found[name] = (measure, "cell" if name.startswith("eo") else "group", "up", "lower")
    found["unbiased_accuracy"] = (unbiased_accuracy, "cell", "none", "higher")
    if aligned is not None:
        found["bias_conflict_accuracy"] = (lambda c: bias_conflict_accuracy(c, aligned), "cell", "none", "higher")
    return found


def _named(function: Callable[[Floats, str], Floats], name: str) -> Statistic:
    return lambda counts: function(counts, name)


def _resampled_rows(
    table: Floats, asked: Asked, nulls: Mapping[str, Floats], aligned: ArrayLike | None
) -> Iterator[Measurement]:
    wanted = _statistics(asked, aligned)
    macros = MACROS if len(asked.classes) > 2 else ()
    draws: dict[str, Floats] = {}
    for strata in ("cell", "group"):
        chosen = {name: parts[0] for name, parts in wanted.items() if parts[1] == strata}
        averages = [name for name in macros if (name == "tpr") == (strata == "cell")]
        chosen |= {f"macro {name}": _named(macro, name) for name in averages}
        draws |= _draws(table, chosen, strata, asked)
    for name, (statistic, _, drift, better) in wanted.items():
        value = float(statistic(table))
        bounds = (0.0, np.inf) if name in PAPER_MEASURES else (0.0, 1.0)
        low, high = drifting(value, draws[name], drift=drift, bounds=bounds, level=asked.level)
        test = against_null(value, nulls.get(name, ()), larger=drift != "down")
        number = Number(
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
        yield measurement(asked, name, number, better=better, reason=_why(table))
    for name in macros:
        yield from _macro_rows(table, name, draws[f"macro {name}"], asked)


def _macro_rows(table: Floats, name: str, draws: Floats, asked: Asked) -> Iterator[Measurement]:
    values = macro(table, name)
    low, high = drifting(values, draws, drift="none", bounds=(0.0, 1.0), level=asked.level)
    for group, group_name in enumerate(asked.groups):
        number = Number(
            value=float(values[group]),
            low=float(low[group]),
            high=float(high[group]),
            interval="bootstrap" if asked.cluster_counts is None else "cluster-bootstrap",
            n=table[group].sum(),
            extra={"replicates": len(draws)},
        )
        reason = f"group {group_name} has a class for which {name} does not exist"
        yield measurement(asked, name, number, better="higher", reason=reason, group=group_name)


def _draws(table: Floats, chosen: Mapping[str, Statistic], strata: Strata, asked: Asked) -> dict[str, Floats]:
    def statistics(counts: Floats) -> Mapping[str, Floats]:
        return _evaluated(counts, chosen)

    source = generator(asked.seed, "fairness bootstrap", asked.attribute, strata)
    if asked.cluster_counts is not None:
        if len(asked.cluster_counts) < 2:  # one cluster has no variation to resample
            return {name: values * np.nan for name, values in statistics(table[None]).items()}
        return cluster_bootstrap(
            asked.cluster_counts, statistics, replicates=_affordable(table, asked), generator=source
        )
    counts = table if asked.squared is None else effective_counts(table, asked.squared)
    return bootstrap(counts, statistics, strata=strata, replicates=_affordable(table, asked), generator=source)


def _nulls(table: NDArray[np.generic], asked: Asked) -> dict[str, Floats]:
    """Values of every tested statistic under its own null; nothing for weighted or clustered data."""
    if asked.squared is not None or asked.cluster_counts is not None or np.issubdtype(table.dtype, np.floating):
        return {}
    tests: dict[Null, dict[str, Statistic]] = {"target": {}, "prediction": {}, "none": {}}
    for name in DISPARITIES:
        tests[DISPARITIES[name].null][name] = _named(disparity, name)
    for name, measure in PAPER_MEASURES.items():
        tests["target" if name.startswith("eo") else "none"][name] = measure
    found: dict[str, Floats] = {}
    for null, chosen in tests.items():

        def statistics(counts: Floats, chosen: Mapping[str, Statistic] = chosen) -> Mapping[str, Floats]:
            return _evaluated(counts, chosen)

        source = generator(asked.seed, "fairness permutation", asked.attribute, null)
        number = _affordable(np.asarray(table, np.float64), asked)
        found |= permutation_null(table, statistics, null=null, replicates=number, generator=source)
    return found


def _evaluated(counts: Floats, chosen: Mapping[str, Statistic]) -> dict[str, Floats]:
    """Every statistic of the counts; disparities together, because they share their rates."""
    shared = disparities(counts, [name for name in chosen if name in DISPARITIES])
    return {name: shared[name] if name in shared else statistic(counts) for name, statistic in chosen.items()}


def _affordable(table: Floats, asked: Asked) -> int:
    return min(asked.replicates, max(400, BUDGET // max(1, table.size)))


def _why(table: Floats) -> str:
    if has_images(table).sum() < 2:
        return "fewer than two groups have images"
    empty = int((table.sum(-1)[has_images(table)] == 0).sum())
    return f"{empty} cells of group and true class have no image" if empty else "a rate that it needs does not exist"
