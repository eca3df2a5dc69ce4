"""Which files of an output folder fairaudit wrote: other files are never overwritten or removed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from fairaudit.errors import OutputError
from fairaudit.files import reason

_HEAD: Final = 8192
_PAGE: Final = "<title>fairaudit: "
MARKS: Final = {
    "report.json": '"schema_version"',
    "report.md": "# fairaudit: ",
    "report.html": _PAGE,
    "report.xml": '<testsuites name="fairaudit',
    "report.csv": "model,id,audit,metric",
    "report.github.md": "### fairaudit: ",
    "report.openmetrics.txt": "# TYPE fairaudit_",
    "report.card.md": "- fairaudit\n",
    "report.cdx.json": '"fairaudit',
    "index.html": _PAGE,
    "summary.csv": "model,gate,decision",
    "summary.md": "| model | gate | ",
    "summary.json": '"schema_version"',
}
"""Name → what stands near the beginning of such a file when fairaudit, of this version or an earlier one, wrote it."""


def refuse_foreign(folder: Path, names: Iterable[str]) -> None:
    """Refuse to overwrite files that others wrote under these names.

    Raises:
        OutputError: there is such a file, or one that cannot be read.
    """
    for name in names:
        path = folder / name
        try:
            with path.open("rb") as file:
                ours = MARKS[name].encode() in file.read(_HEAD)
            found = "a file of another program or person"
        except FileNotFoundError:
            continue
        except OSError as error:
            ours, found = False, reason(error)
        if not ours:
            raise OutputError(
                "The output folder holds a file that fairaudit did not write",
                found=found,
                where=str(path),
                advice="Give another folder with -o, or move the file; it was left as it is.",
            )
