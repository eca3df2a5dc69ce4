"""The joint verdict on every fitted model, from the audit's legs: outcome, cue alignment, swapped content, flips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.joint.counterfactual_legs import leg_of
from fairaudit.audits.joint.verdict import OUTCOME, spread_legs
from fairaudit.audits.mitigation.compared.statistics import Images
from fairaudit.audits.mitigation.relevance import SUFFIXES
from fairaudit.audits.mitigation.swaps import SwapPlan, swap_evidence
from fairaudit.config.schema import AuditConfig
from fairaudit.measures.clusters.partition import counts_by_cluster
from fairaudit.measures.counts.confusion import confusion
from fairaudit.measures.images.means import Labels
from fairaudit.measures.regions.signed_share import evidence_scale
from fairaudit.results.measurement import Measurement
from fairaudit.tables.fairness.disparities import disparity_rows
from fairaudit.tables.fairness.nulls import null_values
from fairaudit.tables.reasons.cue import cue_measurement
from fairaudit.tables.reasons.regions import region_measurements
from fairaudit.tables.row import unusable
from fairaudit.tables.rows import FairnessSpec
from fairaudit.tables.specs import ImageSpec
from fairaudit.tables.statistics import Statistics
from fairaudit.verdict.attribute import AttributeEvidence
from fairaudit.verdict.joint import Joint, joint_verdict

Columns = Mapping[str, NDArray[np.generic]]
CONSTANT = "all images get the same decision, which is equal but useless"


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
    swaps: SwapPlan | None = None
    """Whose content the images got; None without a region."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantEvidence:
    """What the verdict on one fitted model rests on, measured as `fairaudit audit` does."""

    outcome: Measurement
    """The largest gap between groups."""
    cues: Sequence[Measurement] = ()
    """Cue alignment by every attribution method that was measured."""
    swap: Measurement | None = None
    """Effect of the groups' content in the region; None without a region."""
    spread: Sequence[Measurement] = ()
    """How much more other groups' content changes, in any direction, than the own group's."""
    score_gap: Measurement | None = None
    """Gap of the score between the groups on images as they are; None without a region."""
    flip: Measurement | None = None
    """Effect of flipping the attribute; None without twins."""

    def verdict(self, question: VariantQuestion) -> Joint:
        """The joint verdict, by the audit's limits. The use of the region is described by the audit alone."""
        limits, region = question.limits, question.region
        outcome = leg_of(self.outcome, f"{OUTCOME} of {question.attribute}", limits.tolerance)
        swapped = f"effect of swapping the content of {region} between groups"
        gap = f"gap of the score between groups of {question.attribute}"
        flipped = f"effect of flipping {question.attribute}"
        evidence = AttributeEvidence(
            name=question.attribute,
            cue=[leg_of(cue, f"cue alignment by {cue.method}", limits.cue) for cue in self.cues],
            swap=None if self.swap is None else leg_of(self.swap, swapped, limits.swap),
            spread=spread_legs(self.spread, limits.swap),
            gap=None if self.score_gap is None else leg_of(self.score_gap, gap, limits.swap),
            flips=[] if self.flip is None else [leg_of(self.flip, flipped, limits.flip)],
            exact=question.exact,
        )
        return joint_verdict(outcome, evidence)


def evidence_of(images: Images, columns: Columns, question: VariantQuestion) -> VariantEvidence:
    """The legs of one fitted model, from what it does with the images of the reporting part.

    Args:
        images: labels of the reporting part.
        columns: the model's columns (`judge.columns`).
        question: attribute, region and limits.
    """
    swap, gap, moved = _swap(images, columns, question)
    return VariantEvidence(
        outcome=_outcome(images, columns, question), cues=_cues(images, columns, question), swap=swap, spread=moved,
        score_gap=gap, flip=_flip(images, columns, question),
    )  # fmt: skip


def _outcome(images: Images, columns: Columns, question: VariantQuestion) -> Measurement:
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
    return unusable(found, CONSTANT if len(np.unique(decisions)) < 2 else None)


def _cues(images: Images, columns: Columns, question: VariantQuestion) -> list[Measurement]:
    """Cue alignment by every attribution method that was measured."""
    group = Labels(name=question.attribute, values=question.values, codes=images.attribute)
    target = Labels(name=question.target, values=question.classes, codes=images.target)
    found = []
    for suffix, method in zip(SUFFIXES, question.methods, strict=False):
        if f"signed_share{suffix}" not in columns:
            continue
        shares, rest = (np.asarray(columns[f"{name}{suffix}"], np.float64) for name in ("signed_share", "signed_rest"))
        spec = ImageSpec(region=question.region, method=method, statistics=question.statistics)
        scale = evidence_scale(shares, rest)
        found.append(cue_measurement(shares, scale, spec, group=group, target=target, clusters=images.clusters))
    return found


def _swap(
    images: Images, columns: Columns, question: VariantQuestion
) -> tuple[Measurement | None, Measurement | None, list[Measurement]]:
    """Effect of swapped content, gap of the score, and changes in any direction; none where nothing was swapped."""
    if question.swaps is None or "swap_shift" not in columns:
        return None, None, []
    spec = ImageSpec(
        attribute=question.attribute, region=question.region, method="swap", statistics=question.statistics
    )
    return swap_evidence(
        columns, question.swaps, spec, groups=question.values, classes=question.classes,
        clustered=images.clusters is not None,
    )  # fmt: skip


def _flip(images: Images, columns: Columns, question: VariantQuestion) -> Measurement | None:
    if "flip_effect" not in columns:
        return None
    spec = ImageSpec(
        attribute=question.attribute, statistics=question.statistics, reason="no image here has a flipped one"
    )
    values = {"attribute_flip_effect": np.asarray(columns["flip_effect"], np.float64)}
    target = Labels(name=question.target, values=question.classes, codes=images.target)
    found = region_measurements(values, spec, target=target, clusters=images.clusters)
    return next(row for row in found if row.class_ is None)
