"""Candidate against baseline on the same images: change of AUC, calibration error and Brier score, per group."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.counts.rates import reported_classes
from fairaudit.measures.intervals.proportion import basic, percentile
from fairaudit.measures.scores.calibration import BINS
from fairaudit.measures.scores.score_histogram import binned
from fairaudit.ratio import ratio
from fairaudit.results.measurement import Measurement
from fairaudit.seeds import generator
from fairaudit.tables.fairness.nulls import affordable
from fairaudit.tables.row import Estimate
from fairaudit.tables.rows import FairnessSpec, measurement, suppressed

_BLOCK = 2**22  # multiplicities drawn at a time


class _Pair(NamedTuple):
    """Scores of both models for one class, and what is true."""

    new: Floats
    old: Floats
    positive: NDArray[np.bool_]


def paired_score_measurements(
    scores: ArrayLike,
    baseline_scores: ArrayLike,
    true: ArrayLike,
    group: ArrayLike,
    asked: FairnessSpec,
    *,
    baseline: str,
    clusters: ArrayLike | None = None,
) -> list[Measurement]:
    """`auc_change`, `ece_change` and `brier_change` per group and class, as candidate − baseline.

    Intervals are of a paired bootstrap within the group: both models' scores of an image are drawn together, and with
    clusters all images of a cluster. As for other changes the interval is the hull of the percentile and the basic
    one. A change is undefined, with the reason, where a group lacks positives or negatives (AUC) or images.

    Args:
        scores: [image, class] probabilities of the candidate; rows sum to 1.
        baseline_scores: the same of the baseline.
        true: [image] codes, −1 unknown (left out).
        group: [image] codes, −1 unknown (left out).
        asked: names, level, replicates, seed and smallest cell.
        baseline: name of the baseline model.
        clusters: [image] units (`partition`), or None: images.

    Raises:
        ValueError: the columns do not fit each other.

    >>> from fairaudit.tables.statistics import Statistics
    >>> asked = FairnessSpec(attribute="hat", groups=("no",), classes=("0", "1"), statistics=Statistics(replicates=50))
    >>> new, old = ([[1 - s, s] for s in column] for column in ([0.1, 0.9, 0.3, 0.7], [0.1, 0.3, 0.5, 0.7]))
    >>> table = paired_score_measurements(new, old, [0, 1, 0, 1], [0, 0, 0, 0], asked, baseline="old")
    >>> [(m.metric, round(m.value, 3)) for m in table]
    [('auc_change', 0.25), ('ece_change', -0.2), ('brier_change', -0.16)]
    """
    new, old = np.asarray(scores, np.float64), np.asarray(baseline_scores, np.float64)
    truth, codes = np.asarray(true, np.int64), np.asarray(group, np.int64)
    if new.shape != old.shape or len(new) != len(truth) or len(truth) != len(codes):
        raise ValueError(f"scores {new.shape} and {old.shape}, {len(truth)} truths and {len(codes)} groups do not fit")
    units = np.arange(len(codes)) if clusters is None else np.asarray(clusters, np.int64)
    found: list[Measurement] = []
    for class_ in reported_classes(new.shape[1]):
        for index in range(len(asked.groups)):
            rows = np.flatnonzero((codes == index) & (truth >= 0))
            pair = _Pair(new[rows, class_], old[rows, class_], truth[rows] == class_)
            found += _rows(pair, units[rows], asked, index, class_, baseline, clustered=clusters is not None)
    return found


def weighted_auc(scores: Floats, positive: NDArray[np.bool_], weights: Floats) -> Floats:
    """AUC with weighted images, ties counting half: weights [replicate, image] → [replicate]; NaN without a side.

    >>> weighted_auc(np.array([0.2, 0.8, 0.8]), np.array([False, True, False]), np.ones((1, 3))).tolist()
    [0.75]
    """
    _, place = np.unique(scores, return_inverse=True)
    order = np.argsort(place, kind="stable")
    starts = np.flatnonzero(np.diff(place[order], prepend=-1))
    if not len(order):
        return np.full(len(weights), np.nan)
    ups = np.add.reduceat((weights * positive)[:, order], starts, axis=1)
    downs = np.add.reduceat((weights * ~positive)[:, order], starts, axis=1)
    wins = (ups * (downs.cumsum(axis=1) - downs / 2)).sum(axis=1)
    return ratio(wins, ups.sum(axis=1) * downs.sum(axis=1))


def weighted_ece(scores: Floats, positive: NDArray[np.bool_], weights: Floats) -> Floats:
    """Expected calibration error Σ_b |Σ_{i∈b} w_i (y_i − s_i)| / Σ w_i over equal score bins; [replicate].

    >>> weighted_ece(np.array([0.2, 0.9]), np.array([False, True]), np.ones((1, 2))).round(3).tolist()
    [0.15]
    """
    bins = np.zeros((len(scores), BINS))
    bins[np.arange(len(scores)), binned(scores, BINS)] = positive - scores
    return ratio(np.abs(weights @ bins).sum(axis=1), weights.sum(axis=1))


def weighted_brier(scores: Floats, positive: NDArray[np.bool_], weights: Floats) -> Floats:
    """Σ w_i (s_i − y_i)² / Σ w_i; [replicate].

    >>> weighted_brier(np.array([0.2, 0.9]), np.array([False, True]), np.ones((1, 2))).round(3).tolist()
    [0.025]
    """
    return ratio(weights @ (scores - positive) ** 2, weights.sum(axis=1))


MEASURES = {"auc": weighted_auc, "ece": weighted_ece, "brier": weighted_brier}
"""Name → function of scores, truth and weights."""


def _rows(
    pair: _Pair,
    units: NDArray[np.int64],
    asked: FairnessSpec,
    index: int,
    class_: int,
    baseline: str,
    *,
    clustered: bool,
) -> Iterator[Measurement]:
    group, value_name = asked.groups[index], asked.classes[class_]
    if asked.statistics.too_few(len(units)):
        for name in MEASURES:
            yield suppressed(asked, f"{name}_change", group=group, class_=value_name)
        return
    values = {name: float(_change(pair, name, np.ones((1, len(units))))[0]) for name in MEASURES}
    draws = _draws(pair, units, asked, f"{group}/{value_name}")
    for name in MEASURES:
        plain = percentile(draws[name], level=asked.statistics.level)
        mirrored = basic(values[name], draws[name], level=asked.statistics.level)
        number = Estimate(
            value=values[name],
            low=float(np.clip(np.fmin(plain.low, mirrored.low), -1, values[name])),
            high=float(np.clip(np.fmax(plain.high, mirrored.high), values[name], 1)),
            interval="paired-cluster-bootstrap" if clustered else "paired-bootstrap",
            unit="cluster" if clustered else "image",
            n=len(units),
            extra={"replicates": len(draws[name])},
        )
        lacks = "positives or no negatives" if name == "auc" else "images"
        yield measurement(
            asked,
            f"{name}_change",
            number,
            reason=f"group {group} has no {lacks}",
            group=group,
            class_=value_name,
            baseline=baseline,
        )


def _change(pair: _Pair, name: str, weights: Floats) -> Floats:
    measure = MEASURES[name]
    return measure(pair.new, pair.positive, weights) - measure(pair.old, pair.positive, weights)


def _draws(pair: _Pair, units: NDArray[np.int64], asked: FairnessSpec, key: str) -> dict[str, Floats]:
    """Changes of every replicate; NaN with fewer than two units, which have no variation to resample."""
    names, place = np.unique(units, return_inverse=True)
    number = affordable(len(units), asked)
    if len(names) < 2:
        return {name: np.full(1, np.nan) for name in MEASURES}
    source = generator(asked.statistics.seed, "paired scores", asked.attribute, key)
    step = max(1, _BLOCK // len(units))
    parts: list[dict[str, Floats]] = []
    for start in range(0, number, step):
        drawn = source.multinomial(len(names), np.full(len(names), 1 / len(names)), min(step, number - start))
        weights = drawn[:, place].astype(np.float64)
        parts.append({name: _change(pair, name, weights) for name in MEASURES})
    return {name: np.concatenate([part[name] for part in parts]) for name in MEASURES}
