"""What an earlier run over a single model left in a folder that now gets a page over several."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

from fairaudit.audits.core.report.write import RENDERERS, REPORT
from fairaudit.errors import FairauditError, OutputError
from fairaudit.files import reason
from fairaudit.results.store import read_report

_FIGURES: Final = "figures"


def forget_report(folder: Path) -> None:
    """Remove a report of fairaudit with its renderings and figures, which a reader could take for one of the new ones.

    Files that fairaudit did not write stay. A `report.json` that cannot be read as one of ours is no reason to delete
    anything: the folder is refused.

    Args:
        folder: the output folder of a run over several models.

    Raises:
        OutputError: there is a report.json that is not ours, or a file cannot be removed.
    """
    path = folder / REPORT
    if not path.exists():
        return
    try:
        report = read_report(path)
    except FairauditError as error:
        raise OutputError(
            "The output folder holds a report.json that this version of fairaudit did not write",
            found=error.problem,
            where=str(path),
            advice="Give another folder with -o, or move the file.",
        ) from error
    figures = [folder / figure.file for figure in report.figures if _is_figure(figure.file)]
    renderings = [folder / f"report.{suffix}" for suffix, _ in RENDERERS.values()]
    try:
        for file in [*figures, *renderings, path]:  # the report last: after a kill its figures are still known
            file.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            "An earlier report in the output folder cannot be removed", found=reason(error), where=str(folder)
        ) from error
    with contextlib.suppress(OSError):  # other files are in it
        (folder / _FIGURES).rmdir()


def _is_figure(file: str) -> bool:
    """Whether a report's figure lies where fairaudit puts them; a path in a report is not to be trusted."""
    return file == f"{_FIGURES}/{Path(file).name}" and file.endswith(".png")
