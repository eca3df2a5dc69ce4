"""Content swap: what content from another group's images changes beyond content from the same group.

Every image's region was filled with the content of several donors of its own class: of other groups (arm 1) and of its
own group (arm 2). Per ordered pair of groups g → h and class y the contrast is

    D_y(g → h) = E[ v(x, R ← donor of (h, y)) − v(x, R ← donor of (g, y)) ],   x of (g, y),

and D(g → h) is its mean over classes with equal weight. Resizing and the class's own evidence are in both arms. With v
the score of one fixed output, D is 0 for content that covers or uncovers evidence of either class alike; it is not 0
where the group's content is evidence *for* one class and *against* another.

Seams are in both arms only if they look alike there, and a light patch in a dark face does not look like a dark one.
Such a mismatch is the same in both directions, so the effect of the *content* is half the difference of the two,

    A(g, h) = (D(g → h) − D(h → g)) / 2,

the main effect of whose content it is in the table of content × surroundings; the mismatch is the interaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fairaudit.measures.clusters.leverage import Leverage, leverage
from fairaudit.measures.intervals.largest import Contrasts, unseen
from fairaudit.ratio import ratio

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class SwapPair(NamedTuple):
    """Content of group `to` in images of group `own`."""

    own: int
    to: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arms:
    """The recipients and donors of content."""

    group: Ints
    """`[image]` codes, −1 unknown."""
    target: Ints
    """`[image]` codes, −1 unknown."""
    unit: Ints
    """`[image]` image or cluster, 0 … m − 1, of the image that got the content."""
    to: Ints
    """`[image, donor]` group of the donors of arm 1, −1 without one."""
    other_unit: Ints
    """`[image, donor]` image or cluster of the donors of arm 1, −1 without one."""
    same_unit: Ints
    """`[image, donor]` that of the donors of arm 2."""
    units: int
    """m, of all images and donors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uses:
    """Donors of one arm in the images of one pair and class, whatever was measured of them."""

    used: NDArray[np.bool_]
    """`[row, donor]` which donors count."""
    count: Ints
    """`[row]` how many of each image."""
    donors: Ints
    """`[use]` image or cluster of the donor."""
    weight: Floats
    """`[use]` in the pair's contrast, negative in arm 2."""
    kept: Floats
    """`[use]` how much of its deviation remains: the image's own mean over both arms holds a share of each donor."""
    inflation: Floats
    """`[use]` what the donor's deviation lost by pulling the mean towards itself."""
    effective: float
    """Equal donors that they are worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The images of one pair and class, and their weight in the pair's contrast."""

    rows: Ints
    """Images of the pair's own group and of the class that have donors of either kind."""
    unit: Ints
    """`[row]` image or cluster."""
    weight: float
    """Of each image in the pair's contrast."""
    behind: Leverage
    """What their mean is worth."""
    other: Uses
    """Donors of arm 1."""
    same: Uses
    """Donors of arm 2."""


def cells_of(arms: Arms, other: Floats, same: Floats) -> dict[SwapPair, dict[int, Cell]]:
    """Pair → class → its images; pairs with images in fewer than two classes are left out, unless there is one only.

    Args:
        arms: who got whose content.
        other: `[image, donor]` any values of arm 1, NaN where undefined.
        same: `[image, donor]` those of arm 2.
    """
    known = (arms.group >= 0) & (arms.target >= 0)
    classes = np.unique(arms.target[known])
    here = ~np.isnan(same) & (arms.same_unit >= 0)
    found: dict[SwapPair, dict[int, Cell]] = {}
    for to in np.unique(arms.to[arms.to >= 0]).tolist():
        there = ~np.isnan(other) & (arms.to == to)
        both = known & there.any(axis=1) & here.any(axis=1)
        for own in np.unique(arms.group[both]).tolist():
            members = {int(y): np.flatnonzero(both & (arms.group == own) & (arms.target == y)) for y in classes}
            rows = {y: r for y, r in members.items() if len(r)}
            if len(rows) >= min(2, len(classes)):
                found[SwapPair(own, to)] = {y: _cell(arms, r, there, here, 1 / len(rows)) for y, r in rows.items()}
    return found


def _cell(arms: Arms, rows: Ints, there: NDArray[np.bool_], here: NDArray[np.bool_], share: float) -> Cell:
    unit, weight = arms.unit[rows], share / len(rows)
    return Cell(
        rows=rows,
        unit=unit,
        weight=weight,
        behind=leverage(unit),
        other=_uses(there[rows], arms.other_unit[rows], weight),
        same=_uses(here[rows], arms.same_unit[rows], -weight),
    )


def _uses(used: NDArray[np.bool_], given: Ints, weight: float) -> Uses:
    count = used.sum(axis=1)
    at = np.nonzero(used)[0]
    donors, each = given[used], (weight / count)[at]
    giving = leverage(donors, np.abs(each))
    return Uses(
        used=used,
        count=count,
        donors=donors,
        weight=each,
        kept=np.sqrt(1 - 1 / (2 * count[at])),
        inflation=giving.inflation,
        effective=giving.effective,
    )


