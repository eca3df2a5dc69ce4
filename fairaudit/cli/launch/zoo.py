"""Runs a plan of audits over many models and shows one table of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fairaudit.cli.shared import Request
from fairaudit.cli.terminal.announce import announce
from fairaudit.cli.terminal.console import progress_display, say, wants_color
from fairaudit.cli.terminal.streams import emit

if TYPE_CHECKING:
    from fairaudit.audits.core.plan import AuditPlan
    from fairaudit.config.schema import Config
    from fairaudit.report.zoo.row import ModelRow

ANNOUNCED = 20
"""Models that a CI system is told about, the worst ones."""


def launch_zoo(
    models: Sequence[Path], *, baseline: Path | None, config: Config, base: Path, request: Request, plan: AuditPlan
) -> int:
    """Audit several models, print a closing table with the worst first, and return the worst exit code."""
    from fairaudit.audits.zoo.run import run_zoo

    options = request.options
    with progress_display(quiet=request.quiet, keep=False) as progress:
        rows = run_zoo(
            models, baseline=baseline, config=config, base=base, options=options, plan=plan, progress=progress
        )
    return show_zoo(rows, folder=options.output, request=request)


def show_zoo(rows: Sequence[ModelRow], *, folder: Path, request: Request) -> int:
    """Print the table over several models or their reports as JSON (stdout), and where the page is (stderr)."""
    from fairaudit.report.zoo.row import worst_code
    from fairaudit.report.zoo.table import MOST, terminal

    reports = [folder / row.report for row in rows if row.report is not None]
    if request.as_json:
        _print_json(reports)
    else:
        if request.verbose:
            _print_reports(reports)
        emit(terminal(rows, most=None if request.verbose else MOST))
    _announce(rows, folder=folder, formats=request.options.formats)
    if not request.quiet:
        say(f"All models: {folder / 'index.html'}")
    return worst_code(row.exit_code for row in rows)


def _announce(rows: Sequence[ModelRow], *, folder: Path, formats: Sequence[str]) -> None:
    """Announce the worst models to a CI system, which shows only so many."""
    if "github" not in formats:
        return
    from fairaudit.report.zoo.row import worst_first
    from fairaudit.results.store import read_report

    worst = [row.report for row in worst_first(rows) if row.report is not None][:ANNOUNCED]
    announce([read_report(folder / path) for path in worst], formats)


def _print_json(paths: Sequence[Path]) -> None:
    """A list of reports, one file at a time in memory."""
    for number, path in enumerate(paths):
        emit(("," if number else "[") + path.read_text(encoding="utf-8"))
    emit("]\n" if paths else "[]\n")


def _print_reports(paths: Sequence[Path]) -> None:
    from fairaudit.report import terminal
    from fairaudit.results.store import read_report

    for path in paths:
        emit(terminal.render(read_report(path), color=wants_color()))
