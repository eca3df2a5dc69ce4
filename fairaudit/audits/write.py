"""Writes a report folder: report.json first, then every rendering made from it alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from fairaudit.results.report import Report
from fairaudit.results.store import write_report
from fairaudit.results.strict_json import write_text

REPORT = "report.json"


def write_report_folder(report: Report, folder: Path, formats: Sequence[str]) -> list[Path]:
    """Write report.json and the renderings asked for; returns the files written.

    Raises:
        OutputError: a file cannot be written.
    """
    write_report(report, folder / REPORT)
    return [folder / REPORT, *write_renderings(report, folder, formats)]


def write_renderings(report: Report, folder: Path, formats: Sequence[str]) -> list[Path]:
    """Write the renderings asked for beside the report; returns the files written.

    Raises:
        OutputError: a file cannot be written.
    """
    written = []
    for name in formats:
        suffix, render = _renderer(name)
        path = folder / f"report.{suffix}"
        write_text(path, render(report, folder))
        written.append(path)
    return written


def _renderer(name: str) -> tuple[str, Callable[[Report, Path], str]]:
    from fairaudit.report import csv, html, junit, markdown

    table: dict[str, tuple[str, Callable[[Report, Path], str]]] = {
        "md": ("md", lambda report, _folder: markdown.render(report)),
        "html": ("html", lambda report, folder: html.render(report, folder)),
        "junit": ("xml", lambda report, _folder: junit.render(report)),
        "csv": ("csv", lambda report, _folder: csv.render(report)),
    }
    return table[name]
