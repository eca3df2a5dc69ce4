"""Intervals for the change of a disparity, or of the worst group's or cell's accuracy, from both models together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.counts.disparities import Disparity, compared, has_images
from fairaudit.measures.counts.rates import Rate, accuracy
from fairaudit.measures.intervals.careful import blurred
from fairaudit.measures.intervals.extreme_change import Bound, ModelContrasts, upper_change
from fairaudit.measures.intervals.proportion import Interval, ends, exact, hybrid_difference, hybrid_ratio, mid_p
from fairaudit.measures.intervals.simultaneous import range_quantile
from fairaudit.ratio import ratio
from fairaudit.tables.rows import FairnessSpec

Rates = Callable[[Floats], Rate]


def disparity_change(table: Floats, spec: Disparity, asked: FairnessSpec) -> Interval:
    """Interval of candidate − baseline of a disparity between groups: see `extreme_change`.

    A ratio is the smallest of its pairs' and its change that of 1 − ratio turned around; where a rate below the line
    may be 0 its pairs bound nothing. An average of gaps is bounded rate by rate.

    Args:
        table: [group, true, candidate, baseline].
        spec: the disparity.
        asked: level and clusters.
    """
    present = has_images(table.sum(-1))
    if present.sum() < 2:
        return ends(np.nan, np.nan)
    both = _Both(table[present], partial(compared, spec=spec), asked, present)
    classes, rates, groups = both.shape
    z = range_quantile(asked.statistics.level, groups=groups, rates=classes * rates)
    models = [_pairs(*model, z=z, form=spec.form) for model in both.models]
    correlation = _correlation(both, spec.form)
    upper = _bound(models[0], models[1], correlation, both.shape, average=spec.average)
    lower = _bound(models[1], models[0], correlation.T, both.shape, average=spec.average)
    low, high = (-lower, upper) if spec.form == "difference" else (-upper, lower)
    return ends(max(low, -1.0), min(high, 1.0))


def worst_group_change(table: Floats, asked: FairnessSpec) -> Interval:
    """Interval of candidate − baseline of the smallest accuracy of any group.

    Args:
        table: [group, true, candidate, baseline].
        asked: level and clusters.
    """
    present = has_images(table.sum(-1))

    def rates(counts: Floats) -> Rate:
        return Rate(*(part[..., None, None, :] for part in accuracy(counts)))

    both = _Both(table[present], rates, asked, present)
    level = asked.statistics.level ** (1 / max(1, both.shape[2]))
    models = []
    for x, n in both.models:
        p, each = ratio(x, n)[0, 0], exact(x[0, 0], n[0, 0], level=level)
        p = np.where(n[0, 0] > 0, p, 0.5)
        models.append(ModelContrasts(1 - p, 1 - each.high, 1 - each.low))
    own = [np.sqrt(np.diagonal(part)[0, 0]) for part in both.own]
    correlation = np.diag(np.nan_to_num(ratio(both.shared[:, 0, 0], own[0] * own[1])))
    worse = upper_change(models[0], models[1], correlation).end
    better = upper_change(models[1], models[0], correlation.T).end
    return ends(max(-worse, -1.0), min(better, 1.0))


def worst_cell_change(table: Floats, asked: FairnessSpec) -> Interval:
    """Interval of candidate − baseline of the smallest accuracy of any cell: every cell as a group of its own.

    Args:
        table: [group, true, candidate, baseline].
        asked: level and clusters.
    """
    clusters = None if asked.cluster_counts is None else cells_as_groups(np.asarray(asked.cluster_counts, np.float64))
    return worst_group_change(cells_as_groups(table), replace(asked, cluster_counts=clusters))


def cells_as_groups(counts: Floats) -> Floats:
    """Every cell as a group of one class, whose decisions are right (0) or wrong (1): [..., cell, 1 + 1, 2, 2].

    Args:
        counts: [..., group, true, candidate, baseline].

    >>> table = np.zeros((1, 2, 2, 2))
    >>> table[0, 1] = [[1, 2], [3, 4]]  # of class 1: both wrong, candidate wrong, baseline wrong, both right
    >>> cells_as_groups(table)[1, 0].tolist()
    [[4.0, 3.0], [2.0, 1.0]]
    """
    classes = counts.shape[-1]
    own = np.arange(classes)
    images = counts[..., own, :, :]
    both = images[..., own, own, own]
    new, old = images.sum(-1)[..., own, own], images.sum(-2)[..., own, own]
    whole = images.sum((-2, -1))
    found = np.zeros((*whole.shape, 2, 2, 2))
    found[..., 0, 0, 0], found[..., 0, 0, 1] = both, new - both
    found[..., 0, 1, 0], found[..., 0, 1, 1] = old - both, whole - new - old + both
    return found.reshape(*whole.shape[:-2], -1, 2, 2, 2)


class _Both:
    """Rates of both models at their effective sizes, and how they vary together in every group."""

    def __init__(self, table: Floats, rates: Rates, asked: FairnessSpec, present: NDArray[np.bool_]) -> None:
        clusters = None if asked.cluster_counts is None else np.asarray(asked.cluster_counts, np.float64)[:, present]
        self.models: list[tuple[Floats, Floats]] = []
        for axis in (-1, -2):
            own = replace(asked, cluster_counts=None if clusters is None else clusters.sum(axis))
            sized = own.sized(table.sum(axis), rates)
            self.models.append((np.asarray(sized.numerator), np.asarray(sized.denominator)))
        self.shape: tuple[int, int, int] = self.models[0][0].shape
        self.centres: list[Floats] = []
        self.own, self.shared = self._covariances(table, rates, clusters)

    def _covariances(
        self, table: Floats, rates: Rates, clusters: Floats | None
    ) -> tuple[tuple[Floats, Floats], Floats]:
        """Covariances [group, rate, rate] within either model, and of the candidate's with the baseline's rates."""
        soft = blurred(table, pseudo=1.0, decisions=2)  # models that agree on every image may differ on the next one
        groups, cells = len(soft), int(np.prod(soft.shape[1:]))
        single = np.eye(cells).reshape(cells, 1, *soft.shape[1:])
        parts = []
        for axis in (-1, -2):
            found, one = rates(soft.sum(axis)), rates(single.sum(axis))
            total = found.denominator.reshape(-1, groups)
            rate = np.nan_to_num(ratio(found.numerator.reshape(-1, groups), total))
            self.centres.append(rate)
            top, bottom = (part.reshape(cells, -1) for part in one)
            moved = top.T[None] - rate.T[:, :, None] * bottom.T[None]  # [group, rate, cell]
            parts.append(np.nan_to_num(ratio(moved, total.T[:, :, None])))
        flat = soft.reshape(groups, cells)
        summed = None if clusters is None else clusters.reshape(len(clusters), groups, cells)

        def together(first: Floats, second: Floats) -> Floats:
            if summed is None:
                return np.asarray(np.einsum("grc,gsc,gc->grs", first, second, flat, optimize=True))
            sides = [np.einsum("mgc,grc->mgr", summed, part, optimize=True) for part in (first, second)]
            return np.asarray(np.einsum("mgr,mgs->grs", *sides, optimize=True))

        return (together(parts[0], parts[0]), together(parts[1], parts[1])), together(parts[0], parts[1])


def _pairs(x: Floats, n: Floats, *, z: float, form: str) -> ModelContrasts:
    """Contrasts of all ordered pairs of groups, flattened [class, rate, first, second]; larger is more disparity."""
    p = np.where(n > 0, np.nan_to_num(ratio(x, n)), 0.5)
    low, high = mid_p(x, n, z=z)
    first, second = Interval(low[..., None], high[..., None]), Interval(low[..., None, :], high[..., None, :])
    if form == "difference":
        value = p[..., None] - p[..., None, :]
        found = hybrid_difference(p[..., None], first, p[..., None, :], second)
    else:
        quotient = ratio(p[..., None], p[..., None, :])
        value = np.where(np.isfinite(quotient), 1 - quotient, -np.inf)
        shrunk = hybrid_ratio(p[..., None], first, p[..., None, :], second)
        found = Interval(1 - shrunk.high, 1 - shrunk.low)
    unknown = ((n > 0)[..., None] & (n > 0)[..., None, :]) == 0
    value, bottom = np.where(unknown, -np.inf, value), np.where(unknown, -np.inf, found.low)
    top = np.where(unknown, 1.0, np.minimum(found.high, 1.0))
    same = np.broadcast_to(np.eye(p.shape[-1], dtype=bool), value.shape)
    parts = (np.where(same, 0.0, part).ravel() for part in (value, bottom, top))
    return ModelContrasts(*parts)


def _correlation(both: _Both, form: str) -> Floats:
    """Correlation of the candidate's with the baseline's contrasts: [contrast, contrast]."""
    groups = both.shape[2]
    weights = [_weights(centre, groups, form) for centre in both.centres]  # [rate, pair, group]
    rates = len(weights[0])
    shared = np.einsum("rag,grs,sbg->rasb", weights[0], both.shared, weights[1], optimize=True)
    spreads = [
        np.sqrt(np.maximum(0.0, np.einsum("rag,grr,rag->ra", weight, own, weight, optimize=True)))
        for weight, own in zip(weights, both.own, strict=True)
    ]
    product = spreads[0][:, :, None, None] * spreads[1][None, None]
    return np.nan_to_num(ratio(shared, product)).reshape(rates * groups**2, -1)


def _weights(rates: Floats, groups: int, form: str) -> Floats:
    """What a contrast of every ordered pair adds of every group's rate: [rate, pair, group]."""
    first, second = (np.eye(groups)[index] for index in np.divmod(np.arange(groups**2), groups))
    if form == "difference":
        return np.broadcast_to(first - second, (len(rates), *first.shape))
    above, below = rates @ first.T, rates @ second.T
    parts = ratio(first[None], below[..., None]) - ratio(above, below**2)[..., None] * second[None]
    return -np.nan_to_num(parts)


def _bound(
    new: ModelContrasts, old: ModelContrasts, correlation: Floats, shape: tuple[int, int, int], *, average: bool
) -> float:
    if not average:
        return upper_change(new, old, correlation).end
    return max(_average(parts) for parts in _by_class(new, old, correlation, shape))


def _by_class(
    new: ModelContrasts, old: ModelContrasts, correlation: Floats, shape: tuple[int, int, int]
) -> Iterator[list[Bound]]:
    classes, rates, groups = shape
    size = groups**2
    for index in range(classes):
        places = [slice(size * (index * rates + rate), size * (index * rates + rate + 1)) for rate in range(rates)]
        yield [
            upper_change(
                ModelContrasts(*(p[at] for p in new)), ModelContrasts(*(p[at] for p in old)), correlation[at, at]
            )
            for at in places
        ]


def _average(parts: list[Bound]) -> float:
    """End of the mean over rates: sides that are cut off at 0, as of rare rates, do not add up like standard errors."""
    return sum(part.end for part in parts) / len(parts)
