"""Run-to-run stability: does a method with random numbers tell the same story twice?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from fairaudit.measures.faithfulness import rank_correlation
from fairaudit.saliency.method import Explained, Method
from fairaudit.seeds import child_seed


def stability(
    method: Method, classifier: Explained, images: Tensor, classes: Tensor, *, runs: int = 3, seed: int = 0
) -> NDArray[np.float64]:
    """Mean Spearman's ρ between the maps of runs that differ in the seed alone, [image]: 1 is repeatable, 0 is noise.

    A method without random numbers has 1 up to the machine's own noise; the random map has about 0. NaN where a map is
    constant.
    """
    if runs < 2:
        raise ValueError(f"runs must be at least 2, found {runs}")
    maps = [
        method.attribute(classifier, images, classes, seed=child_seed(seed, "stability", run))
        .maps.double()
        .cpu()
        .numpy()
        for run in range(runs)
    ]
    pairs = [rank_correlation(maps[i], maps[j]) for i in range(runs) for j in range(i)]
    mean: NDArray[np.float64] = np.stack(pairs).mean(axis=0)
    return mean
