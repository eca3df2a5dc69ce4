"""`fairaudit render`: renderings of a report.json, with no model and no data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fairaudit.cli import options as o


def render(
    report: Annotated[Path, typer.Argument(help="A report.json, or its folder.")],
    formats: o.Formats = None,
    images: o.Images = True,
) -> None:
    """Render a report.json again: every format is made from it alone and written beside it.

    Example: fairaudit render fairaudit-report --format html
    """
    from fairaudit.cli.launch.small_work import small_work
    from fairaudit.cli.shared import guarded

    with small_work():
        guarded(lambda: _render(report, formats, images=images))


def _render(path: Path, formats: list[str] | None, *, images: bool) -> int:
    from fairaudit.audits.core.report.write import write_renderings
    from fairaudit.cli.settings import format_names
    from fairaudit.cli.terminal.announce import announce
    from fairaudit.cli.terminal.console import say
    from fairaudit.results.store import read_report

    folder = path if path.is_dir() else path.parent
    report = read_report(path)
    if not images:
        report = report.model_copy(update={"figures": [figure for figure in report.figures if not figure.photographs]})
    names = format_names(formats)
    for written in write_renderings(report, folder, names):
        say(f"Wrote {written}")
    announce([report], names)
    return 0
