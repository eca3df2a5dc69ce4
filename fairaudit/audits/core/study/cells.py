"""How many images every cell has."""

from __future__ import annotations

import numpy as np

from fairaudit.data.categorical import Categorical


def cells(groups: Categorical, target: Categorical, smallest: int) -> dict[str, dict[str, int | None]]:
    """Images per group and target value, over rows where both are known; null below `smallest`."""
    shape = (len(groups.values), len(target.values))
    known = (groups.codes >= 0) & (target.codes >= 0)
    flat = groups.codes[known].astype(np.int64) * shape[1] + target.codes[known]
    counts = np.bincount(flat, minlength=shape[0] * shape[1]).reshape(shape)
    return {
        group: {value: int(counts[g, t]) if counts[g, t] >= smallest else None for t, value in enumerate(target.values)}
        for g, group in enumerate(groups.values)
    }
