"""Numbers of several variants from the same replicates of the same images, so that differences are paired."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from fairaudit.audits.mitigation.compared.ranks import Ranks, one_hot
from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.counts.disparities import disparity
from fairaudit.measures.counts.paper_measures import iou_std
from fairaudit.measures.scores.score_histogram import binned
from fairaudit.ratio import ratio
from fairaudit.seeds import generator

BLOCK = 500
BINS = 15
MEANS = (
    "relevance_lift", "relevance_fall", "relevance_fall_share", "relevance_lift_other", "relevance_fall_other",
    "relevance_fall_share_other", "flip_rate", "flip_effect", "attribute_probe", "attribute_probe_mlp",
)  # fmt: skip
"""Metrics that are the mean of a column over the images that have it."""
COUNTED: Mapping[str, Callable[[Floats], Floats]] = {
    "unbiased_accuracy": lambda counts: _cells(counts).mean(-1),
    "worst_cell_accuracy": lambda counts: _cells(counts).min(-1),
    "equalized_odds_difference": lambda counts: disparity(counts, "equalized_odds_difference"),
    "iou_std": iou_std,
}
"""Metrics that are a function of counts [replicate, group, true, predicted]."""
AUCS = ("balanced_auc", "conflicting_auc")
NAMES = (*COUNTED, *AUCS, "ece", *MEANS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """The reporting part."""

    target: NDArray[np.int64]
    attribute: NDArray[np.int64]
    classes: int
    groups: int
    clusters: NDArray[np.int64] | None = None
    conflicting: NDArray[np.bool_] | None = None
    """[attribute value · target value] whether a cell had fewer images in the debias part than without an association;
    None where that is not known."""

    @property
    def cell(self) -> NDArray[np.int64]:
        """Cell of every image, -1 where the attribute is unknown."""
        return np.where(self.attribute >= 0, self.attribute * self.classes + self.target, -1)


Columns = Mapping[str, NDArray[np.generic]]


def replicated(
    images: Images, variants: Mapping[str, Sequence[Columns]], *, seed: int, replicates: int
) -> dict[str, dict[str, Floats]]:
    """Variant → metric → [1 + replicate]: first the value on the images themselves, then that of every resampling.

    Images are drawn with replacement within their cell, whole clusters where there are some. A variant with several
    seeds has the mean of its seeds, so that the intervals are about images and not about seeds. What a variant has no
    column for is left out; a number that does not exist is NaN.

    Args:
        images: labels of the reporting part.
        variants: name → columns per seed: decisions, scores and the columns of `MEANS`.
        seed: seed of the draws.
        replicates: how many.
    """
    made = {name: [_Prepared(images, columns) for columns in seeds] for name, seeds in variants.items()}
    blocks: dict[str, dict[str, list[Floats]]] = {name: {} for name in variants}
    for weights in _weights(images, seed, replicates):
        for name, seeds in made.items():
            for metric in NAMES:
                values = [one.value(metric, weights) for one in seeds]
                there = [value for value in values if value is not None]
                if there and len(there) == len(values):
                    blocks[name].setdefault(metric, []).append(np.mean(there, axis=0))
    return {name: {m: np.concatenate(parts) for m, parts in each.items()} for name, each in blocks.items()}


class _Prepared:
    """One variant's columns as matrices that weights are multiplied with."""

    def __init__(self, images: Images, columns: Columns) -> None:
        self._shape = (images.groups, images.classes, images.classes)
        decisions = np.asarray(columns["decisions"], np.int64)
        inside = images.cell >= 0
        flat = images.cell * images.classes + decisions
        self._counts = one_hot(np.where(inside, flat, -1), int(np.prod(self._shape)))
        self._ece = _calibration(images, columns)
        self._aucs = dict(_ranks(images, columns))
        self._means = {
            name: np.stack([np.nan_to_num(values), ~np.isnan(values)], axis=1).astype(np.float64)
            for name in MEANS
            if name in columns and not np.isnan(values := np.asarray(columns[name], np.float64)).all()
        }

    def value(self, metric: str, weights: Floats) -> Floats | None:
        """The metric under every row of weights [replicate, image]; None where there is no such column."""
        if metric in COUNTED:
            counts = (self._counts.T @ weights.T).T.reshape(-1, *self._shape)
            return COUNTED[metric](counts)
        if metric == "ece":
            if self._ece is None:
                return None
            sums, size = (self._ece.T @ weights.T).T, weights.sum(1)
            return ratio(np.abs(sums).sum(1), size)
        if metric in AUCS:
            return self._aucs[metric].value(weights) if metric in self._aucs else None
        if metric not in self._means:
            return None
        sums = weights @ self._means[metric]
        return ratio(sums[:, 0], sums[:, 1])


def _weights(images: Images, seed: int, replicates: int) -> Iterator[Floats]:
    """Blocks of weights [replicate, image]; the very first row is all ones."""
    yield np.ones((1, len(images.target)))
    draws = generator(seed, "mitigation bootstrap")
    units = _units(images)
    for start in range(0, replicates, BLOCK):
        size = min(BLOCK, replicates - start)
        weights = np.zeros((size, len(images.target)))
        for members in units:  # every stratum keeps its number of units
            drawn = draws.multinomial(len(members), np.full(len(members), 1 / len(members)), size=size)
            for place, rows in enumerate(members):
                weights[:, rows] = drawn[:, place, None]
        yield weights


def _units(images: Images) -> list[list[NDArray[np.int64]]]:
    """Stratum → rows of every unit: images by cell, or clusters, all of them in one stratum."""
    if images.clusters is not None:
        return [[np.flatnonzero(images.clusters == unit) for unit in np.unique(images.clusters)]]
    return [[np.array([row]) for row in np.flatnonzero(images.cell == cell)] for cell in np.unique(images.cell)]


def _calibration(images: Images, columns: Columns) -> csr_matrix | None:
    """Image × bin: truth less score, whose sums' sizes make the expected calibration error; None beyond two classes."""
    if images.classes != 2 or "scores" not in columns:
        return None
    scores = np.asarray(columns["scores"], np.float64)[:, 1]
    rows = np.arange(len(scores))
    return csr_matrix(((images.target == 1) - scores, (rows, binned(scores, BINS))), shape=(len(scores), BINS))


def _ranks(images: Images, columns: Columns) -> Iterator[tuple[str, Ranks]]:
    """The two AUCs of a target of two values."""
    if images.classes != 2 or "scores" not in columns:
        return
    scores, cells = np.asarray(columns["scores"], np.float64)[:, 1], images.groups * images.classes
    for name, counted in (("balanced_auc", np.ones(cells, bool)), ("conflicting_auc", images.conflicting)):
        if counted is not None:
            yield name, Ranks.of(scores, images.cell, images.target == 1, counted)


def _cells(counts: Floats) -> Floats:
    """Accuracy of every cell, [..., cell]; NaN where one is empty, which makes mean and worst undefined."""
    right = np.diagonal(counts, axis1=-2, axis2=-1)
    return ratio(right, counts.sum(-1)).reshape(*counts.shape[:-3], -1)


def p_value(changes: Floats) -> float:
    """Two-sided p value of a paired change from its replicates: twice the smaller share beyond 0, at least 2/(R + 1).

    >>> p_value(np.array([1.0, 2.0, 3.0])), p_value(np.zeros(3))
    (0.5, 1.0)
    """
    values = changes[~np.isnan(changes)]
    if not len(values):
        return float("nan")
    tail = min(int((values <= 0).sum()), int((values >= 0).sum()))
    return float(min(1.0, 2 * (1 + tail) / (len(values) + 1)))
