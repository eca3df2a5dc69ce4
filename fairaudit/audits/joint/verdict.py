"""The joint audit: outcome, relevance and intervention on the same images, and one verdict per attribute and region."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from fairaudit.audits.alignment.options import CfOptions
from fairaudit.audits.causal.audit import CausalAudit
from fairaudit.audits.core.audit import Audit, Findings
from fairaudit.audits.core.methods import methods_of
from fairaudit.audits.core.metrics import ALIGNMENT, ALL
from fairaudit.audits.core.plan import AuditPlan
from fairaudit.audits.core.study import Study
from fairaudit.audits.core.trial import Trials
from fairaudit.audits.fairness.audit import FairnessAudit
from fairaudit.audits.joint.counterfactual_legs import (
    NO_LEGS,
    CounterfactualLegs,
    counterfactual_audits,
    counterfactual_legs,
    leg_of,
)
from fairaudit.audits.regions.audit import RegionAudit
from fairaudit.audits.saliency.audit import SaliencyAudit
from fairaudit.config.flips import shown_in
from fairaudit.results.measurement import Measurement
from fairaudit.results.report import Verdict
from fairaudit.saliency.method import Method
from fairaudit.verdict.joint import Leg, joint_verdict, lift_limit

WORST_FIRST = (
    "unequal and for the wrong reason",
    "unequal, not by this cue",
    "unequal outcome",
    "spurious but equal",
    "undecided",
    "no evidence",
)
OUTCOME = "equalized_odds_difference"
"""The gap that the outcome leg rests on (eq. 6 of the saliency paper)."""

WITNESS = "rrf_lift_absolute"
"""What the relevance leg rests on: evidence against the explained class is reliance on a region as much as evidence for
it, and where attribute and class part ways a shortcut shows as evidence against."""
LARGE = 0.5
"""Share of the image above which a region's lift over its area says little."""


def audits_for(study: Study, trials: Trials, options: CfOptions | None = None) -> Sequence[Audit]:
    """Fairness always; relevance and intervention where there is a region; counterfactuals where they can be had.

    Args:
        study: what is audited.
        trials: which attribution methods may be relied on.
        options: generator and classifiers for the alignment; None without a generator.
    """
    audits: list[Audit] = [FairnessAudit(study), *counterfactual_audits(study, options)]
    if study.regions:
        methods = methods_of(study)
        audits += [
            RegionAudit(study, methods, trials.unusable),
            CausalAudit(study),
            SaliencyAudit(study, methods, trials),
        ]
    return audits


def methods_for(study: Study) -> Sequence[Method]:
    """The methods of the audit; none where there is no region to look at."""
    return methods_of(study) if study.regions else ()


def verdicts_for(study: Study, findings: Findings) -> list[Verdict]:
    """A verdict per audited attribute and region, worst first; per attribute alone without regions."""
    found = list(_verdicts(study, findings.measurements))
    return sorted(found, key=lambda v: (WORST_FIRST.index(v.verdict), v.attribute, v.region or ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Legs:
    """The evidence on one attribute and one region, each quantity held against its limit."""

    outcome: Leg
    """The largest gap between groups."""
    relevance: Mapping[str, Leg]
    """Usable attribution method → how far the region's relevance goes beyond chance."""
    causal: Leg | None
    """What replacing the region does; None without a region."""
    measurements: Sequence[Measurement | None]
    """What the legs were made from, unusable ones too; None where something was not measured."""


def legs_of(study: Study, measurements: Sequence[Measurement], attribute: str, region: str | None) -> Legs:
    """The legs that the joint verdict on an attribute and a region stands on; without a region the outcome alone."""
    audit = study.config.audit
    gap = _one(measurements, metric=OUTCOME, attribute=attribute)
    outcome = leg_of(gap, f"{OUTCOME} of {attribute}", audit.tolerance)
    if region is None:
        return Legs(outcome=outcome, relevance={}, causal=None, measurements=[gap])
    witnesses, relevance = _relevance(study, measurements, attribute, region)
    effects = _over_all(measurements, metric="causal_excess", region=region)
    effect = effects[0] if effects else None  # the first fill asked for, or the one that suits the region
    causal = leg_of(effect, f"effect of replacing {region} ({effect.method if effect else '-'})", audit.effect)
    return Legs(outcome=outcome, relevance=relevance, causal=causal, measurements=[gap, *witnesses, effect])


def _verdicts(study: Study, measurements: Sequence[Measurement]) -> Iterator[Verdict]:
    for attribute in study.attributes:
        counterfactual = counterfactual_legs(study, measurements, attribute)
        shown = shown_in(study.config, attribute)
        if not study.regions or (counterfactual and shown not in study.regions):
            yield _verdict(attribute, None, legs_of(study, measurements, attribute, None), counterfactual)
        for region in study.regions:
            joined = counterfactual if region == shown else NO_LEGS
            yield _verdict(attribute, region, legs_of(study, measurements, attribute, region), joined)


def _relevance(
    study: Study, measurements: Sequence[Measurement], attribute: str, region: str
) -> tuple[list[Measurement], dict[str, Leg]]:
    """The measurements that the relevance leg rests on, and a leg for each usable method.

    A region of up to half the image is held against its area. A larger one holds most of any map, so that its lift
    says little; there, what tells is whether its signed relevance depends on the attribute going with the class.
    """
    audit = study.config.audit
    large = _area(measurements, region) > LARGE
    aligned = [
        m
        for m in measurements
        if m.metric == "signed_share_alignment" and m.region == region and m.attribute == attribute
    ]
    if large and aligned:
        name, found, limit = "signed_share_alignment", aligned, audit.alignment
    else:
        name, found = WITNESS, _over_all(measurements, metric=WITNESS, region=region)
        limit = lift_limit(audit.lift, _area(measurements, region))
    legs = {str(m.method): leg_of(m, f"{name} of {region} by {m.method}", limit) for m in found if m.status == "ok"}
    return found, legs


def _verdict(attribute: str, region: str | None, legs: Legs, counterfactual: CounterfactualLegs) -> Verdict:
    joint = joint_verdict(
        legs.outcome,
        list(legs.relevance.values()),
        legs.causal,
        alignment=counterfactual.alignment,
        flips=counterfactual.flips,
        exact=counterfactual.exact,
    )
    return Verdict(
        attribute=attribute,
        region=region,
        verdict=joint.verdict,
        why=joint.why,
        needed=joint.needed,
        evidence=[m.id for m in (*legs.measurements, *counterfactual.evidence) if m is not None],
    )


def _one(measurements: Sequence[Measurement], *, metric: str, attribute: str) -> Measurement | None:
    return next(
        (m for m in measurements if m.metric == metric and m.attribute == attribute and not (m.group or m.class_)), None
    )


def _over_all(measurements: Sequence[Measurement], *, metric: str, region: str) -> list[Measurement]:
    return [
        m
        for m in measurements
        if m.metric == metric and m.region == region and not (m.attribute or m.group or m.class_ or m.baseline)
    ]


def _area(measurements: Sequence[Measurement], region: str) -> float:
    shares = _over_all(measurements, metric="area_share", region=region)
    return next((m.value for m in shares if m.value is not None), 0.0)


def plan(options: CfOptions | None = None) -> AuditPlan:
    """The plan of `fairaudit audit`.

    Args:
        options: generator and classifiers for the alignment; None without a generator.
    """
    return AuditPlan(
        audits_for=partial(audits_for, options=options),
        verdicts_for=verdicts_for,
        methods_for=methods_for,
        needs_attributes=True,
        metrics=ALL if options is None else ALL | ALIGNMENT,
    )


PLAN = plan()
