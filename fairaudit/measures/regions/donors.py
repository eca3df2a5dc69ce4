"""Which image gives its content to which: donors of one class that differ in the group alone, or not even in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairaudit.measures.images.means import Labels
from fairaudit.seeds import generator

Ints = NDArray[np.int64]
_TRIES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Donors:
    """Two donors for every image, as places among the images; -1 where there is none."""

    other: Ints
    """Of the same target value and another group; of the same target value alone where no groups are given."""
    same: Ints
    """Of the same target value and the same group: what putting in any other content changes."""


def draw_donors(
    group: Labels | None, target: Labels | None, *, n: int, clusters: NDArray[np.integer] | None = None, seed: int
) -> Donors:
    """Donors of all images, drawn at random; they depend on the labels and the seed, not on any batch.

    No image gives to itself or to its own cluster. Images of unknown group or target neither give nor get.

    Args:
        group: the attribute, or an intersection of attributes.
        target: the label; all images are of one value without it.
        n: number of images.
        clusters: cluster of every image, where there are any.
        seed: of the draw.
    """
    codes = np.zeros(n, np.int64) if group is None else np.asarray(group.codes, np.int64)
    classes = np.zeros(n, np.int64) if target is None else np.asarray(target.codes, np.int64)
    units = np.arange(n) if clusters is None else np.asarray(clusters, np.int64)
    draw = generator(seed, "donors", "" if group is None else group.name)
    found = Donors(other=np.full(n, -1, np.int64), same=np.full(n, -1, np.int64))
    known = (codes >= 0) & (classes >= 0)
    for value in np.unique(classes[known]):
        alike = np.flatnonzero(known & (classes == value))
        if group is None:
            found.other[alike] = _drawn(alike, alike, units, draw)
            continue
        for code in np.unique(codes[alike]):
            own = alike[codes[alike] == code]
            found.other[own] = _drawn(own, alike[codes[alike] != code], units, draw)
            found.same[own] = _drawn(own, own, units, draw)
    return found


def _drawn(rows: Ints, pool: Ints, units: Ints, draw: np.random.Generator) -> Ints:
    """A member of the pool for every row, of another unit; -1 where there is none."""
    found = np.full(len(rows), -1, np.int64)
    if not len(pool):
        return found
    open_ = np.arange(len(rows))
    for _ in range(_TRIES):
        tried = pool[draw.integers(len(pool), size=len(open_))]
        fits = units[tried] != units[rows[open_]]
        found[open_[fits]] = tried[fits]
        open_ = open_[~fits]
        if not len(open_):
            break
    for place in open_.tolist():  # a pool of almost one unit: look at all of it
        rest = pool[units[pool] != units[rows[place]]]
        if len(rest):
            found[place] = draw.choice(rest)
    return found
