"""Uncertainty of means over weighted or clustered images, by linearisation: what one sampling unit adds to a ratio.

The mean of a column is a ratio of two sums over units, x̄ = Σ_c x_c / Σ_c n_c, and unit c moves it by (x_c − x̄ n_c) / n.
The covariance of the means is that of these influences. Images are units of their own where nothing is clustered.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from fairaudit.measures.counts.confusion import Floats
from fairaudit.ratio import ratio


class UnitSums(NamedTuple):
    """Sums of every unit that has images."""

    values: csr_array
    """[unit, column] sums of weighted values; sparse, because a unit meets few columns."""
    sizes: Floats
    """[unit] sums of weights."""


def unit_sums(
    values: ArrayLike,
    column: ArrayLike,
    *,
    columns: int,
    weights: ArrayLike | None = None,
    units: ArrayLike | None = None,
) -> UnitSums:
    """Add images up by unit; an image adds to one column.

    Args:
        values: [image] values.
        column: [image] column that the value belongs to; the other columns get 0 from this image.
        columns: number of columns.
        weights: [image] weights; 1 when left out.
        units: [image] units (`partition`); every image its own when left out.

    >>> found = unit_sums([1.0, 2.0, 4.0], [0, 1, 1], columns=2, units=[5, 5, 9])
    >>> found.values.toarray().tolist(), found.sizes.tolist()
    ([[1.0, 2.0], [0.0, 4.0]], [2.0, 1.0])
    """
    raw = np.asarray(values, np.float64)
    weight = np.ones(len(raw)) if weights is None else np.asarray(weights, np.float64)
    if units is None:
        index: NDArray[np.intp] = np.arange(len(raw))
    else:
        index = np.unique(np.asarray(units), return_inverse=True)[1]
    number = int(index.max()) + 1 if index.size else 0
    table = csr_array((raw * weight, (index, np.asarray(column, np.intp))), shape=(number, columns))
    return UnitSums(values=table, sizes=np.bincount(index, weights=weight, minlength=number).astype(np.float64))


def mean_covariance(sums: UnitSums) -> Floats:
    """Covariance of the columns' means Σ_c x_c / Σ_c n_c: [column, column].

    (m−1)/m · Σ_c e_c e_cᵀ / (Σ_c n_c)² over m units with e_c = (x_c − x̄ n_c) / (1 − n_c / Σ n): a unit with much of
    the weight pulls the mean to itself, and dividing by what is left of it (CR3, the jackknife's variance; Bell and
    McCaffrey, 2002) gives back what that hides. For one column, unit weights and images as units this is the familiar
    s²/n. NaN for fewer than two units.

    >>> mean_covariance(unit_sums([1.0, 2.0, 6.0], [0, 0, 0], columns=1)).round(4).tolist()  # s² = 7, n = 3
    [[2.3333]]
    """
    table, sizes = sums.values, sums.sizes
    total = sizes.sum()
    mean = ratio(np.asarray(table.sum(axis=0), np.float64).ravel(), total)
    left = ratio(total, total - sizes)
    table, sizes = table.multiply(left[:, None]).tocsr(), sizes * left
    squares = np.asarray((table.T @ table).toarray(), np.float64)
    cross = np.asarray(table.T @ sizes, np.float64).ravel()
    spread = squares - np.outer(mean, cross) - np.outer(cross, mean) + np.outer(mean, mean) * (sizes @ sizes)
    number = len(sizes)
    return ratio(spread, total**2) * (float(ratio(number - 1, number)) if number > 1 else np.nan)


def normal_draws(covariance: ArrayLike, *, replicates: int, generator: np.random.Generator) -> Floats:
    """Draws of N(0, covariance): [replicate, column], by the symmetric root, so they depend on the covariance alone.

    Args:
        covariance: [column, column].
        replicates: how many.
        generator: source of the draws.

    >>> normal_draws([[4.0]], replicates=20_000, generator=np.random.default_rng(0)).std().round(1).item()
    2.0
    """
    matrix = np.asarray(covariance, np.float64)
    lengths, axes = np.linalg.eigh((matrix + matrix.T) / 2)
    root = (axes * np.sqrt(np.maximum(lengths, 0.0))) @ axes.T
    return np.asarray(generator.standard_normal((replicates, len(matrix))) @ root, np.float64)


def effective_size(p: ArrayLike, variance: ArrayLike, *, most: ArrayLike, units: ArrayLike) -> Floats:
    """Independent images that would give a proportion p the variance it has: p (1 − p) / v, at most `most`.

    At p = 0 or 1, where the variance says nothing, it is the number of units, at most `most` too. 0 where the variance
    is infinite, because too few units determine it.

    Args:
        p: [...] proportions.
        variance: [...] their variances.
        most: [...] largest size: images, or Kish's size of weighted ones.
        units: [...] units behind each proportion.

    >>> effective_size([0.5, 1.0], [0.01, 0.0], most=[100, 100], units=[30, 30]).round(6).tolist()
    [25.0, 30.0]
    """
    share, spread = np.asarray(p, np.float64), np.asarray(variance, np.float64)
    # A variance of rounding errors is none: one unit that always agrees with the rest has residuals of 1e-17.
    certain = ~(spread > 1e-15 * share * (1 - share)) | (share * (1 - share) <= 0)
    size = np.where(certain, np.asarray(units, np.float64), ratio(share * (1 - share), spread))
    return np.minimum(np.asarray(most, np.float64), size)
