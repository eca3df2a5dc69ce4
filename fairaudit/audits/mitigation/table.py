"""The comparison as one table in Markdown and as JSON rows."""

from __future__ import annotations

from typing import Any

from fairaudit.audits.mitigation.fit import VANILLA
from fairaudit.audits.mitigation.read import VariantComparison, flags
from fairaudit.mitigation.registry import METHODS
from fairaudit.report.escape import cell
from fairaudit.results.measurement import Measurement

SHOWN = {
    "unbiased_accuracy": "mean cell",
    "worst_cell_accuracy": "worst cell",
    "equalized_odds_difference": "EO gap",
    "iou_std": "σ IOU",
    "relevance_lift": "lift",
    "relevance_fall": "ADR",
    "relevance_fall_share": "DIF",
    "flip_rate": "flips",
    "ece": "ECE",
    "attribute_probe": "probe",
    "training_cost": "cost",
}
"""Metric → heading."""


def markdown(found: VariantComparison, rows: list[Measurement], *, chosen: str | None, notes: list[str]) -> str:
    """The comparison: a row per variant, an interval under every number, changes with Holm's p values, flags."""
    at = {(m.metric, m.method, m.baseline): m for m in rows}
    headings = [title for metric, title in SHOWN.items() if any(m.metric == metric for m in rows)]
    metrics = [metric for metric in SHOWN if any(m.metric == metric for m in rows)]
    lines = [
        f"# Mitigation of {cell(found.attribute)}",
        "",
        _best_line(chosen),
        "",
        f"Every number is of the same {len(found.images.target):,} images; 95 % intervals resample them. "
        "A star marks a change to the fine-tune control that stands after Holm over all methods, legs and both "
        "comparisons. An equal outcome without cell accuracy is no success: a constant classifier has it.",
        "",
        "| method | given | " + " | ".join(headings) + " | flags |",
        "| --- | --- | " + " | ".join("---" for _ in headings) + " | --- |",
    ]
    for name in [VANILLA, *found.fits.by_method]:
        lines.append(_line(found, at, name, metrics))
    correlation = at.get(("outcome_reason_correlation", "all", "vanilla"))
    if correlation is not None:
        lines += ["", _correlation_line(correlation)]
    lines += ["", *(f"- {cell(note)}" for note in notes)]
    return "\n".join(lines).rstrip() + "\n"


def json_rows(found: VariantComparison) -> list[dict[str, Any]]:
    """Plain rows per metric, method, seed and λ, and the failed methods with their reasons."""
    rows: list[dict[str, Any]] = []
    for name, seeds in found.per_seed.items():
        fits = [found.fits.vanilla] if name == VANILLA else found.fits.by_method[name]
        for fit, values in zip(fits, seeds, strict=True):
            place = {"method": name, "seed": fit.unit.seed, "lambda": fit.unit.strength}
            rows += [{"metric": metric, **place, "value": _number(value)} for metric, value in values.items()]
    for name, each in found.fits.by_method.items():
        rows += [
            {"metric": None, "method": name, "seed": fit.unit.seed, "lambda": fit.unit.strength, "value": None,
             "reason": fit.reason}
            for fit in each if fit.edit is None
        ]  # fmt: skip
    return rows


def _line(
    found: VariantComparison, at: dict[tuple[str, str | None, str | None], Measurement], name: str, metrics: list[str]
) -> str:
    given = "–" if name == VANILLA else ", ".join(METHODS[name].given) or "nothing more"
    if name not in found.values:
        reason = next(fit.reason for fit in found.fits.by_method[name] if fit.edit is None)
        return f"| {cell(name)} | {given} | " + " | ".join("–" for _ in metrics) + f" | failed: {cell(reason)} |"
    cells = [_cell(at.get((metric, name, None)), at.get((f"{metric}_change", name, "control"))) for metric in metrics]
    return f"| {cell(name)} | {given} | " + " | ".join(cells) + f" | {', '.join(flags(found, name)) or '–'} |"


def _cell(level: Measurement | None, change: Measurement | None) -> str:
    if level is None or level.value is None:
        return "–"
    star = ""
    if change is not None and change.extra.get("holm") and change.p_value is not None and change.p_value < 0.05:
        star = "*"
    ends = "" if level.low is None or level.high is None else f"<br>[{level.low:.2f}, {level.high:.2f}]"
    return f"{level.value:.2f}{star}{ends}"


def _best_line(chosen: str | None) -> str:
    if chosen is None:
        return "**Best: none.** Every method is degenerate, failed, or loses more mean cell accuracy than allowed."
    return f"**Best on the choosing part: {chosen}.**"


def _correlation_line(found: Measurement) -> str:
    title = "Rank correlation over methods of the change of the gap with the change of the lift"
    if found.value is None:
        return f"{title}: undefined ({found.reason})."
    return f"{title}: {found.value:.2f} [{found.low:.2f}, {found.high:.2f}]."


def _number(value: float) -> float | None:
    return None if value != value else value
