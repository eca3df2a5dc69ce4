"""A report as text for a terminal or a log: verdicts, the gate worst first, the main numbers, one last line."""

from __future__ import annotations

import io
import re
import shutil
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fairaudit.report.escape import clip, inert, plain
from fairaudit.report.rows import STATE_WORDS, Row, candidate, gate_line, is_headline, judged, name_of, shown, unjudged
from fairaudit.report.variants import AUDIT, variant_grids
from fairaudit.results.report import Report, Verdict
from fairaudit.results.text import interval, number

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from fairaudit.report.grids import Grid

MOST_ROWS = 20
"""Numbers that no rule asks about are shown up to here; judged ones always."""

MOST_OF_ONE = 12
"""As many of them are about one subject at most."""

NUMBERS = ("Number", "Estimate", "Interval", "Images", "Chance")
"""Columns of the table of numbers that no rule asks about."""
NARROW = ("Number", "Estimate", "Images")
"""The same where there is no room for all: intervals stand below their estimates."""

_LEAST_ROOM = 24
_GAP = 3
_INTERVAL = re.compile(r"\[(\S+), (\S+)\]")
_STYLES = {
    "fail": "bold red",
    "incomplete": "bold magenta",
    "inconclusive": "bold yellow",
    "not judged": "yellow",
    "pass": "green",
    "none": "",
}


def render(report: Report, *, width: int | None = None, color: bool = False, unjudged_too: bool = True) -> str:
    """The report as lines of text.

    Args:
        report: what to show.
        width: columns; by default those of the terminal, from 60 to 100, and 100 where there is none.
        color: mark states with terminal colours; without it the text holds no escape sequence.
        unjudged_too: show numbers that no rule asks about.
    """
    columns = width or min(100, max(60, shutil.get_terminal_size((100, 24)).columns))
    others = [row for row in unjudged(report) if not _is_of_variants(row)] if unjudged_too else []
    rows = judged(report)
    kept = _chosen(others)
    blocks = [
        wrapped(_heading(report), columns),
        *(_verdict(verdict, columns) for verdict in report.verdicts),
        _gate_table(rows, columns, color=color) if rows else "",
        "\n".join(line for row in rows for line in _reasons(row, columns)),
        *(_grid_table(grid, columns, color=color) for grid in variant_grids(report, compact=True)),
        _number_table(kept, columns, color=color) if kept else "",
        wrapped(shown(kept, len(others), "other numbers"), columns),
        "\n".join(wrapped(f"Note: {note}", columns, "  ") for note in report.notes),
        wrapped(gate_line(report.gate), columns),
    ]
    return inert("\n\n".join(block for block in blocks if block) + "\n")


def _heading(report: Report) -> str:
    model, data = candidate(report), report.data
    scored = f"{data.scored:,} of {data.rows:,}" if data.scored != data.rows else f"{data.rows:,}"
    against = "".join(f", against {other.file}" for other in report.models if other.role == "baseline")
    subject = f"{name_of(report)} ({model.file}) on " if model else ""
    target = f", target {data.target}" if data.target else ""
    return f"{subject}{scored} images of {data.name}{target}{against}"


def _verdict(verdict: Verdict, columns: int) -> str:
    region = f" × {verdict.region}" if verdict.region else ""
    lines = [wrapped(f"{verdict.attribute}{region}: {verdict.verdict.upper()}", columns)]
    lines += [wrapped(f"  {text}", columns, "  ") for text in (verdict.why, verdict.needed) if text]
    return "\n".join(lines)


def _reasons(row: Row, columns: int) -> Iterator[str]:
    told = row.verdict is not None and row.state == ("inconclusive" if row.verdict == "undecided" else "fail")
    if row.state not in ("pass", "none") and not told:  # a verdict's own reasons stand at the top
        yield wrapped(f"{STATE_WORDS[row.state]} {clip(row.subject)}: {row.why}", columns, "  ")


def _gate_table(rows: Sequence[Row], columns: int, *, color: bool) -> str:
    from rich.text import Text

    table = _empty_table()
    table.add_column("Verdict", no_wrap=True)
    _add_number_columns(table)
    table.add_column("Limit", no_wrap=True)
    fixed = [(STATE_WORDS[row.state], *_estimates(row), row.limits) for row in rows]
    room = _room([("Verdict", "Estimate", "Images", "Limit"), *fixed], columns)
    for row in rows:
        state = Text(STATE_WORDS[row.state], style=_STYLES[row.state])
        table.add_row(state, *_cells(row, room), Text(row.limits))
    return _printed(table, columns, color=color)


