"""What an interval must leave room for where the images at hand do not vary: cells that are all right, or all wrong.

Resampling three hits of three gives three hits again, so a bootstrap calls the rate certain. What is made of several
rates gets the room here that Clopper and Pearson's exact intervals leave each of them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.counts.rates import Rate
from fairaudit.measures.intervals.proportion import Interval, exact, normal_quantile
from fairaudit.measures.intervals.score_ratio import ratio_bound
from fairaudit.ratio import ratio


def blurred(counts: ArrayLike, *, pseudo: float, decisions: int = 1) -> Floats:
    """Counts to draw careful replicates from: every decision is, with a small probability, another one.

    In a cell of n images that probability is λ = m / (n + 2m), spread evenly over the other classes. With two
    classes and m = z²/2 a rate k/n becomes (k + z²/2) / (n + z²), the centre of Wilson's interval (Agresti and Coull,
    1998); with two models and m = 1 about one image is added to either side of a change (Bonett and Price, 2012).
    Cells keep their sizes. The difference vanishes with 1/n.

    Args:
        counts: [group, true, decision…] images, or what they are worth.
        pseudo: m, images added to either side.
        decisions: axes of decisions, one for each model.

    >>> blurred([[[3, 0], [0, 100]]], pseudo=2.0).round(3).tolist()  # 3 · 5/7 and 100 · 102/104
    [[[2.143, 0.857], [1.923, 98.077]]]
    """
    table = np.asarray(counts, np.float64)
    axes = tuple(range(-decisions, 0))
    size = table.sum(axes, keepdims=True)
    share = np.where(size > 0, pseudo / (size + 2 * pseudo), 0.0)
    for axis in axes:
        others = ratio(table.sum(axis, keepdims=True) - table, table.shape[axis] - 1)
        table = (1 - share) * table + share * others
    return table


def widened(value: ArrayLike, ends: Interval, missing: Interval) -> Interval:
    """An interval with variance added on both sides, as squared lengths; ends at the estimate stay with it.

    >>> [float(end) for end in widened(0.5, Interval(0.2, 0.8), Interval(0.16, 0.0))]
    [0.0, 0.8]
    """
    point = np.asarray(value, np.float64)
    low = point - np.sqrt((point - ends.low) ** 2 + missing.low)
    high = point + np.sqrt((ends.high - point) ** 2 + missing.high)
    return Interval(low, high)


def missing(sized: Rate, *, level: float, carry: Callable[[Floats], Floats] | None = None) -> Interval:
    """By how much the squared sides of the exact interval exceed those of the normal one, at least 0: [...], [...].

    A bootstrap of a rate has the normal interval's sides. What they lack at rates near 0 and 1 adds up over cells like
    variances (Zou and Donner, 2008): nothing for large cells in between, everything for a cell that is all right.

    Args:
        sized: rates at their effective sizes.
        level: coverage.
        carry: increasing function of the rate that the interval is wanted for; the rate itself when left out.

    >>> low, high = missing(Rate(np.array([3.0]), np.array([3.0])), level=0.95)
    >>> np.sqrt(low).round(3).tolist(), high.tolist()  # the exact [0.292, 1] and the normal [1, 1]
    ([0.708], [0.0])
    """
    carried = carry or (lambda rates: rates)
    p = np.nan_to_num(sized.value)
    low, high = exact(sized.numerator, sized.denominator, level=level)
    half = normal_quantile(level) * np.sqrt(np.maximum(np.nan_to_num(ratio(p * (1 - p), sized.denominator)), 0.0))
    point, below, above = carried(p), carried(np.maximum(p - half, 0.0)), carried(np.minimum(p + half, 1.0))
    return Interval(
        np.maximum(0.0, (point - carried(low)) ** 2 - (point - below) ** 2),
        np.maximum(0.0, (carried(high) - point) ** 2 - (above - point) ** 2),
    )


def overall_gap(own: Rate, rest: Rate, share: Floats, *, level: float) -> float:
    """Upper end of the largest gap between a group and all images: max (1 − w) |r_g − r_rest|.

    A group's gap to all is the gap to the others, r_g − r = (1 − w) (r_g − r_rest), w its share, and these are two
    independent rates (Newcombe 1998). The largest upper end holds for whichever group is truly farthest away.

    Args:
        own: [..., group] rates at effective sizes.
        rest: [..., group] the same rate of all other groups together.
        share: [..., group] share of the group in the rate's denominator.
        level: coverage.

    >>> three = Rate(np.array([3.0, 3.0]), np.array([3.0, 3.0]))
    >>> round(overall_gap(three, three, np.array([0.5, 0.5]), level=0.95), 3)  # half of 1 − 0.292
    0.354
    """
    ends = [_newcombe(*pair, level=level)[1] for pair in ((own, rest), (rest, own))]
    return float(np.nanmax((1 - share) * np.maximum(*ends), initial=0.0))


def overall_ratio(own: Rate, rest: Rate, share: Floats, *, level: float) -> float:
    """Lower end of the smallest ratio between a group and all images, min(r_g / r, r / r_g).

    Arguments as `overall_gap`. With ρ = r_rest / r_g it is min(1 / (w + (1 − w) ρ), w + (1 − w) ρ), and ρ has Koopman's
    score interval, or where every image counts the exact interval of the one group or the other.

    >>> three = Rate(np.array([3.0, 3.0]), np.array([3.0, 3.0]))
    >>> round(overall_ratio(three, three, np.array([0.5, 0.5]), level=0.95), 2)  # ρ ≤ 1 / 0.292: 1 / (0.5 + 0.5 · 3.42)
    0.45
    """
    z = normal_quantile(level)
    counts = (rest.numerator, rest.denominator, own.numerator, own.denominator)
    high, low = (ratio_bound(*counts, z=z, upper=upper) for upper in (True, False))
    certain = (own.numerator >= own.denominator) & (rest.numerator >= rest.denominator)
    bottoms = [exact(part.numerator, part.denominator, level=level).low for part in (own, rest)]
    high = np.where(certain, np.maximum(high, ratio(1, bottoms[0])), high)
    low = np.where(certain, np.minimum(low, bottoms[1]), low)
    with np.errstate(invalid="ignore"):
        most, least = share + (1 - share) * high, share + (1 - share) * low
    ends = np.minimum(np.where(np.isinf(most), 0.0, ratio(1, most)), least)
    return float(np.nanmin(np.where(share < 1, ends, 1.0), initial=1.0))


def average_gap(sized: Rate, *, level: float) -> float:
    """Upper end of the mean over rates of the largest gap between groups, for the class where it is largest.

    Every rate's gap counts with the pair of groups that leaves most room; rates are of different images, so the room
    that they leave adds up like standard errors.

    Args:
        sized: [class, rate, group] rates at effective sizes.
        level: coverage.

    >>> three = Rate(np.full((1, 2, 2), 3.0), np.full((1, 2, 2), 3.0))
    >>> round(average_gap(three, level=0.95), 3)  # √2 · 0.708 / 2
    0.5
    """
    above = Rate(sized.numerator[..., :, None], sized.denominator[..., :, None])
    below = Rate(sized.numerator[..., None, :], sized.denominator[..., None, :])
    gap, high = _newcombe(above, below, level=level)
    same = np.eye(gap.shape[-1], dtype=bool)
    high = np.where(same, -np.inf, high)
    flat, gaps = high.reshape(*high.shape[:2], -1), gap.reshape(*gap.shape[:2], -1)
    place = flat.argmax(-1)[..., None]
    largest, widest = (np.take_along_axis(part, place, -1)[..., 0] for part in (gaps, flat))
    room = np.sqrt(((widest - largest) ** 2).sum(-1))
    return float(((largest.sum(-1) + room) / sized.numerator.shape[1]).max())


def _newcombe(above: Rate, below: Rate, *, level: float) -> tuple[Floats, Floats]:
    """Difference of two independent rates and its upper end: d + √((u₁ − p₁)² + (p₂ − l₂)²)."""
    first, second = (np.where(part.denominator > 0, np.nan_to_num(part.value), 0.5) for part in (above, below))
    top = exact(above.numerator, above.denominator, level=level).high
    bottom = exact(below.numerator, below.denominator, level=level).low
    gap = first - second
    return gap, gap + np.hypot(top - first, second - bottom)
