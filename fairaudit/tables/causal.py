"""Measurements of the causal check: what replacing a region changes, beyond what replacing any such place changes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from fairaudit.measures.images.means import Labels
from fairaudit.measures.regions.causal import PAIRED, excess
from fairaudit.results.measurement import Measurement
from fairaudit.tables.regions import region_measurements
from fairaudit.tables.specs import Question


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
