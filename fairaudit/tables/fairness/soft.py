"""The papers' measures of predicted probabilities, and how certain they are without drawing a single image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array

from fairaudit.measures.clusters.linearised import UnitSums, mean_covariance, normal_draws
from fairaudit.measures.clusters.partition import effective_units, few_units
from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.counts.paper_measures import PAPER_MEASURES, group_iou, spread
from fairaudit.measures.intervals.proportion import Interval, calibrated, drifting
from fairaudit.ratio import ratio
from fairaudit.results.measurement import Measurement
from fairaudit.seeds import generator
from fairaudit.tables.row import Estimate
from fairaudit.tables.rows import FairnessSpec, lacks_cells, measurement

MOST_CELLS = 1200
"""Group × true class × class at most; beyond, the covariance of the cells is too large and there is no interval."""
DRAWS = 2000
NUMBERS = 4 * 10**6
"""Numbers drawn at most; large tables get fewer draws, never fewer than 400."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftJoint:
    """Mean predicted probabilities by group and true class, with the covariance of these means."""

    joint: Floats
    """[group, true, class], shares of all images."""
    covariance: Floats | None
    """[cell, cell] over the flattened joint; None where there are too many cells or fewer than two units."""
    units: int
    """Units that the covariance rests on."""
    effective: float
    """Units of one size that tell as much (`effective_units`)."""
    clustered: bool
    """Whether units are clusters."""


def sampled_joint(
    group: ArrayLike,
    true: ArrayLike,
    scores: ArrayLike,
    *,
    groups: int,
    classes: int,
    weights: ArrayLike | None = None,
    units: ArrayLike | None = None,
) -> SoftJoint:
    """J[s, t, a] = Σᵢ wᵢ 1[sᵢ=s] 1[tᵢ=t] pᵢ(a) / Σᵢ wᵢ and its linearised covariance over units (`mean_covariance`).

    Args:
        group: [image] codes, −1 unknown (left out).
        true: [image] codes, −1 unknown (left out).
        scores: [image, class] probabilities; rows sum to 1.
        groups: number of groups.
        classes: number of classes.
        weights: [image] weights, or None.
        units: [image] units (`partition`), or None: images.

    >>> found = sampled_joint([0, 0, 1], [1, 1, 0], [[0.25, 0.75], [0.5, 0.5], [1, 0]], groups=2, classes=2)
    >>> (found.joint * 3).round(2)[0, 1].tolist(), found.covariance.shape
    ([0.75, 1.25], (8, 8))
    """
    codes, truth, table = np.asarray(group, np.int64), np.asarray(true, np.int64), np.asarray(scores, np.float64)
    known = (codes >= 0) & (truth >= 0)
    weight = np.ones(len(codes)) if weights is None else np.asarray(weights, np.float64)
    known &= weight > 0
    weight, table = weight[known], table[known] * weight[known, None]
    unit = np.arange(len(weight)) if units is None else np.unique(np.asarray(units)[known], return_inverse=True)[1]
    number, cells = int(unit.max(initial=-1)) + 1, groups * classes * classes
    columns = ((codes[known] * classes + truth[known]) * classes)[:, None] + np.arange(classes)
    values = csr_array((table.ravel(), (np.repeat(unit, classes), columns.ravel())), shape=(number, cells))
    total = weight.sum()  # without images every share is 0, and every measure undefined
    joint = np.nan_to_num(ratio(np.asarray(values.sum(axis=0)).reshape(groups, classes, classes), total))
    sizes = np.bincount(unit, weights=weight, minlength=number).astype(np.float64)
    estimable = number >= 2 and cells <= MOST_CELLS
    return SoftJoint(
        joint=joint,
        covariance=mean_covariance(UnitSums(values=values, sizes=sizes)) if estimable else None,
        units=number,
        effective=float(effective_units(sizes)),
        clustered=units is not None,
    )


def soft_rows(soft: SoftJoint, asked: FairnessSpec, *, n: float, reason: str) -> Iterator[Measurement]:
    """Every measure of the papers from probabilities, as `soft_…`.

    Intervals come from normal draws of the joint with its covariance, widened where units are few (`few_units`); the
    estimates drift upwards, which `drifting` takes off. The spread σ_IOU has a kink where groups do not differ: it is a
    seminorm of the groups' overlaps, so σ(found) ≤ σ(true) + σ(noise), and its low end takes that off (`calibrated`).

    Args:
        soft: the joint.
        asked: names, level, replicates and seed.
        n: images that the joint is of.
        reason: why a measure does not exist, if it does not.
    """
    draws = _drawn(soft, asked)
    for name, measure in PAPER_MEASURES.items():
        value, low, high = float(measure(soft.joint)), np.nan, np.nan
        if name.startswith("iou_") and lacks_cells(soft.joint):
            value = np.nan  # the groups' means over classes are not of the same classes
        elif draws is not None:
            ends = _ends(name, value, draws, soft, asked)
            low, high = float(ends.low), float(ends.high)
        number = Estimate(
            value=value,
            low=low,
            high=high,
            interval="normal-bootstrap",
            unit="cluster" if soft.clustered else "image",
            n=n,
            extra={} if draws is None else {"replicates": len(draws)},
        )
        yield measurement(asked, f"soft_{name}", number, reason=reason)


def _ends(name: str, value: float, draws: Floats, soft: SoftJoint, asked: FairnessSpec) -> Interval:
    drawn, level = PAPER_MEASURES[name](draws), asked.statistics.level
    if name != "iou_std":
        return drifting(value, drawn, drift="up", bounds=(0.0, np.inf), level=level)
    noise = spread(group_iou(draws) - group_iou(soft.joint))
    return calibrated(value, drawn, noise, larger=True, level=level)


def _drawn(soft: SoftJoint, asked: FairnessSpec) -> Floats | None:
    if soft.covariance is None:
        return None
    replicates = min(asked.statistics.replicates, DRAWS, max(400, NUMBERS // soft.joint.size))
    few = few_units(soft.effective, level=asked.statistics.level)
    if few <= 0:
        return None
    widened = soft.covariance / few
    draw = generator(asked.statistics.seed, "soft", asked.attribute)
    noise = normal_draws(widened, replicates=replicates, generator=draw)
    # A cell without images stays without, and a share does not get below 0.
    return np.maximum(0.0, soft.joint + noise.reshape(replicates, *soft.joint.shape) * (soft.joint > 0))
