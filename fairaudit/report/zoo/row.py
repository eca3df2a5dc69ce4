"""One model among several: the gate's result, the rule behind it, how good the model is, and where its report lies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from fairaudit.errors import DataError, ExitCode
from fairaudit.report.page import decision
from fairaudit.report.rows import Row, judged
from fairaudit.results.report import VERDICTS_WORST_FIRST, Report, Verdict

ORDER: Final = ("fail", "incomplete", "inconclusive", "not audited", "pass", "none")
"""States, worst first; the exit code of several models follows the same order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow:
    """One model of several."""

    model: str
    """Name of the model and of its folder."""
    gate: str
    """The gate's state, or `not audited`."""
    exit_code: int
    """What the model alone would return."""
    decision: str
    """What a release manager reads."""
    verdicts: tuple[str, ...]
    """Joint verdicts with what they are about, worst first."""
    rule: str
    """The metric or verdict of the worst rule, with what it is about; empty where nothing is gated."""
    value: float | None
    """The number that the worst rule judged."""
    limits: str
    """What that rule allows."""
    accuracy: float | None
    """Share of right decisions over the images whose first attribute is known, in [0, 1]; higher is better."""
    worst_group_accuracy: float | None
    """The smallest accuracy of a group of the first attribute, in [0, 1]; higher is better."""
    worst_rule: str
    """The worst rule's decision in a sentence, or why the model was not audited."""
    report: str | None
    """Path of report.json beside the summary; none where there is no report."""
    excess: float | None
    """How far the worst number of that state is beyond its limit, as a share of the limit where that is not 0."""


def row_of(report: Report, *, name: str, folder: str) -> ModelRow:
    """The row of a model that was audited.

    Args:
        report: its report.
        name: the model's name.
        folder: name of the folder that holds the report, beside the summary.
    """
    rules = judged(report)
    same = [rule for rule in rules if rule.state == report.gate.state]
    first = max(same, key=_excess_or_least, default=rules[0] if rules else None)
    accuracy, worst = _accuracies(report)
    return ModelRow(
        model=name,
        gate=report.gate.state,
        exit_code=report.gate.exit_code,
        decision=decision(report),
        verdicts=tuple(_verdict(verdict) for verdict in report.verdicts),
        rule="" if first is None else first.subject,
        value=None if first is None else first.value,
        limits="" if first is None else first.limits,
        accuracy=accuracy,
        worst_group_accuracy=worst,
        worst_rule=first.why if first is not None else "there is no rule",
        report=f"{folder}/report.json",
        excess=None if first is None else _excess(first),
    )


def broken_row(name: str, reason: str) -> ModelRow:
    """The row of a model that could not be audited."""
    return ModelRow(
        model=name,
        gate="not audited",
        exit_code=int(ExitCode.BAD_INPUT),
        decision="Not audited",
        verdicts=(),
        rule="",
        value=None,
        limits="",
        accuracy=None,
        worst_group_accuracy=None,
        worst_rule=reason,
        report=None,
        excess=None,
    )


def worst_first(rows: Iterable[ModelRow]) -> list[ModelRow]:
    """By state, then by joint verdict, then by how far the worst number is beyond its limit, then by name."""
    return sorted(rows, key=lambda row: (ORDER.index(row.gate), _severity(row), -(row.excess or 0.0), _natural(row)))


def worst_code(codes: Iterable[int]) -> int:
    """The exit code that stands for several: the gate's worst state wins; a model without a report never passes.

    >>> worst_code([0, 2, 3]), worst_code([0, 2, 4]), worst_code([0, 2]), worst_code([0, 0])
    (3, 4, 2, 0)
    >>> worst_code([0, 1])  # what is not expected here is no pass
    1
    """
    given = set(codes)
    order = (ExitCode.GATE_FAILED, ExitCode.INCOMPLETE, ExitCode.INCONCLUSIVE, ExitCode.BAD_INPUT)
    return next((int(code) for code in order if code in given), max(given, default=int(ExitCode.PASS)))


def counts_line(rows: Sequence[ModelRow]) -> str:
    """Number of models in each state, worst first."""
    counted = [(state, sum(row.gate == state for row in rows)) for state in ORDER]
    words = {"none": "without a gate"}
    return ", ".join(f"{count} {words.get(state, state)}" for state, count in counted if count)


def as_dict(row: ModelRow) -> dict[str, Any]:
    """The row as JSON has it."""
    return {**asdict(row), "verdicts": list(row.verdicts)}


def from_dict(values: Any) -> ModelRow:  # noqa: ANN401 (any JSON value)
    """A row from JSON.

    Raises:
        DataError: it is no such row.
    """
    fields = ModelRow.__slots__
    if not isinstance(values, dict) or set(values) != set(fields) or values["gate"] not in ORDER:
        raise DataError("A row of the summary is not about a model", wanted=", ".join(fields), found=str(values)[:200])
    return ModelRow(**{**values, "verdicts": tuple(values["verdicts"])})


def _accuracies(report: Report) -> tuple[float | None, float | None]:
    """Accuracy over all groups of the first attribute, and the smallest of a group."""
    found = [m for m in report.measurements if m.audit == "fairness" and m.baseline is None and m.class_ is None]
    groups = [m for m in found if m.metric == "accuracy" and m.group is not None]
    groups = [m for m in groups if m.attribute == groups[0].attribute]
    whole = [(m.value, m.n) for m in groups if m.value is not None and m.n]
    if not whole or len(whole) < len(groups):
        return None, None
    right = sum(value * n for value, n in whole)
    return right / sum(n for _, n in whole), min(value for value, _ in whole)


def _excess_or_least(rule: Row) -> float:
    if rule.verdict is not None:
        return float("inf")  # a verdict sums up what numbers show
    excess = _excess(rule)
    return float("-inf") if excess is None else excess


def _excess(rule: Row) -> float | None:
    if rule.value is None or rule.verdict is not None:
        return None
    beyond = [(rule.value - rule.maximum, rule.maximum)] if rule.maximum is not None else []
    beyond += [(rule.minimum - rule.value, rule.minimum)] if rule.minimum is not None else []
    return max((gap / (abs(limit) or 1.0) for gap, limit in beyond), default=None)


def _severity(row: ModelRow) -> int:
    ranks = [
        i for text in row.verdicts for i, verdict in enumerate(VERDICTS_WORST_FIRST) if text.endswith(f": {verdict}")
    ]
    return min(ranks, default=len(VERDICTS_WORST_FIRST))


def _natural(row: ModelRow) -> list[tuple[int, int, str]]:
    """Names so that m2 comes before m10."""
    parts = re.split(r"(\d+)", row.model)
    return [(0, int(part[:18]), part) if part.isdecimal() else (1, 0, part) for part in parts]


def _verdict(verdict: Verdict) -> str:
    about = f"{verdict.attribute} × {verdict.region}" if verdict.region else verdict.attribute
    return f"{about}: {verdict.verdict}"
