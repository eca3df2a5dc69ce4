"""How much of a relevance map falls into a region: one number per image, from maps of any tool.

Maps are signed, `[image, row, column]`; masks are boolean, one per image or one `[row, column]` for all. A *convention*
turns the signed relevance R into the weights p that a region is measured by:

* `positive` (default): p = max(R, 0), the evidence for the explained class;
* `absolute`: p = |R|, evidence for and against it alike (what the published program computes);
* `paper`: p = (R + m) / 2m with m = max|R| of the image, so 0.5 is neutral (what the paper's figures show).

A map that ignores the region has a relevance fraction equal to the region's share of the pixels, so read `rrf_lift`
(1 is chance) beside `rrf`. Under `paper` the neutral 0.5 of every pixel pulls the lift towards 1. A map without weight
(all zero; under `positive`, nothing above zero) has no relevance to share, and a map that is the same number everywhere
prefers no place, so that its lift would be exactly 1 whatever the model does: every metric is then NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.errors import UsageError, suggestion
from fairaudit.measures.regions.weights import CONVENTIONS, Bools, Convention, Floats, arrange, blocks, even, weigh
from fairaudit.ratio import ratio

HIGH = 0.1
"""A pixel is highly relevant above this share of the image's largest relevance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionScores:
    """The region metrics of every image, each `[image]`, NaN where undefined."""

    rrf: Floats
    """Relevance fraction: share of all weight that lies in the region."""
    rrf_lift: Floats
    """Relevance fraction over area share; 1 is chance."""
    high_relevance_fraction: Floats
    """Share of the region's pixels that are highly relevant."""
    inside_outside_ratio: Floats
    """Mean weight inside over mean weight outside; 1 is chance."""
    pointing_game: Floats
    """1 where the most relevant pixel is in the region, 0 where not."""
    rank_accuracy: Floats
    """Share of the |R| most relevant pixels that lie in the region."""
    area_share: Floats
    """Share of the image's pixels that the region has."""

    def columns(self) -> dict[str, Floats]:
        """Name → values, in the order of the fields; the area of a region that an image does not have is NaN."""
        found = {item.name: getattr(self, item.name) for item in fields(self)}
        # Means of areas say how large the region is where it is: half a batch without one does not make it small.
        return {**found, "area_share": np.where(self.area_share > 0, self.area_share, np.nan)}


def score_regions(
    maps: ArrayLike,
    masks: ArrayLike,
    *,
    convention: Convention = "positive",
    tolerance: int = 0,
    high: float = HIGH,
) -> RegionScores:
    """All region metrics of every image in one pass over the maps.

    Args:
        maps: signed relevance `[image, row, column]`.
        masks: True inside the region, `[image, row, column]` or `[row, column]`.
        convention: how relevance becomes weights.
        tolerance: pixels by which the pointing game may miss the region (Euclidean distance).
        high: share of the largest relevance above which a pixel is highly relevant.

    Raises:
        DataError: shapes do not fit, or a map holds a value that is not finite.
        UsageError: an unknown convention, or a tolerance or share out of range.

    >>> scores = score_regions([[[3.0, 1.0], [0.0, -4.0]]], [[True, False], [False, False]])
    >>> scores.rrf, scores.rrf_lift, scores.rank_accuracy
    (array([0.75]), array([3.]), array([1.]))
    """
    if tolerance < 0 or not 0 <= high < 1:
        raise UsageError(
            "The pointing game or the high-relevance fraction has a limit out of range",
            wanted="tolerance >= 0 and 0 <= high < 1",
            found=f"tolerance {tolerance}, high {high}",
        )

    def metrics(block: _Block) -> list[Floats]:
        return [
            _rrf(block),
            _lift(block),
            _high(block, high),
            _inside_outside(block),
            _pointing(block, tolerance),
            _rank(block),
            block.share,
        ]

    names = [item.name for item in fields(RegionScores)]
    return RegionScores(**dict(zip(names, _per_image(metrics, maps, masks, convention), strict=True)))


