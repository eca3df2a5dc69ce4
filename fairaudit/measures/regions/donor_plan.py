"""The donors of content for every image: several of its class, from the other groups and from its own.

Everything follows from labels, ids and the seed: not from batches, chunks, or the order of the rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairaudit.measures.images.means import Labels

Ints = NDArray[np.int64]

MOST_DONORS = 2048
"""Images that give content, over all cells together: what has to be decoded twice."""
LEAST_DONORS = 16
"""Images of a cell that give content however many cells there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DonorPlan:
    """Donors of every image as places among the images, `[image, donor]`; −1 where there is none."""

    other: Ints
    """Of the same class and another group; the other groups take turns."""
    same: Ints
    """Of the same class and the same group: what any other content of the own kind changes."""


def plan_donors(
    group: Labels,
    target: Labels,
    *,
    ids: Sequence[str],
    donors: int,
    seed: int,
    units: NDArray[np.integer] | None = None,
) -> DonorPlan:
    """Donors of all images.

    Images of a cell (group × class) and their donors are put into an order that a hash of seed and id gives, and donors
    are dealt out round and round, so that all of a cell give about equally often. No image gives to itself or to its
    own unit. Images of unknown group or class neither give nor get.

    Args:
        group: the attribute.
        target: the class.
        ids: name of every image.
        donors: donors of either kind per image.
        seed: of the order.
        units: cluster of every image; images without.

    >>> g = Labels(name="g", values=("a", "b"), codes=np.array([0, 0, 1, 1]))
    >>> y = Labels(name="y", values=("0",), codes=np.zeros(4, np.int64))
    >>> plan = plan_donors(g, y, ids="pqrs", donors=1, seed=0)
    >>> plan.same.ravel().tolist(), set(plan.other[:2].ravel().tolist()) <= {2, 3}
    ([1, 0, 3, 2], True)
    """
    codes, classes = np.asarray(group.codes, np.int64), np.asarray(target.codes, np.int64)
    n = len(codes)
    own = np.arange(n) if units is None else np.asarray(units, np.int64)
    rank = np.argsort(np.argsort([_hash(seed, group.name, name) for name in ids], kind="stable"), kind="stable")
    plan = DonorPlan(other=np.full((n, donors), -1, np.int64), same=np.full((n, donors), -1, np.int64))
    cells = {
        (g, y): there[np.argsort(rank[there])]
        for g in range(len(group.values))
        for y in range(len(target.values))
        if len(there := np.flatnonzero((codes == g) & (classes == y)))
    }
    most = max(LEAST_DONORS, MOST_DONORS // max(1, len(cells)))
    for (g, y), rows in cells.items():
        others = [pool[:most] for (h, z), pool in cells.items() if z == y and h != g]
        plan.same[rows] = _dealt(rows, [rows[:most]], own, donors)
        plan.other[rows] = _dealt(rows, others, own, donors)
    return plan


def _hash(seed: int, *names: str) -> int:
    text = "\x1f".join([str(seed), *names])
    return int.from_bytes(hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest(), "big") >> 1


def _dealt(rows: Ints, pools: Sequence[Ints], units: Ints, donors: int) -> Ints:
    """Members of the pools for every row, `[row, donor]`: pools take turns, and so do the members of each."""
    found = np.full((len(rows), donors), -1, np.int64)
    if not pools:
        return found
    slot = np.arange(len(rows) * donors).reshape(len(rows), donors)
    turn, place = slot % len(pools), slot // len(pools) + 1  # + 1: a row of the pool does not begin with itself
    for number, pool in enumerate(pools):
        at, column = np.nonzero(turn == number)
        position, left = place[at, column] % len(pool), np.arange(len(at))
        for _ in range(len(pool)):
            given = pool[position[left]]
            fits = units[given] != units[rows[at[left]]]
            found[at[left[fits]], column[left[fits]]] = given[fits]
            left = left[~fits]
            if not len(left):
                break
            position[left] = (position[left] + 1) % len(pool)
    return found
