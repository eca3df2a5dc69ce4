"""The measurement of cue alignment: does signed relevance depend on group and class together?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fairaudit.measures.images.means import Labels
from fairaudit.measures.intervals.largest import Contrasts, Largest, largest
from fairaudit.measures.regions.cue import Shares, cue_contrasts, shares_of
from fairaudit.results.measurement import Measurement
from fairaudit.seeds import generator
from fairaudit.tables.row import Estimate, Subject, row
from fairaudit.tables.specs import AUDIT, ImageSpec

NO_TABLE = "no two groups have images of the same two classes"
TOO_FEW = "a group and class has fewer than two images or clusters"


def cue_measurement(
    shares: NDArray[np.floating],
    scale: float,
    question: ImageSpec,
    *,
    group: Labels,
    target: Labels | None,
    clusters: NDArray[np.integer] | None = None,
    reason: str | None = None,
) -> Measurement:
    """`cue_alignment`: the largest interaction of group and class in signed relevance, in size, with its interval.

    Two-sided: for two classes and groups the size of T = (C₁ − C₀)/2 (`extra["signed"]` has its sign). In units of the
    method's evidence per image (`evidence_scale`), 0 for a model to which the group's content is the same evidence for
    every class. `p_value`: the interval turned around.

    Args:
        shares: `[image]` signed relevance share of the region for the image's own class.
        scale: what a share of 1 is for this method (`evidence_scale`).
        question: what is asked.
        group: the attribute.
        target: the class; without one, there is no such number.
        clusters: cluster of every image.
        reason: why the shares do not allow it; None where they do.
    """
    if not scale > 0:
        reason = reason or "the maps hold nothing"
    found = (
        None
        if target is None or reason
        else shares_of(np.asarray(shares, np.float64) / scale, group=group, target=target, units=clusters)
    )
    if target is None or found is None:
        told = reason or ("the classes are not known" if target is None else no_table(shares, target))
        return _missing(question, group.name, told)
    contrasts = cue_contrasts(found)
    draw = generator(question.statistics.seed, "cue", group.name, question.region or "", question.method or "")
    most = largest(contrasts, level=question.statistics.level, generator=draw)
    if most is None:
        return _missing(question, group.name, TOO_FEW)
    return row(
        _subject(question, group.name),
        Estimate(
            value=most.value,
            low=most.low,
            high=most.high,
            interval="simultaneous",
            unit="cluster" if found.clustered else "image",
            n=len(found.values),
            p_value=most.p_value,
            chance=0.0,
            extra={**question.extra, "scale": scale, **_facts(found, contrasts, most, group, target)},
        ),
        level=question.statistics.level,
    )


def no_table(shares: NDArray[np.floating], target: Labels) -> str:
    """Why there is no full table: images of some class have no relevance, or groups and classes do not meet.

    Args:
        shares: `[image]` signed shares, NaN where the map holds nothing.
        target: the class.
    """
    codes, empty = np.asarray(target.codes, np.int64), np.isnan(np.asarray(shares, np.float64))
    silent = [name for code, name in enumerate(target.values) if (codes == code).any() and empty[codes == code].all()]
    if not silent:
        return NO_TABLE
    named = f"images of class {silent[0]}" if len(silent) == 1 else f"images of {len(silent)} classes"
    return f"the maps of {named} hold nothing, as where an output is constant"


def _facts(
    found: Shares, contrasts: Contrasts, most: Largest, group: Labels, target: Labels
) -> dict[str, float | int | str | bool | None]:
    classes, groups = found.shape
    row, column = divmod(most.at, groups) if len(contrasts.value) > 1 else (1, 1)
    return {
        "signed": float(contrasts.value[most.at]),
        "cell": f"{group.values[found.groups[column]]}, {target.values[found.classes[row]]}",
        "cells": classes * groups,
    }


def _subject(question: ImageSpec, attribute: str) -> Subject:
    return Subject(
        audit=AUDIT, metric="cue_alignment", attribute=attribute, region=question.region, method=question.method
    )


def _missing(question: ImageSpec, attribute: str, reason: str) -> Measurement:
    return row(_subject(question, attribute), Estimate(value=None, chance=0.0, missing=reason))
