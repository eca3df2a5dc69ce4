"""The first page as a piece of HTML for a notebook's cell: no script, no style sheet, no picture."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from fairaudit.report.escape import clip, plain
from fairaudit.report.page import GroupTable, page
from fairaudit.report.rows import gate_line, name_of
from fairaudit.results.report import Report


def render(report: Report) -> str:
    """What to do, who is worse off and what that rests on."""
    found = page(report)
    parts = [f"<h4>{_text(name_of(report))}: {_text(found.decision)}</h4>"]
    parts += [f"<p>{_text(' '.join(found.sentences))}</p>"] if found.sentences else []
    parts += [line for table in found.groups for line in _groups(table)]
    if found.evidence:
        cells = (
            f"<tr><td>{_text(row.metric)} ({_text(row.about)})</td><td>{_text(row.value)} {_text(row.interval)}</td>"
            f"<td>{_text(row.sentence)}</td></tr>"
            for row in found.evidence
        )
        parts.append(f"<table><tbody>{''.join(cells)}</tbody></table>")
    parts += [f"<p>Next: {_text(step)}</p>" for step in found.steps]
    parts.append(f"<p>{_text(gate_line(report.gate))}</p>")
    return f"<div>{''.join(parts)}</div>"


def _groups(table: GroupTable) -> Iterator[str]:
    head = "".join(f"<th>{_text(name)}</th>" for name in (table.attribute, "images", *table.columns))
    yield f"<table><thead><tr>{head}</tr></thead><tbody>"
    for row in table.rows:
        rates = "".join(
            f"<td>{f'<b>{_text(rate)}</b> (worst)' if worst else _text(rate)}</td>"
            for rate, worst in zip(row.rates, row.worst, strict=True)
        )
        yield f"<tr><td>{_text(row.group)}</td><td>{_text(row.images)}</td>{rates}</tr>"
    yield "</tbody></table>"


def _text(value: str) -> str:
    return escape(plain(clip(value, 2000)))
