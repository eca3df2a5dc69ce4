"""A report in one screen: what to do and why, who is worse off, what this rests on, what next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fairaudit.counted import counted
from fairaudit.report.escape import clip, inert, plain
from fairaudit.report.page import HEADINGS, EvidenceRow, GroupTable, Page, page
from fairaudit.report.rows import candidate, gate_line, name_of
from fairaudit.report.terminal import wrapped
from fairaudit.results.report import Report

MOST_GROUPS = 6
"""Groups of the table; more are counted."""
LINES = 24
"""Lines of a screen."""
SIZES = ((5, 4, 2), (5, 2, 2), (4, 2, 1), (3, 1, 1), (2, 0, 1))
"""Numbers of the worst verdict, verdicts beside it, and next steps: the first that fit a screen."""
STEP = 300
"""Characters of a next step."""
MARK = "*"
"""Beside the worst value of a column."""


def render(report: Report, *, width: int = 80) -> str:
    """The first page as text of at most 24 lines, unless names are as long as lines."""
    found = page(report)
    for size in SIZES:
        text = _screen(report, found, size, width)
        if text.count("\n") <= LINES:
            break
    return text


def _screen(report: Report, found: Page, size: tuple[int, int, int], width: int) -> str:
    evidence, others, steps = size
    blocks = [
        wrapped(_heading(report), width),
        wrapped(f"{found.decision.upper()}. {' '.join(map(plain, found.sentences))}", width),
        "\n".join(_groups(found.groups[0])) if found.groups else "",
        "\n".join(_why(report, found, evidence, others, width)),
        "\n".join(wrapped(f"Next: {clip(plain(step), STEP)}", width, "  ") for step in found.steps[:steps]),
        wrapped(gate_line(report.gate), width),
    ]
    return inert("\n".join(block for block in blocks if block) + "\n")


def _heading(report: Report) -> str:
    model, data = candidate(report), report.data
    scored = f"{data.scored:,} of {data.rows:,}" if data.scored != data.rows else f"{data.rows:,}"
    file = f" ({model.file})" if model else ""
    return plain(f"{name_of(report)}{file} on {scored} images of {data.name}, target {data.target}")


def _groups(table: GroupTable) -> Iterator[str]:
    """The groups as columns of fixed width; a mark stands beside the worst value of each column."""
    shown = table.kept(MOST_GROUPS)
    cells = [[plain(clip(row.group)), row.images, *map(_marked, row.rates, row.worst)] for row in shown]
    head = [plain(clip(table.attribute)), "images", *(HEADINGS.get(name, name) for name in table.columns)]
    widths = [max(len(line[i]) for line in [head, *cells]) for i in range(len(head))]
    for line in [head, *cells]:
        first, *rest = (
            text.ljust(w) if i == 0 else text.rjust(w) for i, (text, w) in enumerate(zip(line, widths, strict=True))
        )
        yield "  ".join(["", first, *rest]).rstrip()
    if any(any(row.worst) for row in shown):
        yield f"  {MARK} the worst, beyond what chance explains"
    more = len(table.rows) - len(shown)
    if more:
        yield f"  … and {counted(more, 'more group')}"


def _marked(text: str, worst: bool) -> str:
    return f"{text}{MARK if worst else ' '}"


def _why(report: Report, found: Page, evidence: int, most: int, width: int) -> Iterator[str]:
    """The worst verdict with its numbers, then the others."""
    if not report.verdicts:
        return
    first, *others = report.verdicts
    yield wrapped(_verdict(first.attribute, first.region, first.verdict), width)
    yield from _aligned(found.evidence[:evidence], width)
    for verdict in others[:most]:
        yield wrapped(_verdict(verdict.attribute, verdict.region, verdict.verdict), width)
    if len(others) > most:
        yield f"{'… ' if most else ''}and {counted(len(others) - most, 'more verdict')}"


def _verdict(attribute: str, region: str | None, verdict: str) -> str:
    about = f"{attribute} × {region}" if region else attribute
    return f"{plain(clip(about))}: {verdict.upper()}"


def _aligned(rows: Sequence[EvidenceRow], width: int) -> Iterator[str]:
    numbers = [f"{row.value} {row.interval}".rstrip() for row in rows]
    right = max(map(len, numbers), default=0)
    for row, text in zip(rows, numbers, strict=True):
        name = plain(f"  {row.metric} ({row.about})")
        room = width - right - 2
        yield f"{name[: room - 1] + '…' if len(name) > room else name.ljust(room)}  {text.rjust(right)}"