def rrf(maps: ArrayLike, masks: ArrayLike, *, convention: Convention = "positive") -> Floats:
    """Rectangle relevance fraction, RRF = Σ_{ij∈R} p_ij / Σ_ij p_ij, per image and for a region of any shape.

    In [0, 1]; chance is the region's area share. It does not change with the map's scale; region and complement sum
    to 1; disjoint regions add. NaN for a map without weight or the same everywhere; 0 for an empty region.
    Fairness for the Right Reasons, eq. (1).

    >>> rrf([[[3.0, 1.0], [0.0, -4.0]]], [[True, False], [False, True]], convention="absolute")
    array([0.875])
    """
    return _per_image(lambda block: [_rrf(block)], maps, masks, convention)[0]


def rrf_lift(maps: ArrayLike, masks: ArrayLike, *, convention: Convention = "positive") -> Floats:
    """RRF over the region's area share |R| / HW: how many times more relevance than an even map would put there.

    In [0, HW / |R|], 1 is chance. NaN for a map without weight or the same everywhere, for an empty region, and for one
    that is the whole image, whose lift would be 1 whatever the map.

    >>> rrf_lift([[[3.0, 1.0], [0.0, -4.0]]], [[True, False], [False, False]])
    array([3.])
    """
    return _per_image(lambda block: [_lift(block)], maps, masks, convention)[0]


def high_relevance_fraction(
    maps: ArrayLike, masks: ArrayLike, *, convention: Convention = "positive", high: float = HIGH
) -> Floats:
    """Share of the region's pixels whose relevance exceeds `high` times the image's largest.

    The largest is max(R) under `positive` and max|R| otherwise; `paper` asks R > high · max|R|, which is
    p > (1 + high) / 2. In [0, 1]. NaN for a map without weight or the same everywhere, and for an empty region.

    >>> high_relevance_fraction([[[3.0, 1.0], [0.2, -4.0]]], [[True, False], [True, False]])
    array([0.5])
    """
    return _per_image(lambda block: [_high(block, high)], maps, masks, convention)[0]


def inside_outside_ratio(maps: ArrayLike, masks: ArrayLike, *, convention: Convention = "positive") -> Floats:
    """Mean weight inside the region over mean weight outside it.

    In [0, ∞), 1 is chance. NaN where the outside has no pixel or no weight, and for an empty region.

    >>> inside_outside_ratio([[[3.0, 1.0], [0.0, 2.0]]], [[True, False], [False, False]])
    array([3.])
    """
    return _per_image(lambda block: [_inside_outside(block)], maps, masks, convention)[0]


def pointing_game(
    maps: ArrayLike, masks: ArrayLike, *, convention: Convention = "positive", tolerance: int = 0
) -> Floats:
    """1 where the most relevant pixel lies in the region, or within `tolerance` pixels of it, else 0.

    Several equally relevant pixels count with the share of them that hits, the expectation of picking one at random.
    NaN for a map without weight or the same everywhere, and for an empty region. Zhang et al. 2018 (excitation
    backprop) allow 15 pixels.

    >>> pointing_game([[[3.0, 1.0], [0.0, 2.0]]], [[False, True], [False, False]], tolerance=1)
    array([1.])
    """
    return _per_image(lambda block: [_pointing(block, tolerance)], maps, masks, convention)[0]


