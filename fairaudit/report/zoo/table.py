"""The rows of several models as a table for a terminal of 80 columns, as Markdown and as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Final

from fairaudit.report.escape import cell, clip, markdown, plain
from fairaudit.report.zoo.row import ModelRow, as_dict, counts_line, worst_first
from fairaudit.results.text import number

MOST: Final = 40
"""Rows on a terminal, unless more are asked for."""
_NAME: Final = 20
_COLUMNS: Final = ("model", "gate", "decision", "rule", "value", "limits", "accuracy", "worst_group_accuracy")
_MORE: Final = ("verdicts", "worst_rule", "report", "exit_code")


def terminal(rows: Sequence[ModelRow], *, width: int = 80, most: int | None = MOST) -> str:
    """The closing table: one line per model, worst first; numbers that do not fit are in the files.

    Args:
        rows: models in any order.
        width: columns of the terminal.
        most: lines of models; None for all.
    """
    ordered = worst_first(rows)
    shown = ordered if most is None else ordered[:most]
    name = min(_NAME, max([5, *(len(plain(row.model)) for row in shown)]))
    lines = [
        f"{counted(len(rows))}, worst first: {counts_line(rows)}",
        f"{'model'.ljust(name)}  {'gate'.ljust(12)}  accuracy  why",
    ]
    for row in shown:
        head = f"{_cut(row.model, name).ljust(name)}  {_state(row).ljust(12)}  {number(row.accuracy).rjust(8)}  "
        lines.append(head + _cut(why(row), max(20, width - len(head))))
    if len(shown) < len(ordered):
        lines.append(f"… and {len(ordered) - len(shown)} more, in summary.csv and index.html (-v prints them all)")
    return "\n".join(line.rstrip() for line in lines) + "\n"


def as_markdown(rows: Sequence[ModelRow]) -> str:
    """The rows as a Markdown table, worst first."""
    lines = [
        "# Summary",
        "",
        f"{counted(len(rows))}, worst first: {counts_line(rows)}.",
        "",
        "| model | gate | accuracy | joint verdicts | worst rule | value | limit |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in worst_first(rows):
        texts = (
            row.model,
            row.gate,
            number(row.accuracy),
            "; ".join(row.verdicts),
            clip(row.rule or row.worst_rule),
            "" if row.value is None else number(row.value),
            row.limits,
        )
        lines.append("| " + " | ".join(markdown(text) for text in texts) + " |")
    return "\n".join(lines) + "\n"


def as_csv(rows: Sequence[ModelRow]) -> str:
    """The rows as CSV with full digits, worst first; what a spreadsheet would read as a formula gets an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*_COLUMNS, *_MORE])
    for row in worst_first(rows):
        values = {**as_dict(row), "verdicts": "; ".join(row.verdicts)}
        writer.writerow([_text(values[name]) for name in (*_COLUMNS, *_MORE)])
    return text.getvalue()


def counted(models: int) -> str:
    """How many models, in words.

    >>> counted(1), counted(2000)
    ('1 model', '2,000 models')
    """
    return f"{models:,} model{'' if models == 1 else 's'}"


def why(row: ModelRow) -> str:
    """The worst rule with its number and limit, its sentence where it has no number, or the worst verdict."""
    if row.gate == "not audited":
        return row.worst_rule
    if row.value is not None:
        return f"{number(row.value)}{f' ({row.limits})' if row.limits else ''} {row.rule}"
    return row.worst_rule if row.rule else "; ".join(row.verdicts) or row.worst_rule


def _state(row: ModelRow) -> str:
    return "no gate" if row.gate == "none" else row.gate.upper()


def _cut(text: str, room: int) -> str:
    return clip(plain(text), room)


def _text(value: object) -> str:
    if value is None:
        return ""
    return cell(value) if isinstance(value, str) else json.dumps(value)