def _number_table(rows: Sequence[Row], columns: int, *, color: bool) -> str:
    from rich.text import Text

    names: tuple[str, ...] = NUMBERS
    texts = [_texts(row) for row in rows]
    room = _room([names[1:], *(found[1:] for found in texts)], columns)
    if room < _LEAST_ROOM:
        names, texts = NARROW, [_narrow(found) for found in texts]
        room = _room([names[1:], *(found[1:] for found in texts)], columns)
    table = _empty_table()
    table.add_column(names[0], overflow="fold", ratio=1)
    for name in names[1:]:
        table.add_column(name, justify="right", no_wrap=True)
    for heading in dict.fromkeys(row.about for row in rows):
        table.add_row(Text(plain(clip(heading or "over everything")), style="bold"))
        for row, (name, *others) in zip(rows, texts, strict=True):
            if row.about == heading:
                table.add_row(Text(broken(name, room)), *(Text(text) for text in others))
    return _printed(table, columns, color=color)


def _is_of_variants(row: Row) -> bool:
    """Whether the number is about a model of a pruning run; those have tables of their own."""
    return row.measurement is not None and row.measurement.audit == AUDIT


def _grid_table(grid: Grid, columns: int, *, color: bool) -> str:
    from rich.text import Text

    table = _empty_table()
    table.add_column(plain(grid.corner), overflow="fold")
    for name in grid.columns:
        table.add_column(Text(plain(clip(name))), justify="right", overflow="fold")
    for name, cells in grid.rows:
        table.add_row(Text(plain(clip(name))), *(Text(cell) for cell in cells))
    return f"{wrapped(grid.title, columns)}\n{_printed(table, columns, color=color)}"


def _narrow(texts: tuple[str, ...]) -> tuple[str, ...]:
    name, estimate, ends, images, _ = texts
    return name, "\n".join(part for part in (estimate, ends) if part), images


def _texts(row: Row) -> tuple[str, ...]:
    chance = row.measurement.chance if row.measurement else None
    images = "" if row.n is None else f"{row.n:,}"
    told = "" if chance is None else number(chance)
    return (f"  {plain(clip(row.metric))}", row.estimate, interval(row.low, row.high), images, told)


def _chosen(rows: Sequence[Row]) -> list[Row]:
    """The first numbers of every subject, as many of each as fit into `MOST_ROWS`; single groups only if no others."""
    over_all = [row for row in rows if row.measurement and is_headline(row.measurement)] or list(rows)
    subjects: dict[str, list[Row]] = {}
    for row in over_all:
        subjects.setdefault(row.about, []).append(row)
    share = min(MOST_OF_ONE, max(1, MOST_ROWS // max(1, len(subjects))))
    return [row for members in subjects.values() for row in members[:share]][:MOST_ROWS]


def _add_number_columns(table: Table) -> None:
    table.add_column("Number", overflow="fold", ratio=1)
    table.add_column("Estimate", justify="right", no_wrap=True)
    table.add_column("Images", justify="right", no_wrap=True)


def _cells(row: Row, room: int) -> tuple[Text, Text, Text]:
    from rich.text import Text

    subject = Text(broken(plain(clip(row.metric)), room))
    if row.about:
        subject.append(f"\n{plain(clip(row.about))}", style="dim")
    estimate, images = _estimates(row)
    return subject, Text(estimate), Text(images)


def _estimates(row: Row) -> tuple[str, str]:
    estimate = "\n".join(part for part in (row.estimate, interval(row.low, row.high)) if part)
    return estimate, "" if row.n is None else f"{row.n:,}"


def _room(cells: Sequence[Sequence[str]], columns: int) -> int:
    """Columns that are left for names when every other column of a table is as wide as its widest line."""
    widths = [max(len(line) for text in column for line in text.split("\n")) for column in zip(*cells, strict=True)]
    return columns - sum(widths) - _GAP * len(widths)


def broken(name: str, room: int) -> str:
    """A long name of words joined by underscores, broken between words where it does not fit.

    >>> print(broken("  equalized_odds_difference_to_overall", 28))
      equalized_odds_difference_
        to_overall
    """
    lines = [name]
    while len(lines[-1]) > room:
        cut = lines[-1].rfind("_", 0, room) + 1
        indent = " " * (len(lines[0]) - len(lines[0].lstrip()) + 2)
        if not lines[-1][:cut].strip() or cut <= len(indent):
            break  # one word that is too long by itself is folded anywhere
        lines[-1:] = [lines[-1][:cut], indent + lines[-1][cut:]]
    return "\n".join(lines)


def _empty_table() -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    return Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, expand=True, header_style="bold")


def _printed(table: Table, width: int, *, color: bool) -> str:
    from rich.console import Console

    # An environment of its own: FORCE_COLOR or COLUMNS must not reach text that may be piped.
    console = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        legacy_windows=False,
        _environ={},
    )
    with console.capture() as capture:
        console.print(table)
    return "\n".join(line.rstrip() for line in capture.get().rstrip("\n").split("\n"))


def wrapped(text: str, columns: int, indent: str = "") -> str:
    """Text in lines of at most so many columns; no line breaks inside an interval."""
    text = _INTERVAL.sub("[\\1,\x00\\2]", plain(text))  # so that no line breaks inside an interval
    lead = text[: len(text) - len(text.lstrip())]
    lines = textwrap.wrap(text.strip(), columns, initial_indent=lead, subsequent_indent=indent, break_on_hyphens=False)
    return "\n".join(lines).replace("\x00", " ")
