"""Whether a score of 0.8 means 80 %: reliability curve, expected calibration error and Brier score, per group."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.intervals.proportion import Interval, calibrated, normal_quantile, percentile, wilson
from fairaudit.measures.scores.score_histogram import binned
from fairaudit.measures.scores.scored import scored
from fairaudit.ratio import ratio

BINS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """Images (or their weight) per score bin; two of them add up."""

    images: Floats
    """[group, bin] images."""
    positives: Floats
    """[group, bin] positives among them."""
    score_sum: Floats
    """[group, bin] sum of their scores."""
    squared_error: Floats
    """[group] sum of (score − truth)²."""
    fourth_error: Floats
    """[group] sum of (score − truth)⁴, for the variance of the Brier score."""
    turned_error: Floats
    """[group] sum of (1 − |score − truth|)², what the squared errors would be with the other truth."""
    turned_fourth: Floats
    """[group] sum of (1 − |score − truth|)⁴."""

    def __add__(self, other: Reliability) -> Reliability:
        """The reliability of both sets of images."""
        return Reliability(
            images=self.images + other.images,
            positives=self.positives + other.positives,
            score_sum=self.score_sum + other.score_sum,
            squared_error=self.squared_error + other.squared_error,
            fourth_error=self.fourth_error + other.fourth_error,
            turned_error=self.turned_error + other.turned_error,
            turned_fourth=self.turned_fourth + other.turned_fourth,
        )


def reliability(
    scores: ArrayLike,
    positive: ArrayLike,
    group: ArrayLike,
    *,
    groups: int,
    bins: int = BINS,
    weights: ArrayLike | None = None,
) -> Reliability:
    """Sort images into equally wide score bins (last one closed) per group; images of unknown group are left out.

    Args:
        scores: [image] probabilities of the positive class, in [0, 1].
        positive: [image] bool.
        group: [image] codes.
        groups: number of groups.
        bins: number of bins.
        weights: [image] weights, summed instead of counting images; None counts.

    >>> found = reliability([0.1, 0.9, 0.9], [False, True, False], [0, 0, 0], groups=1, bins=2)
    >>> found.images.tolist(), found.positives.tolist()
    ([[1.0, 2.0]], [[0.0, 1.0]])
    """
    values, truth, codes = scored(scores, positive, group, groups=groups)
    known = codes >= 0
    values, truth, codes = values[known], truth[known], codes[known]
    weight = np.ones(len(values)) if weights is None else np.asarray(weights, np.float64)[known]
    flat = codes * bins + binned(values, bins)
    error = values - truth

    def summed(index: NDArray[np.int64], size: int, values: Floats) -> Floats:
        return np.bincount(index, weights=values * weight, minlength=size).astype(np.float64)

    shape = (groups, bins)
    return Reliability(
        images=summed(flat, groups * bins, np.ones(len(flat))).reshape(shape),
        positives=summed(flat, groups * bins, truth.astype(np.float64)).reshape(shape),
        score_sum=summed(flat, groups * bins, values).reshape(shape),
        squared_error=summed(codes, groups, error**2),
        fourth_error=summed(codes, groups, error**4),
        turned_error=summed(codes, groups, (1 - np.abs(error)) ** 2),
        turned_fourth=summed(codes, groups, (1 - np.abs(error)) ** 4),
    )


def calibration_error(found: Reliability) -> Floats:
    """Expected calibration error per group: Σ_b (n_b/n) |share of positives − mean score| over the bins; [group].

    In [0, 1], lower is better. Biased upwards in small samples (see `calibration_interval`). NaN without images.

    >>> found = reliability([0.75] * 4, [True, True, False, False], [0] * 4, groups=1, bins=2)
    >>> calibration_error(found).tolist()
    [0.25]
    """
    return ratio(np.abs(found.positives - found.score_sum).sum(-1), found.images.sum(-1))


def calibration_interval(
    found: Reliability, *, replicates: int, generator: np.random.Generator, level: float = 0.95
) -> Interval:
    """Interval of the calibration error per group, from resampled bins: [group].

    The low end takes off the larger of what chance adds to a perfectly calibrated model (every bin's positives drawn
    with its mean score) and to one whose bins have the shares that were found, a little less certain; the high end is
    that of images resampled by bin and truth, each with its bin's mean score. See `calibrated`.

    Args:
        found: the binned scores.
        replicates: how many.
        generator: source of the draws.
        level: coverage aimed at.

    >>> found = reliability([0.75] * 400, [True] * 200 + [False] * 200, [0] * 400, groups=1, bins=2)
    >>> low, high = calibration_interval(found, replicates=2000, generator=np.random.default_rng(0))
    >>> round(low.item(), 1), round(high.item(), 1)  # .25, give or take
    (0.2, 0.3)
    """
    value = calibration_error(found)
    mean = np.nan_to_num(ratio(found.score_sum, found.images))
    replicated = _resampled_errors(found, mean, replicates, generator)
    images = np.rint(found.images).astype(np.int64)
    perfect = generator.binomial(images, np.clip(mean, 0, 1), size=(replicates, *images.shape))
    nulls = ratio(np.abs(perfect - images * mean).sum(-1), found.images.sum(-1))
    low, high = calibrated(
        value, replicated, np.maximum(*_sorted(nulls, _noise(found, replicates, generator))), larger=True, level=level
    )
    careful = _resampled_errors(_unsure(found, normal_quantile(level) ** 2 / 2), mean, replicates, generator)
    return Interval(low, np.maximum(high, np.minimum(1.0, percentile(careful, level=level).high)))


def _sorted(*parts: Floats) -> tuple[Floats, ...]:
    return tuple(np.sort(part, axis=0) for part in parts)


def _noise(found: Reliability, replicates: int, generator: np.random.Generator) -> Floats:
    """What chance adds at most to the error of bins with the shares that were found: [replicate, group]."""
    images = np.rint(found.images).astype(np.int64)
    share = np.nan_to_num(ratio(found.positives + 1, found.images + 2))
    drawn = generator.binomial(images, share, size=(replicates, *images.shape))
    return ratio(np.abs(drawn - images * share).sum(-1), found.images.sum(-1))


def _resampled_errors(found: Reliability, mean: Floats, replicates: int, generator: np.random.Generator) -> Floats:
    """Calibration error of images drawn by bin and truth: [replicate, group]."""
    cells = np.concatenate([found.images - found.positives, found.positives], axis=-1)
    total = cells.sum(-1)
    shares = np.where(total[:, None] > 0, np.nan_to_num(ratio(cells, total[:, None])), 1 / cells.shape[-1])
    drawn = generator.multinomial(np.rint(total).astype(np.int64), shares, size=(replicates, len(total)))
    negative, positive = np.split(drawn, 2, axis=-1)
    return np.asarray(ratio(np.abs(positive - (negative + positive) * mean).sum(-1), total), np.float64)


def _unsure(found: Reliability, pseudo: float) -> Reliability:
    """The same bins where every image has its other truth with a small probability."""
    total = found.images.sum(-1, keepdims=True)
    share = pseudo / (total + 2 * pseudo)
    return replace(found, positives=(1 - share) * found.positives + share * (found.images - found.positives))


def brier(found: Reliability, *, z: float) -> tuple[Floats, Interval]:
    """Brier score per group, mean of (score − truth)², with its interval, clipped to [0, 1]; [group].

    Normal, with the room that rare errors need: few images of a sure model hold none or one of its errors, and their
    variance is then too small. So the high end is the larger of the normal one and of the one around images each of
    which has, with probability m / (n + 2 m) and m = z²/2, its other truth (`blurred`). In [0, 1], lower is better. NaN
    without images; no interval for one image.

    >>> value, _ = brier(reliability([0.5, 1.0], [True, False], [0, 0], groups=1), z=1.96)
    >>> value.tolist()
    [0.625]
    """
    n = found.images.sum(-1)
    value = ratio(found.squared_error, n)
    variance = ratio(np.maximum(0.0, ratio(found.fourth_error, n) - value**2), n - 1)
    half = z * np.sqrt(np.where(n > 1, variance, np.nan))
    high = np.maximum(value + half, blurred_brier(found, n, z=z))
    return value, Interval(np.maximum(0.0, value - half), np.minimum(1.0, high))


def blurred_brier(found: Reliability, size: ArrayLike, *, z: float) -> Floats:
    """Upper end of the Brier score where every image has, with a small probability, its other truth: [group].

    Args:
        found: the binned scores.
        size: [group] images that those at hand are worth.
        z: normal quantile.

    >>> sure = reliability([0.0] * 30, [False] * 30, [0] * 30, groups=1)  # no error in 30: Wilson's end is 0.11
    >>> blurred_brier(sure, [30.0], z=1.96).round(2).tolist()
    [0.14]
    """
    n, worth = found.images.sum(-1), np.asarray(size, np.float64)
    share = ratio(z**2 / 2, worth + z**2)
    mean, square = (
        (1 - share) * ratio(own, n) + share * ratio(turned, n)
        for own, turned in ((found.squared_error, found.turned_error), (found.fourth_error, found.turned_fourth))
    )
    return np.asarray(mean + z * np.sqrt(np.maximum(0.0, ratio(square - mean**2, worth))), np.float64)


def reliability_curve(
    found: Reliability, *, sizes: ArrayLike | None = None, level: float = 0.95
) -> tuple[Floats, Floats, Interval]:
    """Mean score and share of positives of every bin, and Wilson's interval of the share: [group, bin], NaN if empty.

    Args:
        found: the binned scores.
        sizes: [group, bin] images that the shares are worth where images are weighted or clustered (`bin_sizes`).
        level: coverage of the intervals.

    >>> found = reliability([0.75] * 4, [True, True, False, False], [0] * 4, groups=1, bins=2)
    >>> [part[0, 1].item() for part in reliability_curve(found)[:2]]
    [0.75, 0.5]
    """
    share = ratio(found.positives, found.images)
    worth = found.images if sizes is None else np.asarray(sizes, np.float64)
    low, high = wilson(np.nan_to_num(share) * worth, worth, level=level)
    empty = found.images == 0
    ends = Interval(np.where(empty, np.nan, low), np.where(empty, np.nan, high))
    return ratio(found.score_sum, found.images), share, ends
