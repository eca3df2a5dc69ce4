"""The joint audit: outcome, relevance and intervention on the same images, and one verdict per attribute and region."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from fairaudit.audits.alignment.options import CfOptions
from fairaudit.audits.alignment.shared import SharedFindings
from fairaudit.audits.causal.audit import CausalAudit
from fairaudit.audits.core.plan import AuditPlan
from fairaudit.audits.core.report.metrics import ALIGNMENT, ALL
from fairaudit.audits.core.stream.audit import Audit, Findings
from fairaudit.audits.core.stream.trial import Trials
from fairaudit.audits.core.study.methods import methods_of
from fairaudit.audits.core.study.study import Study
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
from fairaudit.audits.swap.audit import SwapAudit
from fairaudit.config.flips import shown_in
from fairaudit.results.measurement import Measurement
from fairaudit.results.report import VERDICTS_WORST_FIRST, Verdict
from fairaudit.saliency.method import Method
from fairaudit.verdict.attribute import AttributeEvidence
from fairaudit.verdict.joint import joint_verdict, lift_limit
from fairaudit.verdict.leg import Leg
from fairaudit.verdict.region import RegionEvidence

OUTCOME = "equalized_odds_difference"
"""The gap that the outcome leg rests on (eq. 6 of the saliency paper)."""

LOOKS = "cue_alignment"
"""What the model looks at, for the use of the attribute."""
MOVES = "swap_effect"
"""What moves the model, for the use of the attribute, unless its flips were measured."""
MOVES_EITHER_WAY = {"swap_excess": "moves scores", "swap_flip": "changes decisions"}
"""What a swap that moves images in both directions shows up in, and what it does."""
LIFT = "rrf_lift_absolute"
"""What the model looks at, for the use of the region: evidence against the explained class counts as much as evidence
for it."""
EFFECT = "causal_excess"
"""What moves the model, for the use of the region."""


def audits_for(
    study: Study, trials: Trials, options: CfOptions | None = None, shared: SharedFindings | None = None
) -> Sequence[Audit]:
    """Fairness always; relevance and intervention where there is a region; counterfactuals where they can be had.

    Args:
        study: what is audited.
        trials: which attribution methods may be relied on.
        options: generator and classifiers for the alignment; None without a generator.
        shared: what the models of a command share; None where there is one model.
    """
    counterfactuals = counterfactual_audits(study, options, shared or SharedFindings())
    audits: list[Audit] = [FairnessAudit(study), *counterfactuals]
    if study.regions:
        methods = methods_of(study)
        audits += [
            RegionAudit(study, methods, trials.unusable),
            CausalAudit(study),
            SwapAudit(study),
            SaliencyAudit(study, methods, trials),
        ]
    return audits


def methods_for(study: Study) -> Sequence[Method]:
    """The methods of the audit; none where there is no region to look at."""
    return methods_of(study) if study.regions else ()


def verdicts_for(study: Study, findings: Findings) -> list[Verdict]:
    """A verdict per audited attribute and region, worst first; per attribute alone without regions."""
    found = list(_verdicts(study, findings.measurements))
    return sorted(found, key=lambda v: (VERDICTS_WORST_FIRST.index(v.verdict), v.attribute, v.region or ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Legs:
    """The evidence on one attribute and one region, each quantity held against its limit."""

    outcome: Leg
    """The largest gap between groups."""
    attribute: AttributeEvidence
    """Whether the attribute is used."""
    region: RegionEvidence | None
    """Whether the region is used; None without one."""
    measurements: Sequence[Measurement]
    """What the legs were made from, unusable ones too."""


def legs_of(
    study: Study,
    measurements: Sequence[Measurement],
    attribute: str,
    region: str | None,
    counterfactual: CounterfactualLegs = NO_LEGS,
) -> Legs:
    """The legs of the joint verdict on an attribute and a region; without a region the outcome and flips."""
    audit = study.config.audit
    gap = _one(measurements, metric=OUTCOME, attribute=attribute)
    outcome = leg_of(gap, f"{OUTCOME} of {attribute}", audit.tolerance, measurements)
    known = AttributeEvidence(
        name=attribute,
        alignment=counterfactual.alignment,
        flips=counterfactual.flips,
        exact=counterfactual.exact,
    )
    if region is None:
        return Legs(outcome=outcome, attribute=known, region=None, measurements=_there([gap, *counterfactual.evidence]))
    cues = _about(measurements, LOOKS, attribute, region)
    swaps = _about(measurements, MOVES, attribute, region)
    spread = [m for name in MOVES_EITHER_WAY for m in _about(measurements, name, attribute, region)]
    swap, scores = next(iter(swaps), None), _one(measurements, metric="score_gap", attribute=attribute)
    evidence = replace(
        known,
        cue=[leg_of(m, f"cue alignment by {m.method}", audit.cue) for m in cues if m.status != "unusable"],
        swap=leg_of(swap, f"effect of swapping the content of {region} between groups", audit.swap),
        spread=spread_legs(spread, audit.swap),
        gap=leg_of(scores, f"gap of the score between groups of {attribute}", audit.swap),
    )
    lifts, effect, use = _use(study, measurements, region)
    moved = spread if evidence.both_ways else []
    found = _there([gap, *cues, swap, *moved, scores, *lifts, effect, *counterfactual.evidence])
    return Legs(outcome=outcome, attribute=evidence, region=use, measurements=found)


def spread_legs(measurements: Sequence[Measurement], limit: float) -> list[Leg]:
    """How much more other groups' content changes, in any direction, than the own group's."""
    return [
        leg_of(m, f"how much more other groups' content {MOVES_EITHER_WAY[m.metric]} than the own group's", limit)
        for m in measurements
    ]


def _verdicts(study: Study, measurements: Sequence[Measurement]) -> Iterator[Verdict]:
    for attribute in study.attributes:
        counterfactual = counterfactual_legs(study, measurements, attribute)
        shown = shown_in(study.config, attribute)
        if not study.regions or (counterfactual and shown not in study.regions):
            yield _verdict(attribute, None, legs_of(study, measurements, attribute, None, counterfactual))
        for region in study.regions:
            joined = counterfactual if region == shown else NO_LEGS
            yield _verdict(attribute, region, legs_of(study, measurements, attribute, region, joined))


def _use(
    study: Study, measurements: Sequence[Measurement], region: str
) -> tuple[list[Measurement], Measurement | None, RegionEvidence]:
    """The measurements on the use of a region, and the evidence that they are."""
    audit = study.config.audit
    lifts = _over_all(measurements, metric=LIFT, region=region)
    limit = lift_limit(audit.lift, _area(measurements, region))
    effects = _over_all(measurements, metric=EFFECT, region=region)
    effect = effects[0] if effects else None  # the first fill asked for, or the one that suits the region
    forbidden, words = study.config.regions[region].forbidden, "effect of replacing it"
    if effect is not None and effect.value is None and not forbidden:
        # No control: the plain effect describes and clears; to accuse it would have to be more than any place's.
        plain = _over_all(measurements, metric="causal_shift", region=region)
        effect = next((m for m in plain if m.method == effect.method), effect)
        words = "effect of replacing it, with no control to compare with"
    evidence = RegionEvidence(
        name=region,
        lift=[leg_of(m, f"relevance lift by {m.method}", limit) for m in lifts if m.status == "ok"],
        effect=leg_of(effect, f"{words} ({effect.method if effect else '-'})", audit.effect),
        forbidden=forbidden,
    )
    return lifts, effect, evidence


def _verdict(attribute: str, region: str | None, legs: Legs) -> Verdict:
    joint = joint_verdict(legs.outcome, legs.attribute, legs.region)
    return Verdict(
        attribute=attribute,
        region=region,
        verdict=joint.verdict,
        attribute_used=joint.attribute_used,
        region_used=joint.region_used,
        forbidden=bool(legs.region and legs.region.forbidden),
        why=joint.why,
        needed=joint.needed,
        evidence=[m.id for m in legs.measurements if m.value is not None],
    )


def _there(found: Sequence[Measurement | None]) -> list[Measurement]:
    return [m for m in found if m is not None]


def _about(measurements: Sequence[Measurement], metric: str, attribute: str, region: str) -> list[Measurement]:
    return [
        m for m in measurements if (m.metric, m.attribute, m.region) == (metric, attribute, region) and not m.baseline
    ]


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
        audits_for=partial(audits_for, options=options, shared=SharedFindings()),
        verdicts_for=verdicts_for,
        methods_for=methods_for,
        needs_attributes=True,
        metrics=ALL if options is None else ALL | ALIGNMENT,
    )


PLAN = plan()
