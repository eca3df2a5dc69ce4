"""Where does a model look differently at different groups? Windows found without a given region.

Two questions, each over windows of several sizes and places, with the family-wise error over all of them controlled by
the permutation distribution of the largest statistic (max-T, Westfall & Young 1993):

* `group_differences`: is the relevance share of a window different between groups, within target values?
* `concentrations`: does a window hold more relevance than its area, whatever the group?

A difference is not yet a fault: a necktie that is there draws relevance as any object may, and many images make any
trace of it significant. So a difference must also be large, and what is found are candidates: `window_effect` tells
whether the model's score follows what the groups show there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairaudit.measures.clusters.partition import partition
from fairaudit.measures.images.means import Labels
from fairaudit.measures.regions.discovery_nulls import (
    Searched,
    arrange,
    between_groups,
    group_sums,
    least_p,
    nulls,
    sum_of_squares,
    total_squares,
)
from fairaudit.measures.regions.windows import Floats, Ints, Windows, apart
from fairaudit.ratio import ratio

LEAST = 0.5
"""Smallest difference that is reported, in units of the window's area: 0.5 is a relevance lift of 1.5 against 1."""
EXPLAINED = 0.14
"""Smallest η² that is reported: a large effect. Cohen 1988, Statistical Power Analysis, section 8.2."""
REPLICATES = 1000
"""Permutations by default; the smallest p value is 1 / 1001."""
FEWEST = 299
"""Permutations at least, where there are many groups and target values; the smallest p value is then 1 / 300."""
_BUDGET = 10**7  # strata × windows × permutations of one search


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundWindow:
    """One window, with what was found there."""

    box: tuple[float, float, float, float]
    """x0, y0, x1, y1 as shares of the width and height."""
    statistic: float
    """η², the share of the variance within target values that groups explain; for a concentration, z."""
    p_value: float
    """Probability of so large a statistic in any window if there is nothing to find."""
    area_share: float
    """Share of the image."""
    mean_share: float
    """Mean relevance share of all images."""
    group_shares: tuple[float, ...]
    """Mean relevance share per group, the mean over target values; empty for a concentration."""
    contrast: float
    """Largest difference in size between a group and the others within a target value; NaN for a concentration."""
    where: tuple[str, str] | None
    """Group and target value of that contrast."""


