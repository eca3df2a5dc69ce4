"""A report as one HTML file that needs nothing else: no script, no font, no picture beside it."""

from __future__ import annotations

import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from fairaudit.report.bars import Bar, bars
from fairaudit.report.escape import clip, plain
from fairaudit.report.grids import cell_grids, group_grids
from fairaudit.report.rows import STATE_WORDS, Row, gate_line, is_headline, judged, name_of, shown, unjudged
from fairaudit.report.variants import variant_grids
from fairaudit.results.report import Figure, Report
from fairaudit.results.text import interval

if TYPE_CHECKING:
    from jinja2 import Template

_MOST = 2000
_LARGEST = 64 << 20
"""Bytes of a figure; larger ones are named and not embedded."""
_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".svg": "image/svg+xml",
    ".gif": "image/gif",
    ".webp": "image/webp",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A figure of the report with its bytes."""

    caption: str
    address: str
    """A data URI; empty where the file is missing."""
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row of a table with the picture of its interval."""

    row: Row
    span: str
    """The interval as text."""
    bar: Bar | None


def render(report: Report, folder: Path) -> str:
    """The report as HTML; figures are read from the report's folder and put into the file.

    A figure whose file is gone is named instead of shown.
    """
    gate = judged(report)
    others = [row for row in unjudged(report) if row.measurement and is_headline(row.measurement)]
    text: str = _template().render(
        name=name_of(report),
        report=report,
        gate_line=gate_line(report.gate),
        gate=_lines(gate[:_MOST]),
        gate_remark=shown(gate[:_MOST], len(gate), "rules"),
        others=_lines(others[:_MOST]),
        others_remark=shown(others[:_MOST], len(others), "numbers"),
        variants=variant_grids(report),
        groups=group_grids(report),
        cells=cell_grids(report.data),
        excluded=report.excluded[:_MOST],
        excluded_remark=shown(report.excluded[:_MOST], len(report.excluded), "rows"),
        pictures=[_picture(figure, folder) for figure in report.figures],
        states=STATE_WORDS,
    )
    return text.rstrip("\n") + "\n"


def _lines(rows: Sequence[Row]) -> list[Line]:
    drawn: Iterable[Bar | None] = bars(rows)
    return [Line(row=row, span=interval(row.low, row.high), bar=bar) for row, bar in zip(rows, drawn, strict=True)]


def _picture(figure: Figure, folder: Path) -> Picture:
    path = Path(figure.file)
    kind = _TYPES.get(path.suffix.lower())
    # A report.json from elsewhere must not pull other files of this machine into the page.
    inside = not path.is_absolute() and ".." not in path.parts
    address = ""
    if kind and inside:
        content = _content(folder, path)
        if content:
            address = Markup(f"data:{kind};base64,{binascii.b2a_base64(content, newline=False).decode()}")  # noqa: S704 (base64)
    return Picture(caption=figure.caption, address=address, file=figure.file)


def _content(folder: Path, path: Path) -> bytes:
    """A figure's bytes; none where it is missing, no file, or reached by a link that leaves the folder."""
    try:
        full = (folder / path).resolve(strict=True)
        if not (full.is_relative_to(folder.resolve()) and full.is_file() and full.stat().st_size <= _LARGEST):
            return b""
        return full.read_bytes()
    except (OSError, ValueError, RuntimeError):  # ValueError: a NUL in the name; RuntimeError: links in a circle
        return b""


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("fairaudit.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_safe,
    )
    return environment.get_template("report.html.j2")


def _safe(value: object) -> object:
    """Text from data without control characters; what is markup already, or no text, stays."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return plain(clip(value, 2000))
    return value
