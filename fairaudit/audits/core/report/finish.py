"""The end of an audit: the answer is printed first, then figures are drawn and the folder is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from fairaudit.audits.core.report.drawn import drawn, with_gate_figure
from fairaudit.audits.core.report.write import write_report_folder
from fairaudit.audits.core.stream.audit import Drawing
from fairaudit.audits.core.stream.progress import Progress
from fairaudit.config.options import RunOptions
from fairaudit.results.report import Report

Tell = Callable[[Report], None]
"""Shows a report that has all numbers and verdicts and no figure yet."""


def finished(
    report: Report,
    drawings: Sequence[Drawing],
    *,
    folder: Path,
    options: RunOptions,
    tell: Tell | None = None,
    progress: Progress | None = None,
) -> Report:
    """Print the answer, draw the figures that will be seen, and write the folder; returns the report with its figures.

    Args:
        report: the report without figures.
        drawings: what could be drawn.
        folder: where to.
        options: which formats are written, and whether photographs may be shown.
        tell: shows the answer; nothing is told without.
        progress: shows how many figures are drawn.

    Raises:
        OutputError: a file cannot be written.
    """
    if tell is not None:
        tell(report)
    report = with_figures(report, drawings, folder=folder, options=options, progress=progress)
    write_report_folder(report, folder, options.formats)
    return report


def with_figures(
    report: Report,
    drawings: Sequence[Drawing],
    *,
    folder: Path,
    options: RunOptions,
    progress: Progress | None = None,
) -> Report:
    """The report with its figures, that of the gate first; none where no format shows any.

    Raises:
        OutputError: a file cannot be written.
    """
    figures = drawn(drawings, folder, photographs=options.images, wanted=options.figures, progress=progress)
    report = report.model_copy(update={"figures": figures})
    return with_gate_figure(report, folder) if options.figures else report
