"""Statistics of attribution checks: areas under curves, paired comparison with the random map, similarity of maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.measures.regions.weights import even
from fairaudit.ratio import ratio
from fairaudit.seeds import generator

Floats = NDArray[np.float64]


def area_under(curves: ArrayLike) -> Floats:
    """Area under each curve [image, step] over shares 0 … 1 in equal steps, by trapezoids; within the curve's range.

    For deletion lower is better, for insertion higher. RISE: Petsiuk et al. 2018, arXiv:1806.07421, section 4.

    >>> area_under([[1.0, 0.5, 0.0], [1.0, 1.0, 0.0]])
    array([0.5 , 0.75])
    """
    values = np.asarray(curves, np.float64)
    if values.ndim != 2 or values.shape[1] < 2:
        raise ValueError(f"curves must be [image, step] with at least 2 steps, found {list(values.shape)}")
    middle = values[:, 1:-1].sum(axis=1)
    area: Floats = (middle + 0.5 * (values[:, 0] + values[:, -1])) / (values.shape[1] - 1)
    return area


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """How far one value per image lies above another of the same image."""

    mean: float
    """Mean difference; NaN without images."""
    p_value: float
    """One-sided p value against a difference of 0 or less; NaN without images."""
    n: int
    """Images with both values."""


def above(first: ArrayLike, second: ArrayLike, *, seed: int, replicates: int = 4999) -> Paired:
    """Test whether `first` exceeds `second` on the same images, by flipping signs of differences at random.

    p = (1 + #{replicates whose mean is at least the observed one}) / (1 + replicates), valid when differences are
    symmetric about 0 under no effect. Pairs with NaN are left out. With n images p cannot fall below about 2^-n.

    >>> above([1.0] * 10, [0.0] * 10, seed=0).p_value < 0.01, above([0.0] * 10, [1.0] * 10, seed=0).p_value
    (True, 1.0)
    """
    difference = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    difference = difference[~np.isnan(difference)]
    if difference.size == 0:
        return Paired(mean=float("nan"), p_value=float("nan"), n=0)
    signs = generator(seed, "sign flips").choice([-1.0, 1.0], size=(replicates, difference.size))
    observed = difference.mean()
    # Sums in another order differ in the last bit: the observed arrangement itself must count as reached.
    slack = 1e-12 * np.abs(difference).max()
    reached = int(((signs @ difference) / difference.size >= observed - slack).sum())
    return Paired(mean=float(observed), p_value=(1 + reached) / (1 + replicates), n=int(difference.size))


def rank_correlation(first: ArrayLike, second: ArrayLike) -> Floats:
    """Spearman's ρ of two maps per image, [image, …] each: −1 … 1, 1 for the same order, NaN when a map is constant.

    Ties get their mean rank.

    >>> rank_correlation([[1, 2, 3], [1, 2, 3], [1, 2, 3]], [[10, 20, 99], [3, 2, 1], [7, 7, 7]])
    array([ 1., -1., nan])
    """
    left, right = (_ranks(np.asarray(maps, np.float64)) for maps in (first, second))
    if left.shape != right.shape:
        raise ValueError(f"maps of {list(left.shape)} cannot be compared with maps of {list(right.shape)}")
    left, right = left - left.mean(axis=1, keepdims=True), right - right.mean(axis=1, keepdims=True)
    spread = np.sqrt((left**2).sum(axis=1) * (right**2).sum(axis=1))
    return ratio((left * right).sum(axis=1), spread)


def structural_similarity(first: ArrayLike, second: ArrayLike, *, window: int = 7) -> Floats:
    """Mean SSIM of two maps per image, each scaled to a largest magnitude of 1: −1 … 1, NaN when a map is constant.

    Wang et al. 2004, doi:10.1109/TIP.2003.819861, equation 13, with a uniform window, K1 = 0.01, K2 = 0.03 and
    the range 2 of maps in −1 … 1; windows that fit in the image only.

    Args:
        first: [image, row, column].
        second: [image, row, column].
        window: side of the window, at most the shorter side of the maps.
    """
    left, right = (_scaled(np.asarray(maps, np.float64)) for maps in (first, second))
    side = min(window, *left.shape[1:])
    mean_l, mean_r = _local_mean(left, side), _local_mean(right, side)
    # The sample covariance, with n − 1, as in the reference implementation.
    correction = float(ratio(side**2, side**2 - 1)) if side > 1 else 1.0
    var_l = correction * (_local_mean(left**2, side) - mean_l**2)
    var_r = correction * (_local_mean(right**2, side) - mean_r**2)
    both = correction * (_local_mean(left * right, side) - mean_l * mean_r)
    c1, c2 = (0.01 * 2) ** 2, (0.03 * 2) ** 2
    top = (2 * mean_l * mean_r + c1) * (2 * both + c2)
    bottom = (mean_l**2 + mean_r**2 + c1) * (var_l + var_r + c2)
    similarity: Floats = ratio(top, bottom).mean(axis=(1, 2))
    constant = [even(maps.reshape(len(maps), -1)) for maps in (left, right)]
    return np.where(constant[0] | constant[1], np.nan, similarity)


def _ranks(maps: Floats) -> Floats:
    flat = maps.reshape(len(maps), -1)
    ranks = np.empty_like(flat)
    for i, row in enumerate(flat):
        _, place, count = np.unique(row, return_inverse=True, return_counts=True)
        ranks[i] = (np.cumsum(count) - 0.5 * (count - 1))[place]
    return ranks


def _scaled(maps: Floats) -> Floats:
    return ratio(maps, np.abs(maps).max(axis=(1, 2), keepdims=True))


def _local_mean(maps: Floats, side: int) -> Floats:
    sums = np.pad(maps, ((0, 0), (1, 0), (1, 0))).cumsum(axis=1).cumsum(axis=2)
    window = sums[:, side:, side:] - sums[:, :-side, side:] - sums[:, side:, :-side] + sums[:, :-side, :-side]
    mean: Floats = window / side**2
    return mean
