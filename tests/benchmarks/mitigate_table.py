"""The tables of `mitigate.py`: what every method did, over seeds, as Markdown; also of a run that was cut short.

python tests/benchmarks/mitigate_table.py mitigate/fits.jsonl
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

HALVED = ("equalized_odds_difference", "flip_rate")
SHOWN = {
    "unbiased_accuracy": "mean cell", "worst_cell_accuracy": "worst cell", "equalized_odds_difference": "EO gap",
    "relevance_lift": "lift", "flip_rate": "flips", "conflicting_auc": "AUC conflicting", "ece": "ECE",
    "attribute_probe": "probe", "attribute_probe_mlp": "MLP probe",
}  # fmt: skip
"""Metric → heading."""


def table(found: list[dict[str, Any]], cost: dict[str, list[float]]) -> str:
    """A row per variant: mean and range over seeds, and in how many seeds both gaps fell by half or more.

    Args:
        found: what `conclude` returned for every seed.
        cost: method → times in units of the control's.
    """
    rows = [row for each in found for row in each["rows"]]
    numbers = numbers_of([row for row in rows if row.get("chosen")])
    shown = [metric for metric in SHOWN if any(metric in metrics for metrics in numbers.values())]
    lines = _head([SHOWN[metric] for metric in shown], ("verdicts", "both halved", "beats the control", "cost"))
    for name, metrics in numbers.items():
        cells = [_cell(metrics.get(metric, [])) for metric in shown]
        halved, beaten = _halved(numbers, name, len(found)), _beaten(found, name)
        cells += [_verdicts(found, name), halved, beaten, _cell(cost.get(name, []))]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    failed = {row["method"]: row["reason"] for each in found for row in each["rows"] if "reason" in row}
    lines += [f"| {name} | failed: {reason} |" for name, reason in failed.items()]
    for number, each in enumerate(found):
        correlation = next((m for m in each["measurements"] if m["metric"] == "outcome_reason_correlation"), None)
        if correlation is None:
            lines.append(f"\nSeed {number}: best on choose {each['best']}; its audit: {', '.join(each['verdicts'])}.")
        elif correlation["value"] is not None:
            ends = f"{correlation['value']:.2f} [{correlation['low']:.2f}, {correlation['high']:.2f}]"
            lines.append(f"\nSeed {number}: best on choose {each['best']}; its audit: {', '.join(each['verdicts'])}; "
                         f"rank correlation of the changes of gap and lift over methods {ends}.")  # fmt: skip
    return "\n".join(lines)


def partial(rows: list[dict[str, Any]]) -> str:
    """The table of fits that no comparison was made of yet: no verdict, no change that stands.

    Args:
        rows: metric, method, seed and value of every fit.
    """
    numbers, seeds = numbers_of(rows), len({row["seed"] for row in rows})
    shown = [metric for metric in SHOWN if any(metric in metrics for metrics in numbers.values())]
    lines = _head([SHOWN[metric] for metric in shown], ("both halved",))
    for name, metrics in numbers.items():
        cells = [_cell(metrics.get(metric, [])) for metric in shown] + [_halved(numbers, name, seeds)]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def times_of(rows: list[dict[str, Any]], control: str) -> dict[str, list[float]]:
    """Method → time of its fit in units of the control's, per seed."""
    seconds = {(row["method"], row["seed"]): row["seconds"] for row in rows if row["metric"] != "failed"}
    base = {seed: value for (name, seed), value in seconds.items() if name == control}
    times: dict[str, list[float]] = {}
    for (name, seed), value in seconds.items():
        if value and base.get(seed):
            times.setdefault(name, []).append(value / base[seed])
    return times


def numbers_of(rows: list[dict[str, Any]]) -> dict[str, dict[str, list[float]]]:
    """Method → metric → value per seed."""
    numbers: dict[str, dict[str, list[float]]] = {}
    for row in rows:
        if row["metric"] in SHOWN and row["value"] is not None:
            numbers.setdefault(row["method"], {}).setdefault(row["metric"], []).append(row["value"])
    return numbers


def _head(headings: list[str], more: tuple[str, ...]) -> list[str]:
    return ["| " + " | ".join(["method", *headings, *more]) + " |", "| --- " * (1 + len(headings) + len(more)) + "|"]


def _cell(values: list[float]) -> str:
    if not values:
        return "–"
    mean = sum(values) / len(values)
    return f"{mean:.2f}" if len(values) == 1 else f"{mean:.2f} ({min(values):.2f} to {max(values):.2f})"


def _halved(numbers: dict[str, dict[str, list[float]]], name: str, seeds: int) -> str:
    own, before = numbers[name], numbers["vanilla"]
    if name == "vanilla" or any(len(part.get(metric, [])) < seeds for part in (own, before) for metric in HALVED):
        return "–"
    count = sum(all(0.05 < before[m][seed] >= 2 * own[m][seed] for m in HALVED) for seed in range(seeds))
    return f"{count} of {seeds}"


def _verdicts(found: list[dict[str, Any]], name: str) -> str:
    """The joint verdicts on the method's models, with how many seeds have each."""
    told = Counter(
        row["value"] for each in found for row in each["rows"] if (row["metric"], row["method"]) == ("verdict", name)
    )
    return ", ".join(f"{verdict} ({count})" for verdict, count in told.most_common())


def _beaten(found: list[dict[str, Any]], name: str) -> str:
    """Seeds in which the gap's change to the control stands after Holm and is below 0."""
    rows = [
        m for each in found for m in each["measurements"]
        if (m["metric"], m["method"], m["baseline"]) == ("equalized_odds_difference_change", name, "control")
    ]  # fmt: skip
    if not rows:
        return "–"
    good = sum(m["value"] is not None and m["value"] < 0 and m["p_value"] < 0.05 for m in rows)
    return f"{good} of {len(rows)}"


if __name__ == "__main__":
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    sys.stdout.write(partial([json.loads(line) for line in lines]) + "\n")
