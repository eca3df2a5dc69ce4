"""Measurements of the causal check: what replacing a region changes, beyond what replacing any such place changes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from fairaudit.measures.images.means import Labels
from fairaudit.results.measurement import Measurement
from fairaudit.tables.regions import region_measurements
from fairaudit.tables.specs import Question

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


def causal_measurements(
    columns: Mapping[str, NDArray[np.floating]],
    question: Question,
    *,
    group: Labels | None = None,
    target: Labels | None = None,
    clusters: NDArray[np.integer] | None = None,
) -> list[Measurement]:
    """Measurements of the paired changes of every image; rows as in `region_measurements`.

    An image with its filled versions is one unit of resampling. `causal_effect` (signed) is what explanations claim;
    `causal_shift` is its size and does not cancel between images whose score rises and falls; `causal_excess` is the
    size less that of the image's own control regions, mean_n (|Δ_n| − mean_k |Δ_nk|): 0 when the region is like any
    other place, and what the joint verdict reads. `causal_flip` is the share of decisions that change.

    Args:
        columns: those of `interventions.effect.RegionEffect`, NaN where undefined.
        question: what is asked; its method is the name of the fill.
        group: the protected attribute.
        target: the label; every image needs a known one.
        clusters: cluster of every image, the resampling unit where given.
    """
    table = dict(columns)
    table["causal_excess"] = excess(columns)
    controls = {name: columns[f"{name}_control"] for name in PAIRED if name in columns}
    return region_measurements(table, question, group=group, target=target, clusters=clusters, controls=controls)


def excess(columns: Mapping[str, NDArray[np.floating]]) -> NDArray[np.float64]:
    """Size of the change beyond that of the control regions, per image: |Δ| − mean_k |Δ_k|.

    In [−1, 1]; NaN where the image has no control region, because then nothing tells the effect of the region from
    that of replacing pixels.

    >>> excess({"causal_shift": np.array([0.5, 0.25]), "causal_shift_control": np.array([0.125, np.nan])})
    array([0.375,   nan])
    """
    return np.asarray(columns["causal_shift"], np.float64) - np.asarray(columns["causal_shift_control"], np.float64)