def group_differences(
    grids: NDArray[np.floating],
    shapes: Windows,
    *,
    group: Labels,
    target: Labels | None,
    generator: np.random.Generator,
    clusters: NDArray[np.integer] | None = None,
    replicates: int | None = None,
    level: float = 0.05,
    least: float = LEAST,
    explained: float = EXPLAINED,
    limit: int = 5,
    each: int | None = None,
) -> list[FoundWindow]:
    """Windows whose relevance share differs between groups, best first, none overlapping a better one much.

    η²_w = Σ_tg n_tg (m_tgw − m_tw)² / Σ_t Σ_{i∈t} (s_iw − m_tw)², with s_iw the share of image i in window w: the
    analysis-of-variance statistic within target values t. It sums over cells, so relevance that is for the class in
    one cell and against it in another adds up, and takes any number of groups. Group labels are permuted within target
    values; every window is compared with the largest η² of each permutation.

    With clusters the labels of whole clusters are permuted, and where groups or target values vary within clusters the
    signs of whole clusters' shares less those of their target value are turned, as for contrasts of regions
    (`cluster_means.contrast_nulls`). None are found where so few clusters cannot give a p value of `level`
    (`too_few_clusters`).

    Args:
        grids: relevance shares `[image, cells, cells]`; images with NaN, and of unknown group, are left out.
        shapes: the windows to try.
        group: the protected attribute.
        target: the label; all images in one stratum without it.
        generator: source of the permutations.
        clusters: cluster of every image, −1 unknown; None where images are the units.
        replicates: permutations; by default `REPLICATES`, down to `FEWEST` where there are many strata.
        level: windows with a larger p value are left out.
        least: windows are left out in which no group's share differs from the others', within a target value, by this
            many times the window's area.
        explained: windows with a smaller η² are left out.
        limit: most windows returned.
        each: most windows of every size instead: small windows explain the most, large ones do the most.
    """
    data = arrange(grids, group, target, clusters)
    if data is None or least_p(data) > level:
        return []
    total = total_squares(data, shapes)
    estimate = ratio(between_groups(shapes, group_sums(data, data.group[None]))[0], total)
    size = data.strata * len(shapes.bounds)
    replicates = max(FEWEST, min(REPLICATES, _BUDGET // max(1, size))) if replicates is None else replicates
    p_values = np.zeros(len(shapes.bounds))
    for between in nulls(data, shapes, replicates, generator):
        p_values = np.maximum(p_values, _against(estimate, np.nanmax(ratio(between, total), axis=1, initial=0.0)))
    contrast = _contrasts(data, shapes)
    large = np.nanmax(np.abs(contrast), axis=(0, 1), initial=0.0) >= least * shapes.area()
    large &= np.nan_to_num(estimate) >= explained
    chosen = _best(shapes, estimate, np.where(large, p_values, np.nan), level, limit, each)
    return [_difference(data, shapes, number, estimate, p_values, group, target) for number in chosen]


def concentrations(
    grids: NDArray[np.floating],
    shapes: Windows,
    *,
    generator: np.random.Generator,
    clusters: NDArray[np.integer] | None = None,
    replicates: int = REPLICATES,
    level: float = 0.05,
    limit: int = 5,
) -> list[FoundWindow]:
    """Windows that hold more relevance than their area, over all images, those that hold the most above it first.

    z_w = Σ_i d_iw / √Σ_i d_iw² with d = share − area share. The signs of whole images are flipped, so windows keep
    their dependence; every window is compared with the largest z of each flip. With clusters d is added up in each of
    them first, and the signs are those of clusters.

    Args:
        grids: relevance shares that sum to 1 per image (`positive` or `absolute`); images with NaN are left out.
        shapes: the windows to try.
        generator: source of the sign flips.
        clusters: cluster of every image, −1 unknown; None where images are the units.
        replicates: sign flips.
        level: windows with a larger p value are left out.
        limit: most windows returned.
    """
    there = ~np.isnan(grids).any(axis=(1, 2))
    known = np.asarray(grids, np.float64)[there]
    if not len(known):
        return []
    excess = known - 1 / shapes.cells**2
    units = None if clusters is None else partition(np.asarray(clusters)[there])
    if units is not None:
        excess = _added(excess, units)
        if 2.0 ** -len(excess) > level:
            return []
    spread = np.sqrt(sum_of_squares(excess, shapes))
    estimate = ratio(shapes.sums(excess.sum(axis=0)), spread)
    signs = generator.integers(0, 2, (replicates, len(excess)), dtype=np.int8) * 2.0 - 1.0
    flipped = (signs @ excess.reshape(len(excess), -1)).reshape(replicates, *excess.shape[1:])
    largest = np.nanmax(ratio(shapes.sums(flipped), spread), axis=1, initial=0.0)
    p_values = _against(estimate, largest)
    mean = shapes.sums(known.mean(axis=0))
    above = mean - shapes.area()  # z cannot tell windows apart that all images agree on: it is √n for each of them
    return [
        FoundWindow(
            box=_box(shapes, number),
            statistic=float(estimate[number]),
            p_value=float(p_values[number]),
            area_share=float(shapes.area()[number]),
            mean_share=float(mean[number]),
            group_shares=(),
            contrast=float("nan"),
            where=None,
        )
        for number in _best(shapes, above, p_values, level, limit)
    ]


def too_few_clusters(
    grids: NDArray[np.floating],
    clusters: NDArray[np.integer] | None,
    *,
    group: Labels | None = None,
    target: Labels | None = None,
    level: float = 0.05,
) -> str | None:
    """Why no window can be found, whatever it shows: so few clusters give no p value of `level`; None where they can.

    Args:
        grids: relevance shares, as they are searched.
        clusters: cluster of every image, or None.
        group: the attribute whose groups are compared; a concentration is looked for without.
        target: the label.
        level: p value that a window must reach.
    """
    if group is not None:
        data = arrange(grids, group, target, clusters)
        if data is None or data.units is None:
            return None
        units, least = data.units, least_p(data)
    else:
        there = ~np.isnan(grids).any(axis=(1, 2))
        found = None if clusters is None else partition(np.asarray(clusters)[there])
        if found is None:
            return None
        units, least = found, 2.0 ** -(int(found.max()) + 1)
    if least <= level:
        return None
    return (
        f"{int(units.max()) + 1} clusters are too few: their smallest p value is {least:.2g}, and {level:g} is needed"
    )


def _contrasts(data: Searched, shapes: Windows) -> Floats:
    """Mean share of each group less that of the others, `[target, group, window]`."""
    total, count = group_sums(data, data.group[None])
    inside = shapes.sums(total[0].reshape(data.targets, data.groups, shapes.cells, shapes.cells))
    others = inside.sum(axis=1, keepdims=True) - inside
    images = count[0]
    rest = ratio(others, (images.sum(axis=1, keepdims=True) - images)[..., None])
    return np.asarray(ratio(inside, images[..., None]) - rest)


def _added(grids: Floats, units: Ints) -> Floats:
    found = np.zeros((int(units.max()) + 1, *grids.shape[1:]))
    np.add.at(found, units, grids)
    return found


def _against(estimate: Floats, largest: Floats) -> Floats:
    extreme = np.searchsorted(np.sort(largest), np.nan_to_num(estimate) - 1e-12)
    return np.where(np.isnan(estimate), np.nan, (1 + len(largest) - extreme) / (1 + len(largest)))


def _best(
    shapes: Windows, estimate: Floats, p_values: Floats, level: float, limit: int, each: int | None = None
) -> list[int]:
    passing = np.flatnonzero(p_values <= level)
    order = passing[np.argsort(-estimate[passing], kind="stable")]
    if each is None:
        return apart(shapes, order.tolist(), limit=limit)
    sides = (shapes.bounds[order, 2:] - shapes.bounds[order, :2]).min(axis=1)
    kept = {number for side in np.unique(sides) for number in apart(shapes, order[sides == side].tolist(), limit=each)}
    return [number for number in order.tolist() if number in kept]


def _box(shapes: Windows, number: int) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = shapes.fractions()[number].tolist()
    return x0, y0, x1, y1


def _difference(
    data: Searched,
    shapes: Windows,
    number: int,
    estimate: Floats,
    p_values: Floats,
    group: Labels,
    target: Labels | None,
) -> FoundWindow:
    only = Windows(bounds=shapes.bounds[number : number + 1], cells=shapes.cells)
    total, count = group_sums(data, data.group[None])
    inside = only.sums(total[0].reshape(data.targets, data.groups, shapes.cells, shapes.cells))[..., 0]
    means = ratio(inside, count[0])
    contrast = _contrasts(data, only)[..., 0]
    value, name = np.unravel_index(int(np.nanargmax(np.abs(contrast))), contrast.shape)
    shares = ratio(np.nansum(means, axis=0), (~np.isnan(means)).sum(axis=0))
    return FoundWindow(
        box=_box(shapes, number),
        statistic=float(estimate[number]),
        p_value=float(p_values[number]),
        area_share=float(only.area()[0]),
        mean_share=float(ratio(inside.sum(), count.sum())),
        group_shares=tuple(shares.tolist()),
        contrast=float(contrast[value, name]),
        where=(group.values[name], "" if target is None else target.values[value]),
    )
