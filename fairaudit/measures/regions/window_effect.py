"""Whether a model reads the group in a window: another group's content there against the own group's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.measures.distributions import student_ppf
from fairaudit.measures.images.means import Labels
from fairaudit.measures.regions.donors import draw_donors
from fairaudit.ratio import ratio
from fairaudit.seeds import generator

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowEffect:
    """Mean over images of |Δ| with another group's content less |Δ| with the own group's, in [−1, 1]."""

    value: float
    """The mean; 0 for a model to which groups are alike there. NaN without images."""
    low: float
    """Lower end of its t interval; NaN for fewer than two images."""
    high: float
    """Upper end."""
    other: float
    """Mean change with another group's content."""
    same: float
    """Mean change with the own group's."""
    n: int
    """Images with both."""


def window_effect(other: ArrayLike, same: ArrayLike, *, level: float = 0.95) -> WindowEffect:
    """Paired mean difference with a t interval over images.

    Args:
        other: size of the score's change per image with another group's content, NaN where undefined.
        same: the same with the own group's content.
        level: coverage of the interval.

    >>> found = window_effect([0.5, 0.3, np.nan], [0.1, 0.1, 0.2])
    >>> round(found.value, 3), found.n  # (0.4 + 0.2) / 2
    (0.3, 2)
    """
    one, two = np.asarray(other, np.float64), np.asarray(same, np.float64)
    known = ~np.isnan(one) & ~np.isnan(two)
    one, two = one[known], two[known]
    n, difference = len(one), one - two
    mean = float(ratio(difference.sum(), n))
    half = np.nan
    if n > 1:
        half = float(student_ppf(0.5 + level / 2, n - 1) * np.std(difference, ddof=1) / np.sqrt(n))
    means = [float(ratio(part.sum(), n)) for part in (one, two)]
    return WindowEffect(value=mean, low=mean - half, high=mean + half, other=means[0], same=means[1], n=n)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Images to be changed and two donors for each, as places among the images; all of one length."""

    rows: Ints
    other: Ints
    """Of the same target value and another group."""
    same: Ints
    """Of the same target value and the same group."""


def draw_pairs(
    group: Labels, target: Labels | None, *, clusters: NDArray[np.integer] | None, most: int, seed: int
) -> Pairs:
    """Up to `most` images with donors, drawn at random; images without both kinds of donors are passed over.

    No image gives to itself or to its own cluster, and of every cluster one image at most is changed, so that the
    changed images are independent.

    Args:
        group: the attribute.
        target: the label; all images are of one value without it.
        clusters: cluster of every image, where there are any.
        most: images at most.
        seed: of the draw.
    """
    codes = np.asarray(group.codes, np.int64)
    donors = draw_donors(group, target, n=len(codes), clusters=clusters, seed=seed)
    units = np.arange(len(codes)) if clusters is None else np.asarray(clusters, np.int64)
    order = generator(seed, "window images", group.name).permutation(len(codes))
    order = order[(donors.other[order] >= 0) & (donors.same[order] >= 0)]
    _, first = np.unique(units[order], return_index=True)
    rows = order[np.sort(first)][:most].astype(np.int64)
    return Pairs(rows=rows, other=donors.other[rows], same=donors.same[rows])
