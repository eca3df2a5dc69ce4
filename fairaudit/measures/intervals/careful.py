"""What an interval must leave room for if the images at hand do not vary: cells that are all right, or all wrong.

Resampling three hits of three gives three hits again, so a bootstrap calls the rate certain. What is made of several
rates gets the room here that Clopper and Pearson's exact intervals leave each of them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.counts.rates import Rate
from fairaudit.measures.intervals.proportion import (
    Interval,
    ends,
    exact,
    hybrid_difference,
    hybrid_ratio,
    mid_p,
    normal_quantile,
)
from fairaudit.measures.intervals.simultaneous import range_quantile
from fairaudit.ratio import ratio

Ends = Callable[[Floats, Floats], Interval]
"""From successes and trials to an interval of their proportion."""


def blurred(counts: ArrayLike, *, pseudo: float, decisions: int = 1) -> Floats:
    """Counts to draw careful replicates from: every decision is, with a small probability, a different one.

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


def widened(value: ArrayLike, interval: Interval, missing: Interval) -> Interval:
    """An interval with variance added on both sides, as squared lengths; ends at the estimate stay with it.

    >>> [float(end) for end in widened(0.5, Interval(0.2, 0.8), Interval(0.16, 0.0))]
    [0.0, 0.8]
    """
    point = np.asarray(value, np.float64)
    low = point - np.sqrt((point - interval.low) ** 2 + missing.low)
    high = point + np.sqrt((interval.high - point) ** 2 + missing.high)
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


def overall_gap(own: Rate, rest: Rate, share: Floats, *, level: float) -> Interval:
    """Interval of the largest gap between a group and all images: max (1 − w) |r_g − r_rest|.

    A group's gap to all is the gap to the others, r_g − r = (1 − w) (r_g − r_rest), w its share, and these are two
    independent rates (Newcombe 1998). The upper end is the largest of their exact ones, which holds for whichever group
    is truly farthest away; the lower end, which proves a gap, is the largest of those that hold for all groups and
    rates at once (Šidák).

    Args:
        own: [..., group] rates at effective sizes.
        rest: [..., group] the same rate of all other groups together.
        share: [..., group] share of the group in the rate's denominator.
        level: coverage.

    >>> three = Rate(np.array([3.0, 3.0]), np.array([3.0, 3.0]))
    >>> [round(float(end), 3) for end in overall_gap(three, three, np.array([0.5, 0.5]), level=0.95)]  # ½ (1 − 0.292)
    [0.0, 0.354]
    """
    strict = _sidak(own, level)
    lows = [_difference(*pair, of=partial(mid_p, level=strict)).low for pair in ((own, rest), (rest, own))]
    highs = [_difference(*pair, of=partial(exact, level=level)).high for pair in ((own, rest), (rest, own))]
    low, high = (float(np.nanmax((1 - share) * np.maximum(*parts), initial=0.0)) for parts in (lows, highs))
    return ends(low, high)


def overall_ratio(own: Rate, rest: Rate, share: Floats, *, level: float) -> Interval:
    """Interval of the smallest ratio between a group and all images, min(r_g / r, r / r_g).

    Arguments as `overall_gap`. With ρ = r_rest / r_g it is min(1 / (w + (1 − w) ρ), w + (1 − w) ρ), and ρ has the
    hybrid interval of two proportions: of exact ones at the end that leaves room, of simultaneous ones at the end that
    proves.

    >>> three = Rate(np.array([3.0, 3.0]), np.array([3.0, 3.0]))
    >>> found = overall_ratio(three, three, np.array([0.5, 0.5]), level=0.95)  # ρ ≤ 1 / 0.292: 1 / (0.5 + 0.5 · 3.42)
    >>> [round(float(end), 2) for end in found]
    [0.45, 1.0]
    """
    plain = _ratio(rest, own, of=partial(exact, level=level))
    strict = _ratio(rest, own, of=partial(mid_p, level=_sidak(own, level)))

    def smallest(above: Floats, below: Floats) -> float:
        with np.errstate(invalid="ignore"):
            most, least = share + (1 - share) * above, share + (1 - share) * below
        least = np.minimum(np.where(np.isinf(most), 0.0, ratio(1, most)), least)
        return float(np.nanmin(np.where(share < 1, least, 1.0), initial=1.0))

    return ends(smallest(plain.high, plain.low), smallest(np.maximum(strict.low, 1.0), np.minimum(strict.high, 1.0)))


