"""The threshold-free part of the fairness table: ranking and calibration of every group, from per-image scores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.measures.calibration import brier, calibration_error, calibration_interval, reliability
from fairaudit.measures.confusion import Floats
from fairaudit.measures.intervals import normal_quantile, wilson
from fairaudit.measures.ranking import Ranked, group_auc
from fairaudit.measures.rates import reported_classes
from fairaudit.measures.rows import Asked, Number, listed, measurement, suppressed
from fairaudit.measures.simultaneous import difference_interval
from fairaudit.results.measurement import Measurement
from fairaudit.seeds import generator

ACROSS = (("auc", "own"), ("bnsp_auc", "bnsp"), ("bpsn_auc", "bpsn"))
"""Metric names and what is compared; see `group_auc`."""


def score_measurements(
    scores: ArrayLike,
    true: ArrayLike,
    group: ArrayLike,
    *,
    attribute: str,
    groups: Sequence[str],
    classes: Sequence[str],
    level: float = 0.95,
    replicates: int = 10_000,
    seed: int = 0,
    min_cell: int = 0,
    clusters: ArrayLike | None = None,
) -> list[Measurement]:
    """AUC, cross-group AUC, calibration error and Brier score per group, and the AUC's largest gap between groups.

    Two classes report the positive one (value index 1), more report each against the rest. `auc`, `bnsp_auc` and
    `bpsn_auc` have Wilson intervals at the size that DeLong's variance gives them, `auc_difference` the simultaneous
    one, `ece` a bootstrap interval, `brier` a normal one.

    Args:
        scores: [image, class] probabilities; rows sum to 1.
        true: [image] codes, −1 unknown (left out).
        group: [image] codes, −1 unknown (in no group).
        attribute: name of the attribute.
        groups: names of the groups.
        classes: names of the target values.
        level: coverage of intervals.
        replicates: bootstrap replicates of the calibration error.
        seed: seed of every draw.
        min_cell: numbers over fewer images are suppressed.
        clusters: [image] cluster codes, for the AUCs' intervals.

    >>> table = score_measurements([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7]], [0, 1, 0, 1], [0, 0, 1, 1],
    ...                            attribute="hat", groups=["no", "yes"], classes=["0", "1"], replicates=100)
    >>> [(m.metric, m.value) for m in table if m.metric.startswith("auc")]
    [('auc', 1.0), ('auc', 1.0), ('auc_difference', 0.0)]
    """
    values, codes, truth = np.asarray(scores, np.float64), np.asarray(group), np.asarray(true)
    if values.shape != (len(truth), len(classes)) or codes.shape != truth.shape:
        raise ValueError(f"scores need shape ({len(truth)}, {len(classes)}), found {values.shape}")
    asked = Asked(
        attribute=attribute,
        groups=tuple(groups),
        classes=tuple(classes),
        level=level,
        replicates=replicates,
        seed=seed,
        min_cell=min_cell,
    )
    units = None if clusters is None else np.asarray(clusters)[truth >= 0]
    values, codes, truth = values[truth >= 0], codes[truth >= 0], truth[truth >= 0]
    found: list[Measurement] = []
    for index in reported_classes(len(classes)):
        found += _ranking_rows(values[:, index], truth == index, codes, index, asked, units)
        found += _calibration_rows(values[:, index], truth == index, codes, index, asked)
    return found


def _ranking_rows(
    scores: Floats,
    positive: NDArray[np.bool_],
    group: NDArray[np.generic],
    index: int,
    asked: Asked,
    clusters: NDArray[np.generic] | None,
) -> Iterator[Measurement]:
    class_ = asked.classes[index]
    for metric, across in ACROSS:
        found = group_auc(scores, positive, group, groups=len(asked.groups), clusters=clusters, across=across)
        for name, one in zip(asked.groups, found, strict=True):
            few = 0 < min(one.positives, one.negatives) < asked.min_cell
            if few:
                yield suppressed(asked, metric, better="higher", group=name, class_=class_)
                continue
            low, high = wilson(np.nan_to_num(one.value) * one.size, one.size, level=asked.level)
            exists = np.isfinite(one.value)
            number = Number(
                value=one.value,
                low=float(low) if exists else np.nan,
                high=float(high) if exists else np.nan,
                interval="delong",
                chance=0.5,
                n=one.positives + one.negatives,
                extra={"positives": one.positives, "negatives": one.negatives},
            )
            reason = f"no {'positive' if not one.positives else 'negative'} to compare for group {name}"
            yield measurement(asked, metric, number, better="higher", reason=reason, group=name, class_=class_)
        if metric == "auc":
            yield _gap(found, asked, class_)


def _gap(found: Sequence[Ranked], asked: Asked, class_: str) -> Measurement:
    present = [(name, one) for name, one in zip(asked.groups, found, strict=True) if one.positives + one.negatives]
    missing = [name for name, one in present if not np.isfinite(one.value)]
    images = sum(one.positives + one.negatives for _, one in present)
    if len(present) < 2:
        number, reason = Number(value=np.nan, n=images), "fewer than two groups have images"
        return measurement(asked, "auc_difference", number, better="lower", reason=reason, class_=class_)
    value = np.array([one.value for _, one in present])
    size = np.array([one.size for _, one in present])
    bounds = difference_interval([np.nan_to_num(value) * size], [size], level=asked.level)
    gap = float(value.max() - value.min())
    names = [name for name, _ in present]
    extra = {} if missing else {"highest": names[int(value.argmax())], "lowest": names[int(value.argmin())]}
    number = Number(
        value=gap,
        low=bounds.low if missing else min(bounds.low, gap),
        high=bounds.high if missing else max(bounds.high, gap),
        interval="max-t",
        n=images,
        extra=extra,
    )
    reason = f"auc does not exist for group {listed(missing)}: no positive or no negative" if missing else ""
    return measurement(asked, "auc_difference", number, better="lower", reason=reason, class_=class_)


def _calibration_rows(
    scores: Floats, positive: NDArray[np.bool_], group: NDArray[np.generic], index: int, asked: Asked
) -> Iterator[Measurement]:
    binned = reliability(scores, positive, group, groups=len(asked.groups))
    source = generator(asked.seed, "calibration", asked.attribute, asked.classes[index])
    replicates = min(asked.replicates, 2000)
    error_ends = calibration_interval(binned, replicates=replicates, generator=source, level=asked.level)
    brier_value, brier_ends = brier(binned, z=normal_quantile(asked.level))
    error, images = calibration_error(binned), binned.images.sum(-1)
    rows = (("ece", error, error_ends, "bootstrap"), ("brier", brier_value, brier_ends, "normal"))
    for metric, value, (low, high), interval in rows:
        for place, name in enumerate(asked.groups):
            class_ = asked.classes[index]
            if 0 < images[place] < asked.min_cell:
                yield suppressed(asked, metric, better="lower", group=name, class_=class_)
                continue
            number = Number(
                value=float(value[place]),
                low=float(low[place]),
                high=float(high[place]),
                interval=interval,
                n=images[place],
            )
            reason = f"group {name} has no image"
            yield measurement(asked, metric, number, better="lower", reason=reason, group=name, class_=class_)
