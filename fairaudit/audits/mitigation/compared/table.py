"""The comparison as one table, for Markdown and HTML alike, and as JSON rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fairaudit.audits.mitigation.compared.read import WITNESSES, VariantComparison, flags, verdicts_line, witness
from fairaudit.audits.mitigation.fits.fit import VANILLA
from fairaudit.audits.mitigation.fits.store import Fit
from fairaudit.mitigation.registry import METHODS
from fairaudit.report.mitigation import VariantNumber, VariantRow, VariantTable
from fairaudit.results.measurement import Measurement, finite

SHOWN = {
    "unbiased_accuracy": "mean cell",
    "worst_cell_accuracy": "worst cell",
    "equalized_odds_difference": "EO gap",
    "iou_std": "σ IOU",
    "relevance_lift": "lift",
    "relevance_fall": "ADR",
    "relevance_fall_share": "DIF",
    "relevance_lift_other": "lift (2nd)",
    "variant_cue_alignment": "cue",
    "variant_swap_effect": "content swap",
    "flip_rate": "flips",
    "flip_effect": "flip effect",
    "balanced_auc": "AUC",
    "conflicting_auc": "AUC conflicting",
    "attribute_probe": "probe",
    "attribute_probe_mlp": "MLP probe",
    "ece": "ECE",
    "training_cost": "cost",
}
"""Metric → heading."""
SIGNIFICANT = 0.05


def grid(found: VariantComparison, rows: Sequence[Measurement]) -> VariantTable:
    """The table: a row per variant, an interval under every number, stars, verdicts and flags."""
    at = {(m.metric, m.method, m.baseline): m for m in rows}
    metrics = [metric for metric in SHOWN if any(m.metric == metric and m.value is not None for m in rows)]
    lines = [_line(found, at, name, metrics) for name in (VANILLA, *found.fits.by_method)]
    return VariantTable(headings=tuple((metric, SHOWN[metric]) for metric in metrics), lines=tuple(lines))


def remarks(found: VariantComparison, rows: Sequence[Measurement]) -> list[str]:
    """How the table is to be read, and what it shows over all methods."""
    told = [
        f"Every number is of the same {len(found.images.target):,} images; {found.level:.0%} intervals resample them. "
        "A star marks a change to the fine-tune control that is significant after Holm's correction over all "
        "methods, legs and both "
        "comparisons. An equal outcome without accuracy is no success: a constant classifier has it too. "
        "The verdict is the audit's, from outcome gap, cue alignment, swapped content and flips of that model."
    ]
    if len(found.question.methods) > 1:
        first, second = found.question.methods[:2]
        told.append(f"Relevance is {first}'s; that of the column marked 2nd is {second}'s.")
    told += _too_few_replicates(found, rows)
    correlation = next((m for m in rows if m.metric == "outcome_reason_correlation"), None)
    return told if correlation is None else [*told, correlation_line(correlation)]


def _too_few_replicates(found: VariantComparison, rows: Sequence[Measurement]) -> list[str]:
    """A warning where even the smallest p value that the replicates allow cannot stand after Holm."""
    tests, replicates = sum(bool(m.extra.get("holm")) for m in rows), found.question.statistics.replicates
    if tests * 2 / (replicates + 1) < SIGNIFICANT:
        return []
    return [
        f"No change can be significant here: {tests} tests and {replicates:,} replicates leave a smallest adjusted p "
        "value of "
        f"{min(1.0, tests * 2 / (replicates + 1)):.2f}. Raise audit.replicates."
    ]


def correlation_line(found: Measurement) -> str:
    """The paper's question 1 in a sentence: do methods that lower the gap lower the relevance of the region?"""
    title = "Rank correlation over methods of the change of the gap with the change of the lift"
    if found.value is None:
        return f"{title}: undefined ({found.reason})."
    return f"{title}: {found.value:.2f} [{found.low:.2f}, {found.high:.2f}]."


def json_rows(found: VariantComparison) -> list[dict[str, Any]]:
    """Plain rows per metric, method, seed, λ and φ, values of λ that were not chosen too, and the failed methods."""
    rows: list[dict[str, Any]] = []
    for name, seeds in found.per_seed.items():
        fits = [found.fits.vanilla] if name == VANILLA else found.fits.by_method[name]
        for fit, values, one, joint in zip(fits, seeds, found.evidence[name], found.verdicts[name], strict=True):
            legs = {metric: leg.value for metric in WITNESSES if (leg := witness(one, metric)) is not None}
            rows += _rows(found, fit, {**values, **legs}, chosen=True, verdict=joint.verdict)
    for name, tried in found.trials.items():
        own = found.fits.by_method[name][0].unit
        fits = [fit for fit in found.fits.trials[name] if fit.edit is not None]
        for fit, values in zip(fits, tried, strict=True):
            if fit.unit != own:
                rows += _rows(found, fit, values, chosen=False)
    for each in found.fits.by_method.values():
        rows += [{**_place(found, fit), "metric": None, "value": None, "reason": fit.reason} for fit in each
                 if fit.edit is None]  # fmt: skip
    return rows


def _rows(
    found: VariantComparison,
    fit: Fit,
    values: Mapping[str, float | None],
    *,
    chosen: bool,
    verdict: str | None = None,
) -> Iterator[dict[str, Any]]:
    place = {**_place(found, fit), "chosen": chosen}
    for metric, value in values.items():
        yield {"metric": metric, **place, "value": finite(value)}
    if verdict is not None:
        yield {"metric": "verdict", **place, "value": verdict}


def _place(found: VariantComparison, fit: Fit) -> dict[str, Any]:
    phi = None if found.phi is None else round(found.phi, 4)
    return {"method": fit.unit.method, "seed": fit.unit.seed, "lambda": fit.unit.strength, "phi": phi}


def _line(
    found: VariantComparison,
    at: Mapping[tuple[str, str | None, str | None], Measurement],
    name: str,
    metrics: list[str],
) -> VariantRow:
    given = "" if name == VANILLA else ", ".join(METHODS[name].given) or "nothing more"
    if name not in found.values:
        reason = next(fit.reason for fit in found.fits.by_method[name] if fit.edit is None)
        return VariantRow(name=name, given=given, failed=reason)
    cells = [_cell(at.get((metric, name, None)), at.get((f"{metric}_change", name, "control"))) for metric in metrics]
    return VariantRow(
        name=name, given=given, cells=tuple(cells), verdict=verdicts_line(found, name), flags=tuple(flags(found, name))
    )


def _cell(level: Measurement | None, change: Measurement | None) -> VariantNumber:
    if level is None or level.value is None:
        return VariantNumber()
    star = bool(change and change.extra.get("holm")) and (change.p_value or 0.0) < SIGNIFICANT if change else False
    ends = "" if level.low is None or level.high is None else f"[{level.low:.2f}, {level.high:.2f}]"
    return VariantNumber(value=f"{level.value:.2f}", interval=ends, star=star)
