"""Run-to-run stability: does a method with random numbers give the same map twice?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from fairaudit.measures.regions.faithfulness import rank_correlation
from fairaudit.saliency.method import Explained, Method
from fairaudit.seeds import child_seed


def stability(
    method: Method,
    classifier: Explained,
    images: Tensor,
    classes: Tensor,
    *,
    own: Tensor | None = None,
    runs: int = 3,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Mean Spearman's ρ between the maps of runs that differ in the seed alone, [image]: 1 is repeatable, 0 is noise.

    A method without random numbers has 1 up to the machine's own noise; the random map has about 0. NaN where a map is
    constant.

    Args:
        method: what makes the maps.
        classifier: the model.
        images: [image, channel, row, column] in [0, 1].
        classes: [image] whose evidence is explained.
        own: maps of one run with another seed where they are at hand; they count as a run.
        runs: how many runs are compared.
        seed: of the runs.
    """
    if runs < 2:
        raise ValueError(f"runs must be at least 2, found {runs}")
    given = [] if own is None else [own]
    seeds = [child_seed(seed, "stability", run) for run in range(runs - len(given))]
    made = [method.attribute(classifier, images, classes, seed=run).maps for run in seeds]
    maps = [some.double().cpu().numpy() for some in given + made]
    pairs = [rank_correlation(maps[i], maps[j]) for i in range(runs) for j in range(i)]
    mean: NDArray[np.float64] = np.stack(pairs).mean(axis=0)
    return mean
