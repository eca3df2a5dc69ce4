"""GitHub Actions: workflow commands that become annotations, and a job summary of one screen.

Both are made from reports alone. GitHub shows ten annotations of a kind per step and drops the others without a word,
so the last of ten says how many there are. The summary has no pictures: a job summary cannot show files of a job.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal

from fairaudit.counted import counted
from fairaudit.report.escape import clip, markdown, plain
from fairaudit.report.meaning import told
from fairaudit.report.page import GroupTable, page
from fairaudit.report.rows import STATE_WORDS, Row, gate_line, judged, name_of, ungated
from fairaudit.results.report import GateState, Report
from fairaudit.results.text import interval

Kind = Literal["error", "warning", "notice"]

MOST: Final = 10
"""Annotations of a kind that GitHub shows per step."""
LINES: Final = 40
"""Lines of a job summary."""

_KINDS: Final[dict[GateState, Kind]] = {
    "fail": "error",
    "incomplete": "error",
    "inconclusive": "warning",
    "not judged": "warning",
    "none": "notice",
}
_DATA: Final = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY: Final = {**_DATA, ":": "%3A", ",": "%2C"}
_LONGEST: Final = 2000
_GROUPS: Final = 6
_RULES: Final = 8
_MODELS: Final = 25


def commands(reports: Sequence[Report]) -> str:
    """Workflow commands, one a line, worst first; nothing for a rule that passed.

    A failed or incomplete rule is an error, an inconclusive or unjudged one a warning, and a joint verdict that no rule
    asks about a notice.

    >>> commands([])
    ''
    """
    lines: dict[Kind, list[str]] = {"error": [], "warning": [], "notice": []}
    for report in reports:
        for row in (*judged(report), *ungated(report)):
            if row.state in _KINDS:
                kind = _KINDS[row.state]
                lines[kind].append(command(kind, title=_title(row, report), message=told(row)))
    return "".join(f"{line}\n" for kind, found in lines.items() for line in _shortened(kind, found))


def command(kind: Kind, *, title: str, message: str) -> str:
    """One workflow command: text from data stays text, whatever it looks like.

    >>> command("error", title="a: b, c", message="100 %")
    '::error title=a%3A b%2C c::100 %25'
    """
    return f"::{kind} title={_escaped(clip(title), _PROPERTY)}::{_escaped(clip(message, _LONGEST), _DATA)}"


def summary(reports: Sequence[Report]) -> str:
    """A job summary as Markdown: the first page of one report, or a line for each of several, worst first."""
    lines = list(_one(reports[0]) if len(reports) == 1 else _several(reports))
    return "\n".join(lines).rstrip("\n") + "\n"


def render(report: Report) -> str:
    """The job summary of one report."""
    return summary([report])


def _title(row: Row, report: Report) -> str:
    word = "NOT GATED" if row.state == "none" else STATE_WORDS[row.state]
    return f"{name_of(report)}: {word} {row.subject}"


def _shortened(kind: Kind, lines: Sequence[str]) -> Sequence[str]:
    if len(lines) <= MOST:
        return lines
    left = len(lines) - MOST + 1
    rest = command(kind, title=f"and {left} more", message="The job summary and report.json have all of them.")
    return [*lines[: MOST - 1], rest]


def _escaped(text: str, table: dict[str, str]) -> str:
    return "".join(table.get(character, character) for character in plain(text))


def _one(report: Report) -> Iterator[str]:
    found = page(report)
    yield f"### fairaudit: {_safe(name_of(report))}"
    yield ""
    yield f"**{found.decision}.** {_safe(' '.join(found.sentences), 600)}".rstrip()
    yield ""
    if found.groups:
        yield from _group_lines(found.groups[0])
    yield from _rule_lines([*judged(report), *ungated(report)])
    for step in found.steps[:2]:
        yield from (f"Next: {_safe(step, 600)}", "")
    yield f"{_safe(gate_line(report.gate))} {report.data.scored:,} of {report.data.rows:,} rows scored."


def _group_lines(table: GroupTable) -> Iterator[str]:
    cells = ((_safe(row.group), row.images, *map(_rate, row.rates, row.worst)) for row in table.rows[:_GROUPS])
    yield from _table((_safe(table.attribute), "images", *map(_safe, table.columns)), cells)
    if len(table.rows) > _GROUPS:
        yield from (f"… and {len(table.rows) - _GROUPS} more groups", "")


def _rate(text: str, worst: bool) -> str:
    return f"**{text}**" if worst else text


def _rule_lines(rows: Sequence[Row]) -> Iterator[str]:
    if not rows:
        return
    yield from _table(("", "number or verdict", "estimate", "limit", "why"), map(_rule, rows[:_RULES]))
    if len(rows) > _RULES:
        yield from (f"… and {len(rows) - _RULES} more", "")


def _rule(row: Row) -> tuple[str, ...]:
    estimate = f"{_safe(row.estimate)} {interval(row.low, row.high)}".strip()
    return (STATE_WORDS[row.state], _safe(row.subject), estimate, _safe(row.limits), _safe(row.why, 200))


def _several(reports: Sequence[Report]) -> Iterator[str]:
    order = list(STATE_WORDS)
    ranked = sorted(reports, key=lambda report: (order.index(report.gate.state), name_of(report)))
    yield f"### fairaudit: {counted(len(reports), 'model')}"
    yield ""
    yield from _table(("model", "decision", "gate", "worst rule"), map(_model, ranked[:_MODELS]))
    if len(ranked) > _MODELS:
        yield f"… and {len(ranked) - _MODELS} more models"


def _model(report: Report) -> tuple[str, ...]:
    worst = report.gate.rules[0].why if report.gate.rules else ""
    return (_safe(name_of(report)), f"**{page(report).decision}**", STATE_WORDS[report.gate.state], _safe(worst, 200))


def _table(headers: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    names = list(headers)
    yield f"| {' | '.join(names)} |"
    yield f"|{' --- |' * len(names)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def _safe(text: str, length: int = 120) -> str:
    return markdown(clip(text, length))
