"""A report as one HTML file that needs nothing else: no network, no font, no picture beside it.

It is readable without its one script, which filters and sorts the table of all numbers; the page allows no other.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from fairaudit.report.bars import Bar, bars
from fairaudit.report.escape import clip, plain
from fairaudit.report.grids import cell_grids, group_grids
from fairaudit.report.page import HEADINGS, Page, page
from fairaudit.report.rows import (
    STATE_WORDS,
    Row,
    gate_line,
    is_headline,
    judged,
    measured_row,
    name_of,
    shown,
    unjudged,
)
from fairaudit.report.templating import environment
from fairaudit.report.variants import variant_grids
from fairaudit.results.report import Figure, Report
from fairaudit.results.text import interval
from fairaudit.tables.metrics import METRICS

if TYPE_CHECKING:
    from jinja2 import Template

_MOST = 2000
_ROOM = 1_850_000
"""Bytes of all figures of a page, about 2.5 MB as text: the page stays below 3 MB. Figures beyond are named."""
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
    """A data URI; empty where the figure is not shown."""
    file: str
    remark: str = ""
    """Why it is not shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLine:
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
    first, pictures = page(report), _pictures(report.figures, folder)
    text: str = _template().render(
        name=name_of(report),
        first=first,
        contents=list(_contents(report, first)),
        words={name: METRICS[name].sentence for name in METRICS},
        script=Markup(script()),  # noqa: S704 (a file of this package)
        script_hash=script_hash(),
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
        evidence=list(zip(first.evidence, _evidence(report, first), strict=True)),
        headings=HEADINGS,
        outcomes=_outcomes(report),
        worst=_leading(report, [picture for figure, picture in pictures if figure.worst]),
        pictures=[picture for figure, picture in pictures if not figure.worst],
        states=STATE_WORDS,
    )
    return text.rstrip("\n") + "\n"


@cache
def script() -> str:
    """The page's one script."""
    return (resources.files("fairaudit.report") / "templates" / "report.js").read_text(encoding="utf-8")


def script_hash() -> str:
    """What the page's content security policy allows: the digest of that script and nothing else."""
    digest = hashlib.sha256(script().encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _contents(report: Report, first: Page) -> Iterator[tuple[str, str]]:
    """Id and title of every section that is there."""
    sections = (
        ("groups", "Who is worse off", first.groups), ("evidence", "What it rests on", first.evidence),
        ("worst", "Worst images", any(figure.worst for figure in report.figures)),
        ("verdicts", "Verdicts", report.verdicts), ("gate", "Gate", report.gate.rules),
        ("numbers", "All numbers", report.measurements),
        ("figures", "Figures", any(not figure.worst for figure in report.figures)),
        ("data", "Data", True), ("notes", "Notes", report.notes), ("provenance", "Where this comes from", True),
    )  # fmt: skip
    return ((name, title) for name, title, there in sections if there)


def _leading(report: Report, pictures: Sequence[Picture]) -> list[tuple[bool, Picture]]:
    """Worst images, and whether they are shown unfolded: of each kind those of the worst verdict, or the first."""
    verdict = report.verdicts[0] if report.verdicts else None
    names = [_letters(name) for name in (verdict.attribute, verdict.region) if name] if verdict else []

    def about(picture: Picture) -> bool:
        rest = _letters(Path(picture.file).stem.partition("-")[2])
        return any(rest.startswith(name) for name in names)

    first: dict[str, Picture] = {}
    for picture in [*filter(about, pictures), *pictures]:
        first.setdefault(Path(picture.file).stem.partition("-")[0], picture)
    shown = {picture.file for picture in first.values()}
    return sorted(((picture.file in shown, picture) for picture in pictures), key=lambda each: not each[0])


def _letters(name: str) -> str:
    """A name as figures' file names have it."""
    return "".join(character for character in name.lower() if character.isalnum())


def _outcomes(report: Report) -> dict[str, str]:
    """Attribute → its worst verdict, which comes first in a report."""
    found: dict[str, str] = {}
    for verdict in report.verdicts:
        found.setdefault(verdict.attribute, verdict.verdict)
    return found


def _evidence(report: Report, first: Page) -> list[TableLine]:
    """The rows of the evidence with the pictures of their intervals; each on a scale of its own metric."""
    known = {m.id: m for m in report.measurements}
    return _lines([measured_row(known[row.id]) for row in first.evidence])


def _soft(name: str) -> Markup:
    """A long name that may break after its underscores."""
    return Markup("_<wbr>").join(plain(clip(str(name), 2000)).split("_"))


def _lines(rows: Sequence[Row]) -> list[TableLine]:
    drawn: Iterable[Bar | None] = bars(rows)
    return [TableLine(row=row, span=interval(row.low, row.high), bar=bar) for row, bar in zip(rows, drawn, strict=True)]


def _pictures(figures: Sequence[Figure], folder: Path) -> list[tuple[Figure, Picture]]:
    """The figures, the worst images first, as far as there is room for them in the page."""
    found, room = [], _ROOM
    for figure in sorted(figures, key=lambda each: not each.worst):
        content = _content(folder, Path(figure.file))
        picture = Picture(caption=figure.caption, address="", file=figure.file)
        if not content:
            found.append((figure, replace(picture, remark="is not beside the report")))
        elif len(content) > room:
            found.append((figure, replace(picture, remark="is left out, so that this page stays small")))
        else:
            room -= len(content)
            kind = _TYPES[Path(figure.file).suffix.lower()]
            address = Markup(f"data:{kind};base64,{binascii.b2a_base64(content, newline=False).decode()}")  # noqa: S704 (base64)
            found.append((figure, replace(picture, address=address)))
    return found


def _content(folder: Path, path: Path) -> bytes:
    """A figure's bytes; none where it is missing, no picture, or reached by a path or link that leaves the folder."""
    # A report.json from elsewhere must not pull other files of this machine into the page.
    if path.suffix.lower() not in _TYPES or path.is_absolute() or ".." in path.parts:
        return b""
    try:
        full = (folder / path).resolve(strict=True)
        if not (full.is_relative_to(folder.resolve()) and full.is_file()):
            return b""
        with full.open("rb") as file:
            return file.read(_ROOM + 1)  # one that is too large for the page is only named
    except (OSError, ValueError, RuntimeError):  # ValueError: a NUL in the name; RuntimeError: links in a circle
        return b""


@cache
def _template() -> Template:
    found = environment()
    found.filters["soft"] = _soft
    return found.get_template("report.html.j2")
