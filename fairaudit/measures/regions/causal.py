"""The causal check, per image: what replacing a region changes, beyond what replacing any such place changes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

PAIRED = ("causal_effect", "causal_positive", "causal_shift", "causal_flip")
"""Columns that have a twin with the ending _control."""


def suitable_fill(area_share: float) -> str:
    """The fill whose effect may be read as reliance, for a region of this size.

    `inpaint` continues the surroundings into the region. A region of more than half the image, such as a background,
    has too little around it: the object would spread over it and vanish, and every model would seem to rely on the
    background. Such a region takes the content of an image of the same class and another group (`swap`), which leaves
    the object as it is; and its control is not another place, for which there is no room, but the content of an image
    of the same class and the same group: seams and traces of the donor's own object are in both.

    >>> suitable_fill(0.08), suitable_fill(0.8)
    ('inpaint', 'swap')
    """
    return "inpaint" if area_share <= 0.5 else "swap"


def excess(columns: Mapping[str, NDArray[np.floating]]) -> NDArray[np.float64]:
    """Size of the change beyond that of the control regions, per image: |Δ| − mean_k |Δ_k|.

    In [−1, 1]; NaN where the image has no control region, because then nothing tells the effect of the region from
    that of replacing pixels.

    >>> excess({"causal_shift": np.array([0.5, 0.25]), "causal_shift_control": np.array([0.125, np.nan])})
    array([0.375,   nan])
    """
    return np.asarray(columns["causal_shift"], np.float64) - np.asarray(columns["causal_shift_control"], np.float64)
