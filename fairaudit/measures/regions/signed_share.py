"""The balance of evidence that a region gives: for the explained class less against it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fairaudit.measures.regions.weights import Floats, arrange, blocks, weigh
from fairaudit.ratio import ratio


def signed_share(maps: ArrayLike, masks: ArrayLike) -> Floats:
    """Σ_{ij∈R} R_ij / Σ_ij |R_ij| per image: evidence of the region for the class less that against it.

    In [−1, 1]. A region that every image has, such as a background, draws about the same amount of relevance whatever
    its content; what a reliance on the content changes is the sign. So compare groups within a target value: the
    contrast is 0 for a model to which the content is all the same. Disjoint regions add. NaN for a map of zeros or of
    the same number everywhere.

    The method must have a sign to compare: LRP's z⁺ rules (composites "plus") keep what speaks for the class in every
    convolution and leave out what speaks against it, so ε-γ-box or integrated gradients see such a contrast sooner.

    Args:
        maps: signed relevance `[image, row, column]`.
        masks: True inside the region, `[image, row, column]` or `[row, column]`.

    >>> signed_share([[[3.0, -1.0], [0.0, -4.0]]], [[True, True], [False, False]])
    array([0.25])
    """
    values, inside = arrange(maps, masks)
    found = np.full(len(values), np.nan)
    for part in blocks(len(values), values.shape[1] * values.shape[2]):
        size = weigh(values[part].reshape(len(values[part]), -1), "absolute", first=part.start)[0].sum(axis=1)
        mask = inside[part] if len(inside) > 1 else inside
        found[part] = ratio(np.where(mask, values[part].astype(np.float64), 0.0).sum(axis=(1, 2)), size)
    return found


def evidence_scale(inside: ArrayLike, outside: ArrayLike) -> float:
    """Mean over images of |s_in| + |s_out|, the signed shares of a region and of the rest: how much of a map counts.

    Signed shares are small where most of a map is noise that cancels: with integrated gradients forty times smaller
    than with LRP on the same model. Divided by this scale, those of different methods are comparable. It is one number
    for all images, so that what changes the rest of a map does not change a region's own share. NaN without an image.

    >>> evidence_scale([0.25, -0.25], [-0.5, 0.5])
    0.75
    """
    values = np.abs(np.asarray(inside, np.float64)) + np.abs(np.asarray(outside, np.float64))
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")
