"""What is kept about one model of many: a row, whether it was audited, could not be opened, or ended its process."""

from __future__ import annotations

from pathlib import Path

from fairaudit.audits.core.report.outcome import Outcome
from fairaudit.audits.core.stream.progress import Silent
from fairaudit.errors import ModelError
from fairaudit.report.zoo.row import ModelRow, broken_row, row_of


def row_for(outcome: Outcome) -> ModelRow:
    """What is kept of a model when its report is written."""
    if outcome.report is None:
        return broken_row(outcome.name, outcome.error.paragraph() if outcome.error else "no report")
    return row_of(outcome.report, name=outcome.name, folder=outcome.folder.name)


def crashed_row(name: str, model: Path, ending: str, *, timeout: float | None = None) -> ModelRow:
    """The row of a model whose process died.

    Args:
        name: the model's.
        model: its file.
        ending: how the process ended.
        timeout: seconds of --timeout-per-batch, where they had passed.
    """
    if timeout is not None:
        error = ModelError(
            "The model did not finish a batch in time",
            wanted=f"at most {timeout:g} s (--timeout-per-batch)",
            where=str(model),
            advice="Give more time or a smaller --batch-size.",
        )
    else:
        error = ModelError(
            "The process that audited the model died",
            found=ending,
            where=str(model),
            advice="Audit the model alone to see more; where memory ran out, give a smaller --batch-size or fewer "
            "processes.",
        )
    return broken_row(name, error.paragraph())


class KeptNotes(Silent):
    """A progress that keeps its notes, for the process that shows them."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        """A line that the reader should see."""
        self.notes.append(text)
