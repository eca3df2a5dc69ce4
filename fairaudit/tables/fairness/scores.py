"""The threshold-free part of the fairness table: ranking and calibration of every group, from per-image scores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.counts.rates import reported_classes
from fairaudit.measures.intervals.proportion import Interval, normal_quantile, wilson
from fairaudit.measures.intervals.simultaneous import difference_interval
from fairaudit.measures.scores.calibration import brier, calibration_error, calibration_interval, reliability
from fairaudit.measures.scores.ranking import Ranked, group_auc
from fairaudit.measures.scores.sampled_scores import sampled_calibration
from fairaudit.results.measurement import Measurement
from fairaudit.seeds import generator
from fairaudit.tables.row import Estimate
from fairaudit.tables.rows import FairnessSpec, listed, measurement, suppressed

ACROSS = (("auc", "own"), ("bnsp_auc", "bnsp"), ("bpsn_auc", "bpsn"))
"""Metric names and what is compared; see `group_auc`."""
MOST_DRAWS = 2000
"""Replicates of the calibration error at most."""


def score_measurements(
    scores: ArrayLike,
    true: ArrayLike,
    group: ArrayLike,
    asked: FairnessSpec,
    *,
    clusters: ArrayLike | None = None,
    weights: ArrayLike | None = None,
) -> list[Measurement]:
    """AUC, cross-group AUC, calibration error and Brier score per group, and the AUC's largest gap between groups.

    Two classes report the positive one (value index 1), more report each against the rest. `auc`, `bnsp_auc` and
    `bpsn_auc` have Wilson intervals at the size that DeLong's variance gives them, `auc_difference` the simultaneous
    one, `ece` a bootstrap interval, `brier` a normal one. With weights or clusters all of them rest on linearised
    variances over units (`ranked`, `sampled_calibration`).

    Args:
        scores: [image, class] probabilities; rows sum to 1.
        true: [image] codes, −1 unknown (left out).
        group: [image] codes, −1 unknown (in no group).
        asked: names, level, replicates, seed and smallest cell.
        clusters: [image] units (`partition`), or None: images.
        weights: [image] weights, or None.

    Raises:
        ValueError: the columns do not fit each other or the names.

    >>> from fairaudit.tables.statistics import Statistics
    >>> few = Statistics(replicates=100)
    >>> asked = FairnessSpec(attribute="hat", groups=("no", "yes"), classes=("0", "1"), statistics=few)
    >>> table = score_measurements([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7]], [0, 1, 0, 1], [0, 0, 1, 1], asked)
    >>> [(m.metric, m.value) for m in table if m.metric.startswith("auc")]
    [('auc', 1.0), ('auc', 1.0), ('auc_difference', 0.0)]
    """
    values, codes, truth = np.asarray(scores, np.float64), np.asarray(group, np.int64), np.asarray(true, np.int64)
    shape = (len(truth), len(asked.classes))
    if values.shape != shape or codes.shape != truth.shape:
        raise ValueError(f"scores need shape {shape}, found {values.shape}")
    known = truth >= 0
    units, weight = (None if part is None else np.asarray(part)[known] for part in (clusters, weights))
    found: list[Measurement] = []
    for index in reported_classes(len(asked.classes)):
        images = _ScoredImages(values[known, index], truth[known] == index, codes[known], units, weight, index)
        found += _ranking_rows(images, asked)
        found += _calibration_rows(images, asked)
    return found


class _ScoredImages(NamedTuple):
    """Images of known truth, one class against the rest; every column is [image]."""

    scores: Floats
    positive: NDArray[np.bool_]
    group: NDArray[np.int64]
    units: NDArray[np.generic] | None
    weights: NDArray[np.generic] | None
    class_: int
    """The class that is set against the rest."""

    @property
    def unit(self) -> str:
        """What is resampled."""
        return "image" if self.units is None else "cluster"


def _ranking_rows(images: _ScoredImages, asked: FairnessSpec) -> Iterator[Measurement]:
    class_ = asked.classes[images.class_]
    for metric, across in ACROSS:
        found = group_auc(
            images.scores,
            images.positive,
            images.group,
            groups=len(asked.groups),
            clusters=images.units,
            weights=images.weights,
            across=across,
            level=asked.statistics.level,
        )
        for name, one in zip(asked.groups, found, strict=True):
            few = asked.statistics.too_few(min(one.positives, one.negatives))
            if few:
                yield suppressed(asked, metric, group=name, class_=class_)
                continue
            low, high = wilson(np.nan_to_num(one.value) * one.size, one.size, level=asked.statistics.level)
            exists = np.isfinite(one.value)
            number = Estimate(
                value=one.value,
                low=float(low) if exists else np.nan,
                high=float(high) if exists else np.nan,
                interval="delong",
                unit=images.unit,
                chance=0.5,
                n=one.positives + one.negatives,
                extra={"positives": one.positives, "negatives": one.negatives},
            )
            reason = f"no {'positive' if not one.positives else 'negative'} to compare for group {name}"
            if one.positives and one.negatives:
                reason = f"the positives or the negatives of group {name} have no weight"
            yield measurement(asked, metric, number, reason=reason, group=name, class_=class_)
        if metric == "auc":
            yield _gap(found, images, asked)


def _gap(found: Sequence[Ranked], sampled: _ScoredImages, asked: FairnessSpec) -> Measurement:
    class_ = asked.classes[sampled.class_]
    present = [(name, one) for name, one in zip(asked.groups, found, strict=True) if one.positives + one.negatives]
    missing = [name for name, one in present if not np.isfinite(one.value)]
    images = sum(one.positives + one.negatives for _, one in present)
    if len(present) < 2:
        number, reason = Estimate(value=np.nan, n=images), "fewer than two groups have images"
        return measurement(asked, "auc_difference", number, reason=reason, class_=class_)
    value = np.array([one.value for _, one in present])
    size = np.array([one.size for _, one in present])
    bounds = difference_interval([np.nan_to_num(value) * size], [size], level=asked.statistics.level)
    gap = float(value.max() - value.min())
    names = [name for name, _ in present]
    extra = {} if missing else {"highest": names[int(value.argmax())], "lowest": names[int(value.argmin())]}
    number = Estimate(
        value=gap,
        low=bounds.low if missing else min(bounds.low, gap),
        high=bounds.high if missing else max(bounds.high, gap),
        interval="max-t",
        unit=sampled.unit,
        n=images,
        extra=extra,
    )
    reason = f"auc does not exist for group {listed(missing)}: no positive or no negative" if missing else ""
    return measurement(asked, "auc_difference", number, reason=reason, class_=class_)


class _Calibrated(NamedTuple):
    """One calibration measure of every group, [group]."""

    metric: str
    value: Floats
    ends: Interval
    interval: str


def _calibration(images: _ScoredImages, asked: FairnessSpec) -> list[_Calibrated]:
    columns = (images.scores, images.positive, images.group)
    groups, replicates = len(asked.groups), min(asked.statistics.replicates, MOST_DRAWS)
    binned = reliability(*columns, groups=groups, weights=images.weights)
    source = generator(asked.statistics.seed, "calibration", asked.attribute, asked.classes[images.class_])
    value, brier_ends = brier(binned, z=normal_quantile(asked.statistics.level))
    error = calibration_error(binned)
    if images.units is None and images.weights is None:
        ends = calibration_interval(binned, replicates=replicates, generator=source, level=asked.statistics.level)
        return [_Calibrated("ece", error, ends, "bootstrap"), _Calibrated("brier", value, brier_ends, "normal")]
    sampled = sampled_calibration(
        *columns,
        groups=groups,
        replicates=replicates,
        generator=source,
        weights=images.weights,
        units=images.units,
        level=asked.statistics.level,
    )
    return [
        _Calibrated("ece", error, sampled.error, "normal-bootstrap"),
        _Calibrated("brier", value, sampled.brier, "normal"),
    ]


def _calibration_rows(images: _ScoredImages, asked: FairnessSpec) -> Iterator[Measurement]:
    class_ = asked.classes[images.class_]
    number_of = np.bincount(images.group[images.group >= 0], minlength=len(asked.groups))
    for metric, value, (low, high), interval in _calibration(images, asked):
        for place, name in enumerate(asked.groups):
            if asked.statistics.too_few(number_of[place]):
                yield suppressed(asked, metric, group=name, class_=class_)
                continue
            number = Estimate(
                value=float(value[place]),
                low=float(low[place]),
                high=float(high[place]),
                interval=interval,
                unit=images.unit,
                n=number_of[place],
            )
            reason = f"group {name} has no image" if not number_of[place] else f"group {name} has no weight"
            yield measurement(asked, metric, number, reason=reason, group=name, class_=class_)
