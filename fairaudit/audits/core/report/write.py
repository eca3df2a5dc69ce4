"""Writes a report folder: report.json first, then every rendering made from it alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from fairaudit.audits.core.report.ours import refuse_foreign
from fairaudit.errors import FairauditError, OutputError
from fairaudit.files import reason
from fairaudit.results.report import Report
from fairaudit.results.store import read_report, report_text, write_report
from fairaudit.results.strict_json import write_text

REPORT = "report.json"


def ready_folder(folder: Path) -> None:
    """Make the report folder, so that one that cannot be written is reported before anything is computed.

    Raises:
        OutputError: it cannot be made or written, or holds a file under a report's name that fairaudit did not write.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        found = None if os.access(folder, os.W_OK | os.X_OK) else "no permission to write in it"
    except OSError as error:
        found = reason(error)
    if found is not None:
        raise OutputError(
            "The report folder cannot be written", found=found, where=str(folder), advice="Choose another one with -o."
        )
    refuse_foreign(folder, _names())


def _names() -> list[str]:
    """Files that a report is written to, or that go when a report of other numbers comes."""
    return [REPORT, *(f"report.{suffix}" for suffix, _ in RENDERERS.values())]


def write_report_folder(report: Report, folder: Path, formats: Sequence[str]) -> list[Path]:
    """Write report.json and the renderings asked for; returns the files written.

    Renderings of an earlier report with other numbers go, so that none stands beside a report that it does not show.

    Raises:
        OutputError: a file cannot be written, or is there and not fairaudit's.
    """
    refuse_foreign(folder, _names())
    if _is_another(folder / REPORT, report):
        for name, (suffix, _) in RENDERERS.items():
            if name not in formats:
                (folder / f"report.{suffix}").unlink(missing_ok=True)
    write_report(report, folder / REPORT)
    return [folder / REPORT, *write_renderings(report, folder, formats)]


def _is_another(path: Path, report: Report) -> bool:
    """Whether an earlier report of ours lies there that says something else."""
    try:
        earlier = read_report(path)
    except FairauditError:
        return False
    of_runs = {"run": report.run, "figures": report.figures}
    return report_text(earlier.model_copy(update=of_runs)) != report_text(report)


def write_renderings(report: Report, folder: Path, formats: Sequence[str]) -> list[Path]:
    """Write the renderings asked for beside the report; returns the files written.

    Raises:
        OutputError: a file cannot be written.
    """
    written = []
    for name in formats:
        suffix, render = RENDERERS[name]
        path = folder / f"report.{suffix}"
        write_text(path, render(report, folder))
        written.append(path)
    return written


def _markdown(report: Report, _folder: Path) -> str:
    from fairaudit.report.markdown import render

    return render(report)


def _html(report: Report, folder: Path) -> str:
    from fairaudit.report.html import render

    return render(report, folder)


def _junit(report: Report, _folder: Path) -> str:
    from fairaudit.report.junit import render

    return render(report)


def _csv(report: Report, _folder: Path) -> str:
    from fairaudit.report.table import render

    return render(report)


def _github(report: Report, _folder: Path) -> str:
    from fairaudit.report.formats.github import render

    return render(report)


def _openmetrics(report: Report, _folder: Path) -> str:
    from fairaudit.report.formats.openmetrics import render

    return render(report)


def _card(report: Report, _folder: Path) -> str:
    from fairaudit.report.formats.card import render

    return render(report)


def _cyclonedx(report: Report, _folder: Path) -> str:
    from fairaudit.report.formats.cyclonedx import render

    return render(report)


RENDERERS: dict[str, tuple[str, Callable[[Report, Path], str]]] = {
    "md": ("md", _markdown),
    "html": ("html", _html),
    "junit": ("xml", _junit),
    "csv": ("csv", _csv),
    "github": ("github.md", _github),
    "openmetrics": ("openmetrics.txt", _openmetrics),
    "card": ("card.md", _card),
    "cyclonedx": ("cdx.json", _cyclonedx),
}
"""Format → suffix and renderer; each is imported when it is used."""