def average_gap(sized: Rate, *, level: float) -> Interval:
    """Interval of the mean over rates of the largest gap between groups, for the class where it is largest.

    Upper end: every rate's gap counts with the pair of groups that leaves most room; rates are of different images, so
    the room that they leave adds up like standard errors. Lower end: the mean of the lower ends of the rates' own gaps,
    which hold for all pairs and rates at once. Here room must not add up like that: the lower side of a rare rate is
    cut off at 0, and two such sides would seem to leave less than either does.

    Args:
        sized: [class, rate, group] rates at effective sizes.
        level: coverage.

    >>> three = Rate(np.full((1, 2, 2), 3.0), np.full((1, 2, 2), 3.0))
    >>> [round(float(end), 3) for end in average_gap(three, level=0.95)]  # √2 · 0.708 / 2
    [0.0, 0.5]
    """
    classes, rates, groups = sized.numerator.shape
    strict = range_quantile(level, groups=groups, rates=classes * rates)
    above = Rate(sized.numerator[..., :, None], sized.denominator[..., :, None])
    below = Rate(sized.numerator[..., None, :], sized.denominator[..., None, :])
    known = (above.denominator > 0) & (below.denominator > 0)  # otherwise the pair may be anything
    gap = np.where(known, _proportion(above) - _proportion(below), 0.0)
    high = _difference(above, below, of=partial(exact, level=level)).high
    low = _difference(above, below, of=partial(mid_p, z=strict)).low
    low, most, high = np.where(known, low, 0.0), np.where(known, gap, 1.0), np.where(known, high, 1.0)
    widest, room = _picked(most, high - most, high)
    proved = np.maximum(low, 0.0).max((-2, -1))  # of one group with itself it is below 0
    return ends(
        float((proved.sum(-1) / rates).max()),
        float(((widest.sum(-1) + np.sqrt((room**2).sum(-1))) / rates).max()),
    )


def _picked(gap: Floats, side: Floats, by: Floats) -> tuple[Floats, Floats]:
    """Gap and side of the pair of groups for which `by` is largest: [class, rate]."""
    same = np.eye(gap.shape[-1], dtype=bool)
    place = np.where(same, -np.inf, by).reshape(*gap.shape[:2], -1).argmax(-1)[..., None]
    parts = (np.take_along_axis(part.reshape(*gap.shape[:2], -1), place, -1)[..., 0] for part in (gap, side))
    first, second = parts
    return first, second


def _sidak(own: Rate, level: float) -> float:
    """Level of one of so many contrasts of a group with the rest; two groups have one per rate."""
    groups = own.numerator.shape[-1]
    contrasts = own.numerator.size if groups != 2 else own.numerator.size // 2
    return float(level ** (1 / max(contrasts, 1)))


def _proportion(part: Rate) -> Floats:
    return np.where(part.denominator > 0, np.nan_to_num(part.value), 0.5)


def _difference(above: Rate, below: Rate, *, of: Ends) -> Interval:
    first, second = of(above.numerator, above.denominator), of(below.numerator, below.denominator)
    return hybrid_difference(_proportion(above), first, _proportion(below), second)


def _ratio(above: Rate, below: Rate, *, of: Ends) -> Interval:
    first, second = of(above.numerator, above.denominator), of(below.numerator, below.denominator)
    return hybrid_ratio(_proportion(above), first, _proportion(below), second)
