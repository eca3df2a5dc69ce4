"""Audits one model of a self-test, and says which audits saw something."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from fairaudit.audits.core.plan import AuditPlan
from fairaudit.audits.core.run import mapped_study, measured
from fairaudit.audits.core.stream.audit import Audit, Findings
from fairaudit.audits.core.stream.progress import Progress
from fairaudit.audits.core.stream.trial import Trials
from fairaudit.audits.core.study.methods import methods_of
from fairaudit.audits.core.study.study import Study
from fairaudit.audits.discovery.audit import DiscoveryAudit
from fairaudit.audits.joint import verdict as joint
from fairaudit.audits.joint.counterfactual_legs import leg_of
from fairaudit.audits.joint.verdict import legs_of
from fairaudit.audits.selftest.flags import Flag
from fairaudit.audits.selftest.planted import COUNTS, PlantedAudit, planted_counts
from fairaudit.engine.part import Part
from fairaudit.results.measurement import Measurement
from fairaudit.verdict.joint import joint_verdict
from fairaudit.verdict.leg import Leg

RELIES = ("unequal and for the wrong reason", "spurious but equal")
"""Joint verdicts that say that the model rests on the region."""
UNEQUAL = ("unequal outcome",)
"""The one that says that there is something to find where the bias has no place of its own."""


def plan_of(*, discover: bool) -> AuditPlan:
    """The joint audit, discovery where it is wanted, and the accuracy along the planted bias."""

    def audits_for(study: Study, trials: Trials) -> Sequence[Audit]:
        audits = [*joint.audits_for(study, trials), PlantedAudit()]
        if discover:
            audits.append(DiscoveryAudit(study, methods_of(study), trials.unusable))
        return audits

    methods_for = methods_of if discover else joint.methods_for
    return AuditPlan(audits_for=audits_for, methods_for=methods_for, metrics=joint.PLAN.metrics)


def audit_case(
    study: Study, plan: AuditPlan, places: Sequence[tuple[str, str | None]], progress: Progress, *, prune: bool
) -> dict[str, Part]:
    """Everything that the self-test keeps about one model: a flag per audit, right decisions, rows without a score."""
    audits, streamed = mapped_study(study, plan, progress)
    findings = measured(audits, streamed, progress)
    found = [flag for attribute, region in places for flag in flags(study, findings, attribute, region)]
    if prune:
        from fairaudit.audits.selftest.prune import prune_flags

        found += prune_flags(study, places)
    counts = [planted_counts(streamed.totals["planted"], attribute) for attribute, _ in places]
    return {
        "flags": Part(
            columns={
                "audit": np.array([flag.audit for flag in found], dtype=np.str_),
                "attribute": np.array([flag.attribute for flag in found], dtype=np.str_),
                "region": np.array([flag.region or "" for flag in found], dtype=np.str_),
                "flagged": np.array([flag.flagged for flag in found], dtype=np.bool_),
                "reason": np.array([flag.reason for flag in found], dtype=np.str_),
            }
        ),
        "counts": Part(
            columns={
                "planted": np.array([attribute for attribute, _ in places], dtype=np.str_),
                **{name: np.array([count[name] for count in counts], dtype=np.int64) for name in COUNTS},
            }
        ),
        "excluded": Part(
            columns={
                "row": np.array([row for row, _ in streamed.excluded], dtype=np.int64),
                "reason": np.array([reason for _, reason in streamed.excluded], dtype=np.str_),
            }
        ),
    }


def flags(study: Study, findings: Findings, attribute: str, region: str | None) -> Iterator[Flag]:
    """What every audit says about one planted attribute."""
    legs = legs_of(study, findings.measurements, attribute, region)
    yield _of_leg("fairness", attribute, region, legs.outcome)
    if region is not None:
        cues = {m.method: m for m in findings.measurements if m.metric == joint.LOOKS and _about(m, attribute, region)}
        for method in study.config.audit.saliency:
            name, m = f"cue alignment {method}", cues.get(method)
            if m is None or m.status == "unusable":
                reason = _unusable(findings.measurements, method, region)
                yield Flag(audit=name, attribute=attribute, region=region, flagged=False, reason=reason)
            else:
                yield _of_leg(name, attribute, region, leg_of(m, name, study.config.audit.cue))
        for lift in legs.region.lift if legs.region else ():
            yield _of_leg(lift.name.replace("relevance lift by", "relevance"), attribute, region, lift)
        if legs.region is not None and legs.region.effect is not None:
            yield _of_leg("causal", attribute, region, legs.region.effect)
        if legs.attribute.swap is not None:
            yield _of_leg("content swap", attribute, region, legs.attribute.swap)
    verdict = joint_verdict(legs.outcome, legs.attribute, legs.region)
    wanted = UNEQUAL if region is None else RELIES
    yield Flag(
        audit="joint verdict",
        attribute=attribute,
        region=region,
        flagged=verdict.verdict in wanted,
        reason=verdict.why if verdict.verdict == "undecided" else "",
    )
    yield from _discovered(findings.measurements, attribute, region)


def _about(m: Measurement, attribute: str, region: str) -> bool:
    return m.attribute == attribute and m.region == region and not m.baseline


def _of_leg(audit: str, attribute: str, region: str | None, leg: Leg) -> Flag:
    reason = leg.sentence() if leg.side in ("absent", "open") else ""
    return Flag(audit=audit, attribute=attribute, region=region, flagged=leg.side == "above", reason=reason)


def _discovered(measurements: Sequence[Measurement], attribute: str, region: str | None) -> Iterator[Flag]:
    """One flag per kind of discovery and method: any window that was found, wherever it is."""
    seen: dict[str, Flag] = {}
    for m in measurements:
        if m.metric not in ("discovery", "discovery_alignment") or m.attribute != attribute:
            continue
        name = f"{m.metric} {m.method}"
        reason = (m.reason or "") if m.status == "unusable" else ""
        flagged = m.status == "ok" or (name in seen and seen[name].flagged)
        seen[name] = Flag(audit=name, attribute=attribute, region=region, flagged=flagged, reason=reason)
    yield from seen.values()


def _unusable(measurements: Sequence[Measurement], method: str, region: str) -> str:
    reasons = [m.reason for m in measurements if m.method == method and m.region == region and m.status != "ok"]
    return next((reason for reason in reasons if reason), f"{method} gave no number for {region}")
