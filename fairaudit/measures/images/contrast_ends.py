"""Ends of differences between means whose values have a long tail, from the moments of every stratum.

A difference has the skew of neither side: resampling both and taking percentiles lets a small group without the few
large values prove that it is lower. Each side keeps its own interval here, which reaches far on the side of its tail
(`reaches`), and both are put together as for proportions (MOVER: Zou and Donner 2008, eqs. 3 and 4):

    low = d − √(Σ (m₁ − l₁)² + (u₂ − m₂)²),   high = d + √(Σ (u₁ − m₁)² + (m₂ − l₂)²).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairaudit.measures.images.means import Floats, ValueTable
from fairaudit.measures.intervals.skewness import reaches
from fairaudit.ratio import ratio

ALIKE = 40
"""Images of which a mean says something though all are alike: of fewer, a tenth may differ and none of them be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContrastEnds:
    """Lower and upper ends; NaN where a side has no image, or fewer than `ALIKE`, all alike."""

    cells: tuple[Floats, Floats]
    """`[group, target, column]` each: the group less all other known groups, within a target value."""
    groups: tuple[Floats, Floats]
    """`[group, column]` each: the mean over the target values where both sides have images."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """Means of one side of every contrast, `[group, target, column]`."""

    count: Floats
    mean: Floats
    below: Floats
    above: Floats
    alike: NDArray[np.bool_]


def contrast_ends(data: ValueTable, *, level: float) -> ContrastEnds:
    """Ends of every contrast of `derived`, for independent images.

    Args:
        data: the images.
        level: coverage.
    """
    moments = _moments(data)
    own, rest = _side(moments, level), _side(moments.sum(axis=1, keepdims=True) - moments, level)
    both = (own.count > 0) & (rest.count > 0)
    difference = np.where(both, own.mean - rest.mean, 0.0)
    squares = [np.where(both, one**2 + two**2, 0.0) for one, two in ((own.below, rest.above), (own.above, rest.below))]
    certain = [_certain(side, both) for side in (own, rest)]
    cells = [difference + sign * np.sqrt(part) for sign, part in zip((-1, 1), squares, strict=True)]
    classes = both.sum(axis=1)
    middle = ratio(difference.sum(axis=1), classes)
    groups = [
        middle + sign * ratio(np.sqrt(part.sum(axis=1)), classes) for sign, part in zip((-1, 1), squares, strict=True)
    ]
    known = both & certain[0][0] & certain[1][0]
    whole = (classes > 0) & certain[0][1] & certain[1][1]
    return ContrastEnds(
        cells=(np.where(known, cells[0], np.nan), np.where(known, cells[1], np.nan)),
        groups=(np.where(whole, groups[0], np.nan), np.where(whole, groups[1], np.nan)),
    )


def _moments(data: ValueTable) -> Floats:
    """Counts and sums of the first three powers about the column's mean, `[power, group, target, column]`."""
    known = ~np.isnan(data.values)
    middle = ratio(np.where(known, data.values, 0.0).sum(axis=0), known.sum(axis=0))
    centred = np.where(known, data.values - np.nan_to_num(middle), 0.0)
    found = np.zeros((4, (data.groups + 1) * data.targets, data.values.shape[1]))
    for power in range(4):
        np.add.at(found[power], data.stratum, centred**power * known)
    return found.reshape(4, data.groups + 1, data.targets, -1)[:, :-1]


def _side(moments: Floats, level: float) -> _Side:
    count = np.round(moments[0])
    mean, square, cube = (ratio(part, count) for part in moments[1:])
    variance = np.maximum(square - mean**2, 0.0)
    alike = variance <= 1e-12 * (square + 1e-12)
    spread = np.sqrt(np.where(alike, 0.0, variance))
    third = cube - 3 * mean * square + 2 * mean**3
    skew = np.where(alike, 0.0, ratio(third, spread**3 * np.sqrt(count)))
    several = count >= 2
    below, above = reaches(
        ratio(spread, np.sqrt(count)), np.nan_to_num(skew), units=np.where(several, count, 2.0), level=level
    )
    return _Side(
        count=count,
        mean=mean,
        below=np.where(several, below, 0.0),
        above=np.where(several, above, 0.0),
        alike=alike,
    )


def _certain(side: _Side, both: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether a side varies or has many images, `[group, target, column]` and over target values `[group, column]`."""
    there = np.where(both, side.count, 0.0)
    return ~side.alike | (there >= ALIKE), (both & ~side.alike).any(axis=1) | (there.sum(axis=1) >= ALIKE)
