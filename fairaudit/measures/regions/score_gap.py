"""How far a score differs between groups within classes, on the images as they are.

What a region's content does to a score shows on whole images too, unless what surrounds it undoes it. A patch of light
skin in a dark face moves scores that no light or dark face moves, because no face has such an edge: there, the gap is 0
and the swap's effect is not.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from fairaudit.measures.clusters.leverage import leverage
from fairaudit.measures.intervals.largest import Contrasts
from fairaudit.measures.regions.swap import SwapPair

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def score_gaps(scores: Floats, *, group: Ints, target: Ints, unit: Ints) -> tuple[list[SwapPair], Contrasts]:
    """Mean score of the second group of every pair less that of the first, averaged over classes with equal weight.

    Classes count that both groups have; pairs that share fewer than two are left out, unless there is one only.

    Args:
        scores: `[image]` score of one output.
        group: `[image]` codes, −1 unknown.
        target: `[image]` codes, −1 unknown.
        unit: `[image]` image or cluster, 0 … m − 1.
    """
    known = (group >= 0) & (target >= 0) & ~np.isnan(scores)
    classes = np.unique(target[known]).tolist()
    cells = {
        (g, y): rows
        for g in np.unique(group[known]).tolist()
        for y in classes
        if len(rows := np.flatnonzero(known & (group == g) & (target == y)))
    }
    units = int(unit.max(initial=-1)) + 1
    pairs, values, parts, smallest = [], [], [], []
    for one, two in combinations(sorted({g for g, _ in cells}), 2):
        shared = [y for y in classes if (one, y) in cells and (two, y) in cells]
        if len(shared) < min(2, len(classes)):
            continue
        part, number, value = np.zeros(units), np.inf, 0.0
        for y in shared:
            for group_code, sign in ((two, 1.0), (one, -1.0)):
                rows = cells[group_code, y]
                behind = leverage(unit[rows])
                weight = sign / (len(rows) * len(shared))
                np.add.at(part, unit[rows], weight * behind.inflation * (scores[rows] - scores[rows].mean()))
                value += sign * float(scores[rows].mean()) / len(shared)
                number = min(number, behind.effective)
        pairs.append(SwapPair(one, two))
        values.append(value)
        parts.append(part)
        smallest.append(number)
    shape = (units, len(pairs))
    return pairs, Contrasts(
        value=np.array(values),
        parts=np.stack(parts, axis=1) if pairs else np.zeros(shape),
        units=np.array(smallest, np.float64),
        worth=np.full(len(pairs), float(units)),
        room=np.full(len(pairs), -np.inf),
    )