def swap_contrasts(
    arms: Arms,
    cells: dict[SwapPair, dict[int, Cell]],
    other: Floats,
    same: Floats,
    *,
    level: float,
    bounded: bool = True,
) -> Contrasts:
    """The contrast of every pair, in the order of `cells`.

    A unit contributes as the one that got content and as a donor, so resampled units resample images and donors at
    once; noise of single pairs of image and donor counts in both roles, which makes intervals a little wider.

    Args:
        arms: who got whose content.
        cells: of `cells_of`.
        other: `[image, donor]` values of arm 1.
        same: `[image, donor]` values of arm 2.
        level: coverage that the high end will have, for `Contrasts.room`.
        bounded: whether values are changes of at most 1, so that units that were not seen are bounded too.
    """
    columns = [_contrast(arms, cell, other, same) for cell in cells.values()]
    if not columns:
        nothing = np.zeros(0)
        empty = np.zeros((arms.units, 0))
        return Contrasts(value=nothing, parts=empty, units=nothing, worth=nothing, room=nothing)
    worth = np.array([column.size for column in columns])
    return Contrasts(
        value=np.array([column.value for column in columns]),
        parts=np.stack([column.parts for column in columns], axis=1),
        units=np.array([column.smallest for column in columns]),
        worth=worth,
        room=unseen(worth, level=level) if bounded else np.full(len(columns), -np.inf),
    )


def main_effects(contrasts: Contrasts, pairs: list[SwapPair], *, level: float, bounded: bool = True) -> Contrasts:
    """Half the difference of both directions of every pair in `both_ways`, in that order.

    Args:
        contrasts: of ordered pairs.
        pairs: the ordered pairs, in the order of the contrasts.
        level: see `swap_contrasts`.
        bounded: see `swap_contrasts`.
    """
    there = {pair: number for number, pair in enumerate(pairs)}
    ways = both_ways(pairs)
    one, two = ([there[SwapPair(*pair[::step])] for pair in ways] for step in (1, -1))
    worth = 4 / (1 / contrasts.worth[one] + 1 / contrasts.worth[two])
    return Contrasts(
        value=(contrasts.value[one] - contrasts.value[two]) / 2,
        parts=(contrasts.parts[:, one] - contrasts.parts[:, two]) / 2,
        units=np.minimum(contrasts.units[one], contrasts.units[two]),
        worth=worth,
        room=unseen(worth, level=level) if bounded else np.full(len(ways), -np.inf),
    )


def both_ways(pairs: list[SwapPair]) -> list[SwapPair]:
    """The pairs whose content went both ways, each once."""
    return [pair for pair in pairs if pair.own < pair.to and SwapPair(pair.to, pair.own) in pairs]


def joined(many: list[Contrasts]) -> Contrasts:
    """Contrasts of several quantities as one family."""
    return Contrasts(
        value=np.concatenate([one.value for one in many]),
        parts=np.concatenate([one.parts for one in many], axis=1),
        units=np.concatenate([one.units for one in many]),
        worth=np.concatenate([one.worth for one in many]),
        room=np.concatenate([one.room for one in many]),
    )


class _Column(NamedTuple):
    value: float
    parts: Floats
    smallest: float
    size: float  # units at which a mean of these classes with equal weight is worth


def _contrast(arms: Arms, cells: dict[int, Cell], other: Floats, same: Floats) -> _Column:
    parts = np.zeros(arms.units)
    means = [_add(cell, other[cell.rows], same[cell.rows], parts) for cell in cells.values()]
    worth = len(cells) ** 2 / sum(1 / cell.behind.effective for cell in cells.values())
    counts = [
        count for cell in cells.values() for count in (cell.behind.effective, cell.other.effective, cell.same.effective)
    ]
    return _Column(float(np.mean(means)), parts, float(min(counts)), worth)


def _add(cell: Cell, ones: Floats, twos: Floats, parts: Floats) -> float:
    """Add one class's contributions, and its mean."""
    means = [_mean(ones, cell.other), _mean(twos, cell.same)]
    change = means[0] - means[1]
    centre = change.mean()
    np.add.at(parts, cell.unit, cell.weight * cell.behind.inflation * (change - centre))
    middle = (means[0] + means[1])[:, None] / 2
    for values, uses in ((ones, cell.other), (twos, cell.same)):
        np.add.at(parts, uses.donors, _added((values - middle)[uses.used], uses) * uses.inflation)
    return float(centre)


def _mean(values: Floats, uses: Uses) -> Floats:
    return ratio(np.where(uses.used, values, 0.0).sum(axis=1), uses.count)


def _added(values: Floats, uses: Uses) -> Floats:
    """Contribution of every use: how far the donor's content is from what the others' did there."""
    centre = float((uses.weight * values).sum() / uses.weight.sum())
    return np.asarray(uses.weight * (values - centre) / uses.kept)
