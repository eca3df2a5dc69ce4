"""Candidate against baseline on the same images: change per group, change of every disparity, and levelling down."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.counts.disparities import (
    DISPARITIES,
    compared,
    disparities,
    disparity,
    has_images,
    unbiased_accuracy,
    worst_attribute_group_accuracy,
    worst_cell_accuracy,
)
from fairaudit.measures.counts.paper_measures import PAPER_MEASURES
from fairaudit.measures.counts.rates import RATES, reported_classes
from fairaudit.measures.intervals.bootstrap import StatisticOf, Strata, bootstrap, cluster_bootstrap
from fairaudit.measures.intervals.careful import blurred
from fairaudit.measures.intervals.mcnemar import clustered_mcnemar, clustered_size, mcnemar, paired_change
from fairaudit.measures.intervals.proportion import basic, percentile
from fairaudit.ratio import ratio
from fairaudit.results.measurement import Measurement
from fairaudit.seeds import generator
from fairaudit.tables.changes.gaps import disparity_change, worst_cell_change, worst_group_change
from fairaudit.tables.fairness.nulls import affordable
from fairaudit.tables.row import Estimate
from fairaudit.tables.rows import FairnessSpec, lacks_cells, measurement, suppressed, total

CHANGES = tuple(name for name in DISPARITIES if DISPARITIES[name].against == "groups")
"""Disparities whose change is reported, as `…_change`."""
UNKNOWN = "it does not exist for one of the two models"
WORST = {
    "worst_cell_accuracy": (worst_cell_accuracy, worst_cell_change),
    "worst_attribute_group_accuracy": (worst_attribute_group_accuracy, worst_group_change),
}
LEVELS = {**{name: measure for name, (measure, _) in WORST.items()}, "unbiased_accuracy": unbiased_accuracy}
"""Levels whose change is reported beside, because equality alone can be had by making everybody worse."""


def _single(name: str) -> Callable[[Floats], Floats]:
    """The measure of counts [..., group, true, predicted] that has this name, other than the disparities."""
    return LEVELS[name] if name in LEVELS else PAPER_MEASURES[name]


def _strata(name: str) -> Strata:
    """What the paired bootstrap keeps fixed for a measure: cells, or groups only."""
    if name in DISPARITIES:
        return "cell" if DISPARITIES[name].null == "target" else "group"
    return "cell" if name.startswith("eo_") else "group"


def paired_measurements(counts: ArrayLike, asked: FairnessSpec, *, baseline: str) -> list[Measurement]:
    """What changed from the baseline to the candidate, as candidate − baseline.

    - `accuracy_change`, `tpr_change`, `fpr_change` per group: paired interval (`paired_change`), p value of McNemar's
      exact test. With clusters the interval is made at the size that they are worth and the test changes the signs of
      whole clusters (`clustered_size`, `clustered_mcnemar`).
    - `…_change` of every disparity between groups, of the worst cell and of the worst group: from pairs of groups and
      both models together (`disparity_change`), because a resampled change of a largest gap is biased wherever one
      model has a gap and the other has none.
    - `…_change` of unbiased_accuracy and of the papers' measures (`dp_l2` to `iou_std`): paired bootstrap of both
      models' decisions together. The interval is the hull of the percentile and the basic one and of the percentile
      one with a changed decision more on either side of every cell, because where two models agree on every image no
      replicate changes, but the next image may (`accuracy_change` has the same room). The change of `iou_std` has no
      interval: with many small groups such a one held the truth in half of simulations.
    - A disparity's change carries `levelled_down`: the gap shrank, the better-off group got worse and the
      worse-off group did not get better. That is harm, not progress.

    Args:
        counts: [group, true, candidate, baseline] images (`paired_counts`).
        asked: names, level, replicates and seed; clusters as [cluster, group, true, candidate, baseline].
        baseline: name of the baseline model.

    Raises:
        ValueError: the counts do not fit the names.

    >>> both = np.zeros((2, 2, 2, 2), int)
    >>> both[0, 1], both[1, 1] = [[5, 30], [5, 60]], [[30, 0], [0, 70]]  # only group 0 lost 30 hits and gained 5
    >>> from fairaudit.tables.statistics import Statistics
    >>> few = Statistics(replicates=200)
    >>> asked = FairnessSpec(attribute="hat", groups=("no", "yes"), classes=("0", "1"), statistics=few)
    >>> table = paired_measurements(both, asked, baseline="old")
    >>> [(m.group, m.value) for m in table if m.metric == "tpr_change"]
    [('no', -0.25), ('yes', 0.0)]
    """
    table = np.asarray(asked.fitting(counts, decisions=2), np.float64)
    return [*_group_rows(table, asked, baseline), *_change_rows(table, asked, baseline)]


def candidate_counts(counts: ArrayLike) -> Floats:
    """The candidate's [..., group, true, predicted] from paired counts.

    >>> candidate_counts([[[[1, 2], [3, 4]]]]).tolist()
    [[[3.0, 7.0]]]
    """
    return np.asarray(np.asarray(counts, np.float64).sum(-1), np.float64)


def baseline_counts(counts: ArrayLike) -> Floats:
    """The baseline's [..., group, true, predicted] from paired counts.

    >>> baseline_counts([[[[1, 2], [3, 4]]]]).tolist()
    [[[4.0, 6.0]]]
    """
    return np.asarray(np.asarray(counts, np.float64).sum(-2), np.float64)


class _Change(NamedTuple):
    """Images behind the change of one rate; arrays are [..., group]."""

    rate: str
    class_: int | None
    gained: Floats
    """Images that count for the candidate only."""
    lost: Floats
    """Images that count for the baseline only."""
    images: Floats
    """Images compared."""


def _changed(counts: ArrayLike) -> Iterator[_Change]:
    """Accuracy, then TPR and FPR of every reported class, of [..., group, true, candidate, baseline]."""
    table = np.asarray(counts, np.float64)
    classes = np.arange(table.shape[-1])
    won, lost = _turned(table)
    yield _Change("accuracy", None, won.sum(-1), lost.sum(-1), table.sum((-3, -2, -1)))
    images = table.sum((-2, -1))
    for index in reported_classes(len(classes)):
        selected = classes == index
        up = table[..., selected, :][..., ~selected].sum((-2, -1))  # selected by the candidate only: [..., group, true]
        down = table[..., ~selected, :][..., selected].sum((-2, -1))
        for name, chosen in (("tpr", selected), ("fpr", ~selected)):
            yield _Change(name, index, *(part[..., chosen].sum(-1) for part in (up, down, images)))


def _turned(table: Floats) -> tuple[Floats, Floats]:
    """Images per cell that only the candidate gets right, and that only the baseline does: [..., group, true]."""
    right = np.eye(table.shape[-1], dtype=bool)  # [true, predicted]
    won = (table * (right[:, :, None] & ~right[:, None, :])).sum((-2, -1))
    lost = (table * (~right[:, :, None] & right[:, None, :])).sum((-2, -1))
    return won, lost


def _group_rows(table: Floats, asked: FairnessSpec, baseline: str) -> Iterator[Measurement]:
    clusters = repeat(None) if asked.cluster_counts is None else _changed(asked.cluster_counts)
    for change, parts in zip(_changed(table), clusters, strict=False):
        yield from _paired_rows(change, parts, asked, baseline)


def _paired_rows(
    change: _Change, clusters: _Change | None, asked: FairnessSpec, baseline: str
) -> Iterator[Measurement]:
    name, gained, lost, images = change.rate, change.gained, change.lost, change.images
    if clusters is None:
        worth, p_values = np.ones(len(images)), mcnemar(gained, lost)
    else:
        size = clustered_size(clusters.gained, clusters.lost, clusters.images, level=asked.statistics.level)
        worth, p_values = np.nan_to_num(ratio(size, images)), clustered_mcnemar(clusters.gained - clusters.lost)
    value = ratio(gained - lost, images)
    _, (low, high) = paired_change(gained * worth, lost * worth, images * worth, level=asked.statistics.level)
    class_ = None if change.class_ is None else asked.classes[change.class_]
    for group, group_name in enumerate(asked.groups):
        if asked.statistics.too_few(images[group]):
            yield suppressed(asked, f"{name}_change", group=group_name, class_=class_)
            continue
        number = Estimate(
            value=float(value[group]),
            low=float(low[group]),
            high=float(high[group]),
            interval="paired",
            p_value=float(p_values[group]) if images[group] else np.nan,
            n=images[group],
            extra={"candidate_only": float(gained[group]), "baseline_only": float(lost[group])},
        )
        yield measurement(
            asked,
            f"{name}_change",
            number,
            reason=f"group {group_name} has no image that counts for {name}",
            group=group_name,
            class_=class_,
            baseline=baseline,
        )


def _change_rows(table: Floats, asked: FairnessSpec, baseline: str) -> Iterator[Measurement]:
    draws: dict[str, Floats] = {}
    yield from _extreme_rows(table, asked, baseline)
    resampled = ("unbiased_accuracy", *PAPER_MEASURES)
    for strata in ("cell", "group"):
        draws |= _draws(table, [name for name in resampled if _strata(name) == strata], strata, asked)
    careful = _careful_draws(table, resampled, asked)
    for name in resampled:
        bound = np.inf if name in PAPER_MEASURES else 1.0
        measure = _single(name)
        value = float(measure(candidate_counts(table)) - measure(baseline_counts(table)))
        if name.startswith("iou_") and lacks_cells(candidate_counts(table)):
            value = np.nan
        level = asked.statistics.level
        ends = [percentile(draws[name], level=level), basic(value, draws[name], level=level)]
        ends.append(percentile(careful[name], level=level))
        low = float(np.clip(np.min([end.low for end in ends]), -bound, value))
        high = float(np.clip(np.max([end.high for end in ends]), value, bound))
        if name == "iou_std":  # a spread has a kink where groups do not differ, and no resampling keeps its level there
            low, high = np.nan, np.nan
        number = Estimate(
            value=value,
            low=low,
            high=high,
            interval="paired-bootstrap" if asked.cluster_counts is None else "paired-cluster-bootstrap",
            n=total(table),
            extra={"replicates": len(draws[name])},
        )
        yield measurement(asked, f"{name}_change", number, reason=UNKNOWN, baseline=baseline)


def _extreme_rows(table: Floats, asked: FairnessSpec, baseline: str) -> Iterator[Measurement]:
    new, old = candidate_counts(table), baseline_counts(table)
    for name in (*CHANGES, *WORST):
        facts: dict[str, bool] = {}
        if name in DISPARITIES:
            value = float(disparity(new, name) - disparity(old, name))
            facts = _levelling(table, name)
            ends = disparity_change(table, DISPARITIES[name], asked)
        else:
            measure, change = WORST[name]
            value = float(measure(new) - measure(old))
            ends = change(table, asked)
        exists = np.isfinite(value)
        number = Estimate(
            value=value,
            low=float(np.minimum(ends.low, value)) if exists else np.nan,
            high=float(np.maximum(ends.high, value)) if exists else np.nan,
            interval="paired",
            n=total(table),
            extra=facts,
        )
        yield measurement(asked, f"{name}_change", number, reason=UNKNOWN, baseline=baseline)


def _draws(table: Floats, names: Sequence[str], strata: Strata, asked: FairnessSpec) -> dict[str, Floats]:
    groups, classes = table.shape[:2]
    statistics = _changes_of(names, groups, classes)
    flat = table.reshape(groups, classes, -1)
    number = affordable(table.size, asked)
    source = generator(asked.statistics.seed, "paired bootstrap", asked.attribute, strata)
    if asked.cluster_counts is None:
        return bootstrap(flat, statistics, strata=strata, replicates=number, generator=source)
    clusters = np.asarray(asked.cluster_counts, np.float64).reshape(-1, *flat.shape)
    if len(clusters) < 2:
        return {name: values * np.nan for name, values in statistics(flat[None]).items()}
    return cluster_bootstrap(clusters, statistics, replicates=number, generator=source)


def _careful_draws(table: Floats, names: Sequence[str], asked: FairnessSpec) -> dict[str, Floats]:
    """Replicates with about one image more in every cell that only one of the models gets right."""
    groups, classes = table.shape[:2]
    counts = blurred(table * _cell_worth(table, asked)[..., None, None], pseudo=1.0, decisions=2)
    return bootstrap(
        counts.reshape(groups, classes, -1),
        _changes_of(names, groups, classes),
        strata="cell",
        replicates=affordable(table.size, asked),
        generator=generator(asked.statistics.seed, "careful paired bootstrap", asked.attribute),
    )


def _cell_worth(table: Floats, asked: FairnessSpec) -> Floats:
    """Share of every cell's images that its clustered ones are worth: [group, true]."""
    if asked.cluster_counts is None:
        return np.ones(table.shape[:2])
    parts = np.asarray(asked.cluster_counts, np.float64)
    size = clustered_size(*_turned(parts), parts.sum((-2, -1)), level=asked.statistics.level)
    return np.nan_to_num(ratio(size, table.sum((-2, -1))))


