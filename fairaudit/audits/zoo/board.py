"""The page over all models of a run: written after every model, so that an interrupted run has one too."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from fairaudit.errors import DataError
from fairaudit.files import read_bytes, reason
from fairaudit.report.zoo.index import render
from fairaudit.report.zoo.row import ModelRow, as_dict, from_dict, worst_first
from fairaudit.report.zoo.table import as_csv, as_markdown
from fairaudit.results.strict_json import dumps, loads, write_text

SUMMARY: Final = "summary.json"
FILES: Final = (SUMMARY, "summary.md", "summary.csv", "index.html")
"""What a run over several models writes beside the models' folders."""
_SHARE: Final = 0.05
"""Largest share of the time that goes into writing the page again."""


class Board:
    """The rows of the models that are done.

    The page is written after every model, unless that took so long for the models before that it would cost more
    than a twentieth of the time; the last call writes it in any case.

    Args:
        folder: where it is written.
        title: what the models have in common, such as the name of the data.
        page: file of a model's folder that its name links to.
        clock: seconds.
    """

    def __init__(
        self, folder: Path, *, title: str, page: str = "report.html", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.folder, self.title, self.page = folder, title, page
        self.rows: list[ModelRow] = []
        self._clock = clock
        self._not_before = float("-inf")

    def add(self, row: ModelRow) -> None:
        """Take up a model that is done.

        Raises:
            OutputError: a file cannot be written.
        """
        self.rows.append(row)
        if self._clock() >= self._not_before:
            self.write()

    def write(self) -> None:
        """Write summary.json, summary.md, summary.csv and index.html.

        Raises:
            OutputError: a file cannot be written.
        """
        began = self._clock()
        write_summary(self.rows, self.folder, title=self.title, page=self.page)
        ended = self._clock()
        self._not_before = ended + (ended - began) / _SHARE


def write_summary(rows: Sequence[ModelRow], folder: Path, *, title: str, page: str = "report.html") -> None:
    """Write the rows, worst first, in every form; the same rows give the same bytes in whatever order they come.

    Raises:
        OutputError: a file cannot be written.
    """
    models = [as_dict(row) for row in worst_first(rows)]
    write_text(folder / "summary.md", as_markdown(rows))
    write_text(folder / "summary.csv", as_csv(rows))
    write_text(folder / "index.html", render(rows, title=title, page=page))
    write_text(folder / SUMMARY, dumps({"schema_version": 1, "data": title, "page": page, "models": models}))


def read_summary(folder: Path) -> tuple[list[ModelRow], dict[str, Any]]:
    """The rows of a folder's summary.json, and the whole of it.

    Raises:
        DataError: there is no such file, or it is not a summary.
    """
    path = folder / SUMMARY
    try:
        value = loads(read_bytes(path, what="The summary").decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise DataError("The summary is not strict JSON", found=reason(error), where=str(path)) from error
    if not isinstance(value, dict) or not isinstance(value.get("models"), list) or value.get("schema_version") != 1:
        raise DataError("The file is not a summary of several models", where=str(path))
    return [from_dict(row) for row in value["models"]], value
