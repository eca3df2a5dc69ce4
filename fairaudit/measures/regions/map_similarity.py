"""Similarity of two classifiers' attribution maps of the same images, beside that of maps of different images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.measures.intervals.proportion import percentile
from fairaudit.measures.regions.faithfulness import rank_correlation, structural_similarity
from fairaudit.ratio import ratio

Floats = NDArray[np.float64]
SIMILARITIES = ("map_similarity", "map_similarity_absolute", "map_structural_similarity")
"""Spearman's ρ of signed maps, of their magnitudes, and SSIM of signed maps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Similarity:
    """A mean over images; NaN where there is none."""

    value: float
    """Mean similarity of both classifiers' maps of the same image, −1 … 1; 1 is the same map."""
    low: float
    """Lower end of its interval over images, or over clusters of them."""
    high: float
    """Upper end."""
    n: int
    """Images where both maps vary."""
    chance: float
    """The same of one classifier's map of an image and the other's of the next: what place alone makes alike."""


def similarities(
    first: ArrayLike,
    second: ArrayLike,
    *,
    units: NDArray[np.int64] | None,
    level: float,
    replicates: int,
    generator: np.random.Generator,
) -> dict[str, Similarity]:
    """How alike the maps of two classifiers are, by the three measures that maps are compared by elsewhere.

    The counterfactual alignment paper (A.1) looks at such maps and gives no number; these are the measures of Adebayo
    et al. 2018, arXiv:1810.03292, section 4.

    Args:
        first: [image, row, column] maps of the one classifier.
        second: [image, row, column] of the other, of the same images.
        units: [image] clusters that are sampled whole; None where images are.
        level: coverage of the intervals.
        replicates: of the bootstrap.
        generator: source of its draws.
    """
    left, right = np.asarray(first, np.float64), np.asarray(second, np.float64)
    shifted = np.roll(right, 1, axis=0)
    pairs = {
        "map_similarity": (rank_correlation(left, right), rank_correlation(left, shifted)),
        "map_similarity_absolute": (
            rank_correlation(np.abs(left), np.abs(right)),
            rank_correlation(np.abs(left), np.abs(shifted)),
        ),
        "map_structural_similarity": (structural_similarity(left, right), structural_similarity(left, shifted)),
    }
    return {
        name: _summary(
            same, other if len(left) > 1 else np.full(len(left), np.nan), units, level, replicates, generator
        )
        for name, (same, other) in pairs.items()
    }


def _summary(
    same: Floats,
    other: Floats,
    units: NDArray[np.int64] | None,
    level: float,
    replicates: int,
    generator: np.random.Generator,
) -> Similarity:
    known = np.flatnonzero(~np.isnan(same))
    values = same[known]
    codes = np.arange(len(values)) if units is None else np.unique(units[known], return_inverse=True)[1]
    count = int(codes.max(initial=-1)) + 1
    low = high = np.nan
    if count > 1:
        sums, sizes = np.bincount(codes, values, count), np.bincount(codes, minlength=count)
        picks = generator.integers(0, count, (replicates, count))
        ends = percentile(ratio(sums[picks].sum(axis=1), sizes[picks].sum(axis=1)), level=level)
        low, high = float(ends.low), float(ends.high)
    drawn = other[~np.isnan(other)]
    return Similarity(
        value=float(values.mean()) if len(values) else np.nan,
        low=low,
        high=high,
        n=len(values),
        chance=float(drawn.mean()) if len(drawn) else np.nan,
    )
