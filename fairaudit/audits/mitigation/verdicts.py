"""The joint verdict on every fitted model, from the same legs as the audit's: outcome, cue alignment, flips."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.joint.counterfactual_legs import leg_of
from fairaudit.audits.joint.verdict import OUTCOME
from fairaudit.audits.mitigation.relevance import SUFFIXES
from fairaudit.audits.mitigation.statistics import Images
from fairaudit.config.schema import AuditConfig
from fairaudit.measures.clusters.partition import counts_by_cluster
from fairaudit.measures.counts.confusion import confusion
from fairaudit.measures.images.means import Labels
from fairaudit.measures.regions.signed_share import evidence_scale
from fairaudit.tables.fairness.disparities import disparity_rows
from fairaudit.tables.fairness.nulls import null_values
from fairaudit.tables.reasons.cue import cue_measurement
from fairaudit.tables.reasons.regions import region_measurements
from fairaudit.tables.rows import FairnessSpec
from fairaudit.tables.specs import ImageSpec
from fairaudit.tables.statistics import Statistics
from fairaudit.verdict.attribute import AttributeEvidence
from fairaudit.verdict.joint import Joint, joint_verdict
from fairaudit.verdict.leg import Leg

Columns = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantQuestion:
    """What the verdicts are about."""

    attribute: str
    values: tuple[str, ...]
    """Values of the attribute."""
    target: str
    """Name of the target."""
    classes: tuple[str, ...]
    """Values of the target."""
    region: str | None
    """Region that shows the attribute; None without one."""
    methods: tuple[str, ...]
    """Attribution methods, in the order of `SUFFIXES`."""
    exact: bool
    """Whether flips are by exact twins."""
    limits: AuditConfig
    """What every leg is held against."""
    statistics: Statistics
    """Level, replicates and seed."""


def verdict_of(images: Images, columns: Columns, question: VariantQuestion) -> Joint:
    """The verdict on one fitted model, from what it does with the images of the reporting part.

    The legs are those of `fairaudit audit`, with its limits. Effects of swapped content are not measured here: without
    twins nothing moves the attribute, and the use of the attribute stays open.

    Args:
        images: labels of the reporting part.
        columns: the model's columns (`judge.columns`).
        question: attribute, region and limits.
    """
    evidence = AttributeEvidence(
        name=question.attribute,
        cue=_cues(images, columns, question),
        flips=_flips(images, columns, question),
        exact=question.exact,
    )
    return joint_verdict(_outcome(images, columns, question), evidence)


def _outcome(images: Images, columns: Columns, question: VariantQuestion) -> Leg:
    decisions = np.asarray(columns["decisions"], np.int64)
    sizes = {"groups": images.groups, "classes": images.classes}
    counts = confusion(images.attribute, images.target, decisions, **sizes).counts
    clustered = None
    if images.clusters is not None:
        clustered = counts_by_cluster(images.clusters, images.attribute, images.target, decisions, **sizes)
    spec = FairnessSpec(
        attribute=question.attribute, groups=question.values, classes=question.classes, statistics=question.statistics,
        cluster_counts=clustered,
    )  # fmt: skip
    rows = disparity_rows(counts, spec, null_values(counts, spec, names=()))
    found = next(row for row in rows if row.metric == OUTCOME)
    return leg_of(found, f"{OUTCOME} of {question.attribute}", question.limits.tolerance)


def _cues(images: Images, columns: Columns, question: VariantQuestion) -> list[Leg]:
    """Cue alignment by every attribution method that was measured."""
    group = Labels(name=question.attribute, values=question.values, codes=images.attribute)
    target = Labels(name=question.target, values=question.classes, codes=images.target)
    legs = []
    for suffix, method in zip(SUFFIXES, question.methods, strict=False):
        if f"signed_share{suffix}" not in columns:
            continue
        shares, rest = (np.asarray(columns[f"{name}{suffix}"], np.float64) for name in ("signed_share", "signed_rest"))
        spec = ImageSpec(region=question.region, method=method, statistics=question.statistics)
        scale = evidence_scale(shares, rest)
        found = cue_measurement(shares, scale, spec, group=group, target=target, clusters=images.clusters)
        legs.append(leg_of(found, f"cue alignment by {method}", question.limits.cue))
    return legs


def _flips(images: Images, columns: Columns, question: VariantQuestion) -> list[Leg]:
    if "flip_effect" not in columns:
        return []
    spec = ImageSpec(
        attribute=question.attribute, statistics=question.statistics, reason="no image here has a flipped one"
    )
    values = {"attribute_flip_effect": np.asarray(columns["flip_effect"], np.float64)}
    target = Labels(name=question.target, values=question.classes, codes=images.target)
    found = region_measurements(values, spec, target=target, clusters=images.clusters)
    over_all = next(row for row in found if row.class_ is None)
    return [leg_of(over_all, f"effect of flipping {question.attribute}", question.limits.flip)]