def _changes_of(names: Sequence[str], groups: int, classes: int) -> StatisticOf:
    """Candidate − baseline of every measure, of flattened paired counts."""

    def statistics(flat: Floats) -> Mapping[str, Floats]:
        joint = flat.reshape(-1, groups, classes, classes, classes)
        new, old = candidate_counts(joint), baseline_counts(joint)
        gaps = [name for name in names if name in DISPARITIES]
        first, second = disparities(new, gaps), disparities(old, gaps)
        found = {name: first[name] - second[name] for name in gaps}
        return found | {name: _single(name)(new) - _single(name)(old) for name in names if name not in DISPARITIES}

    return statistics


def _levelling(table: Floats, name: str) -> dict[str, bool]:
    """Whether a gap shrank because the better-off group got worse while the worse-off one did not get better."""
    spec = DISPARITIES[name]
    if spec.form == "ratio" or spec.average:
        return {}
    old = compared(baseline_counts(table), spec).value
    new = compared(candidate_counts(table), spec).value
    present = has_images(candidate_counts(table))
    if present.sum() < 2 or not (np.isfinite(old[..., present]).all() and np.isfinite(new[..., present]).all()):
        return {}
    # The rate and class of the baseline's largest gap; for a rate where lower is better, favour is 1 - rate.
    flat_old, flat_new = (part[..., present].reshape(-1, int(present.sum())) for part in (old, new))
    place = int(np.ptp(flat_old, axis=1).argmax())
    rate = spec.rates[place % len(spec.rates)]
    sign = -1.0 if rate != "accuracy" and RATES[rate].better == "lower" else 1.0
    before, after = sign * flat_old[place], sign * flat_new[place]
    best, worst = int(before.argmax()), int(before.argmin())
    shrank = np.ptp(after) < np.ptp(before)
    return {"levelled_down": bool(shrank and after[best] < before[best] and after[worst] <= before[worst])}
