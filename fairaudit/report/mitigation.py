"""The comparison of mitigation methods as Markdown and as one HTML page that needs nothing else."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from fairaudit.report.escape import markdown as cell
from fairaudit.report.escape import plain
from fairaudit.report.templating import environment
from fairaudit.tables.metrics import METRICS

if TYPE_CHECKING:
    from jinja2 import Template

DASH = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantNumber:
    """One number of a variant."""

    value: str = DASH
    interval: str = ""
    star: bool = False
    """Whether the change to the control stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantRow:
    """One variant."""

    name: str
    given: str
    """What it was given beyond images and targets."""
    cells: tuple[VariantNumber, ...] = ()
    """One per heading; none where it failed."""
    verdict: str = ""
    flags: tuple[str, ...] = ()
    failed: str = ""
    """Why there is no model; empty where there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantTable:
    """The table."""

    headings: tuple[tuple[str, str], ...]
    """Metric and heading of every column."""
    lines: tuple[VariantRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MitigationPage:
    """The content of a comparison."""

    title: str
    answer: Sequence[str]
    """The best method, and whether the written model passes the audit."""
    state: str
    """State of the audit's gate: pass, fail, …, or none."""
    remarks: Sequence[str]
    """How the table is to be read."""
    grids: Mapping[str, VariantTable]
    """Heading → table; an empty heading where there is one table only."""
    figures: Sequence[tuple[str, str]] = ()
    """File beside the page, and caption."""
    notes: Sequence[str] = ()
    report: str | None = None
    """File of the whole report beside the page."""


def markdown(page: MitigationPage) -> str:
    """The page in Markdown, without its figures."""
    lines = [f"# {cell(page.title)}", "", *(f"**{cell(text)}**" for text in page.answer), ""]
    for text in page.remarks:
        lines += [cell(text), ""]
    for heading, table in page.grids.items():
        lines += [*([f"## {cell(heading)}", ""] if heading else []), *_table(table), ""]
    lines += [f"- {cell(note)}" for note in page.notes]
    return "\n".join(lines).rstrip() + "\n"


TERMINAL = ("worst_cell_accuracy", "equalized_odds_difference", "relevance_lift", "flip_rate")
"""Metrics that a terminal has room for."""


STAR = "* a change to the fine-tune control that is significant after correction"


def terminal(page: MitigationPage) -> str:
    """The answer and a table of the legs in plain text, about 100 columns wide."""
    lines: list[str] = []
    for heading, table in page.grids.items():
        places = [n for n, (metric, _) in enumerate(table.headings) if metric in TERMINAL]
        rows = [["method", *(table.headings[n][1] for n in places), "verdict"]]
        for line in table.lines:
            numbers = [f"{c.value}{'*' if c.star else ''}" for c in line.cells] if line.cells else []
            told = line.verdict + "".join(f"; {flag}" for flag in line.flags) if not line.failed else "failed"
            rows.append([plain(line.name), *(numbers[n] if numbers else DASH for n in places), plain(told)])
        widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
        lines += [plain(heading)] if heading else []
        for row in rows:
            lines.append("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
        lines.append("")
    if any("*" in line for line in lines):
        lines = [*lines[:-1], STAR, ""]
    return "\n".join([*lines, *(plain(text) for text in page.answer)]) + "\n"


def html(page: MitigationPage, folder: Path) -> str:
    """The page as HTML; figures are read from the folder and put into the file, one that is gone is left out."""
    pictures = [
        (caption, Markup(base64.b64encode((folder / file).read_bytes()).decode()))  # noqa: S704 (no text from data)
        for file, caption in page.figures
        if (folder / file).is_file()
    ]
    words = {name: METRICS[name].sentence for name in METRICS}
    text: str = _template().render(page=page, pictures=pictures, words=words)
    return text.rstrip("\n") + "\n"


def _table(table: VariantTable) -> list[str]:
    titles = ["method", "given", *(title for _, title in table.headings), "verdict", "flags"]
    lines = [f"| {' | '.join(titles)} |", "| --- " * len(titles) + "|"]
    for line in table.lines:
        if line.failed:
            cells = [DASH] * len(table.headings) + [DASH, f"failed: {cell(line.failed)}"]
        else:
            cells = [_number(each) for each in line.cells] + [cell(line.verdict), cell(", ".join(line.flags)) or DASH]
        lines.append(f"| {' | '.join([cell(line.name), cell(line.given) or DASH, *cells])} |")
    return lines


def _number(each: VariantNumber) -> str:
    star, interval = "*" if each.star else "", f"<br>{each.interval}" if each.interval else ""
    return f"{each.value}{star}{interval}"


@cache
def _template() -> Template:
    return environment().get_template("mitigation.html.j2")