def rank_accuracy(maps: ArrayLike, masks: ArrayLike, *, convention: Convention = "positive") -> Floats:
    """Relevance-rank accuracy: share of the |R| most relevant pixels that lie in the region (Arras et al. 2022).

    In [0, 1], chance is the area share. Pixels tied at the threshold count with the share of them that is inside, the
    expectation of breaking the tie at random. NaN for a map without weight or the same everywhere, and for an empty
    region.

    >>> rank_accuracy([[[3.0, 1.0], [0.0, 2.0]]], [[True, True], [False, False]])
    array([0.5])
    """
    return _per_image(lambda block: [_rank(block)], maps, masks, convention)[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """A few images with their pixels in one axis, and what every metric needs of them."""

    weights: Floats  # [image, pixel], p of the convention; NaN rows where it is undefined
    mask: Bools  # [image or 1, pixel]
    width: int
    inside: Floats  # [image], weight in the region
    outside: Floats
    share: Floats  # [image], area share
    area: NDArray[np.int64]
    neutral: Floats  # [image], weight of a pixel without relevance
    peak: Floats  # [image], weight of a pixel with the largest relevance that counts


def _per_image(
    metrics: Callable[[_Block], list[Floats]], maps: ArrayLike, masks: ArrayLike, convention: Convention
) -> list[Floats]:
    if convention not in CONVENTIONS:
        raise UsageError(
            f'There is no relevance convention called "{convention}"', advice=suggestion(convention, CONVENTIONS)
        )
    values, inside = arrange(maps, masks)
    found = [
        metrics(_block(values[part], inside[part] if len(inside) > 1 else inside, convention, part.start))
        for part in blocks(len(values), values.shape[1] * values.shape[2])
    ]
    if not found:
        return metrics(_block(values, inside[:0] if len(inside) > 1 else inside, convention, 0))
    return [np.concatenate(column) for column in zip(*found, strict=True)]


def _block(maps: NDArray[np.floating], masks: Bools, convention: Convention, start: int) -> _Block:
    count, height, width = maps.shape
    weights, neutral = weigh(maps.reshape(count, height * width), convention, first=start)
    if convention == "absolute":  # evidence of one size, for here and against there
        weights[even(weights)] = 0.0
    mask = masks.reshape(len(masks), height * width)
    area = np.broadcast_to(mask.sum(axis=1), (count,))
    if len(mask) == 1:
        inside, outside = weights @ mask[0].astype(np.float64), weights @ (~mask[0]).astype(np.float64)
    else:
        inside, outside = np.vecdot(weights, mask.astype(np.float64)), np.vecdot(weights, (~mask).astype(np.float64))
    peak = np.ones(count) if convention == "paper" else weights.max(axis=1, initial=0.0)
    return _Block(
        weights=weights,
        mask=mask,
        width=width,
        inside=inside,
        outside=outside,
        share=ratio(area, height * width),
        area=area,
        neutral=neutral,
        peak=np.where(inside + outside > 0, peak, np.nan),
    )


def _lift(block: _Block) -> Floats:
    return np.where(block.share < 1, ratio(_rrf(block), block.share), np.nan)


def _rrf(block: _Block) -> Floats:
    return ratio(block.inside, block.inside + block.outside)


def _inside_outside(block: _Block) -> Floats:
    pixels = block.weights.shape[1]
    return ratio(ratio(block.inside, block.area), ratio(block.outside, pixels - block.area))


def _high(block: _Block, high: float) -> Floats:
    limit = block.neutral + high * (block.peak - block.neutral)
    count = ((block.weights > limit[:, None]) & block.mask).sum(axis=1)
    return np.where(np.isnan(limit), np.nan, ratio(count, block.area))


def _pointing(block: _Block, tolerance: int) -> Floats:
    top = np.where(np.isnan(block.peak), np.nan, block.weights.max(axis=1, initial=0.0))
    image, pixel = np.nonzero(block.weights == top[:, None])
    row, column = np.divmod(pixel, block.width)
    height = block.mask.shape[1] // max(1, block.width)
    mask_of = image if len(block.mask) > 1 else np.zeros_like(image)
    hit = np.zeros(len(image), bool)
    for down, right in _disk(tolerance):
        y, x = row + down, column + right
        valid = (y >= 0) & (y < height) & (x >= 0) & (x < block.width)
        hit[valid] |= block.mask[mask_of[valid], y[valid] * block.width + x[valid]]
    hits = np.bincount(image, weights=hit, minlength=len(block.weights))
    undefined = np.isnan(block.peak) | (block.area == 0)
    return np.where(undefined, np.nan, ratio(hits, np.bincount(image, minlength=len(block.weights))))


def _disk(radius: int) -> list[tuple[int, int]]:
    span = range(-radius, radius + 1)
    return [(y, x) for y in span for x in span if y * y + x * x <= radius * radius]


def _rank(block: _Block) -> Floats:
    threshold = np.full(len(block.weights), np.nan)
    defined = ~np.isnan(block.peak) & (block.area > 0)
    pixels = block.weights.shape[1]
    for size in np.unique(block.area[defined]):
        rows = defined & (block.area == size)
        threshold[rows] = np.partition(block.weights[rows], pixels - size, axis=1)[:, pixels - size]
    above = block.weights > threshold[:, None]
    tied = block.weights == threshold[:, None]
    above_inside, tied_inside = (above & block.mask).sum(axis=1), (tied & block.mask).sum(axis=1)
    places = block.area - above.sum(axis=1)  # how many of the tied pixels are among the |R| most relevant ones
    return ratio(above_inside + ratio(tied_inside, tied.sum(axis=1)) * places, np.where(defined, block.area, 0))
