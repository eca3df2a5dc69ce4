"""Folders of a run's parts to the folder that one run over all models would have written."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from fairaudit.audits.core.report.ours import refuse_foreign
from fairaudit.audits.core.report.write import REPORT
from fairaudit.audits.zoo.board import FILES, read_summary, write_summary
from fairaudit.audits.zoo.shard import read_shard
from fairaudit.engine.place import FILE, NAME
from fairaudit.errors import DataError, OutputError, UsageError
from fairaudit.files import reason
from fairaudit.report.zoo.row import ModelRow, row_of
from fairaudit.results.store import read_report

_LEFT_OUT: Final = (NAME, f"{FILE}*")


def merge(folders: Sequence[Path], output: Path) -> list[ModelRow]:
    """Check that the parts are whole and belong together, copy their reports and write the page over all of them.

    Args:
        folders: the output folders of all parts, in any order.
        output: the new folder.

    Raises:
        DataError: a part or a model is missing, occurs twice, or was made with other data, settings or versions.
        OutputError: the new folder cannot be written, or holds what fairaudit did not write where a report would go.
    """
    if output.resolve() in {folder.resolve() for folder in folders}:
        raise UsageError("Parts cannot be put together into one of them", found=str(output), advice="Give another -o.")
    refuse_foreign(output, FILES)
    if len({folder.resolve() for folder in folders}) < len(folders):
        raise UsageError("A folder is given more than once", found=", ".join(map(str, folders)))
    parts = {folder: read_shard(folder) for folder in folders}
    _check_parts(parts)
    summaries = {folder: read_summary(folder) for folder in folders}
    rows = [row for found, _ in summaries.values() for row in found]
    _check_models(rows, next(iter(parts.values()))["models"])
    for folder, (found, _) in summaries.items():
        for row in found:
            _check_row(row, folder)
            if row.report is not None:
                _copied(folder / row.model, output / row.model)
    whole = next(iter(summaries.values()))[1]
    write_summary(rows, output, title=str(whole["data"]), page=str(whole["page"]))
    return sorted(rows, key=lambda row: row.model)


def _check_parts(parts: Mapping[Path, Mapping[str, Any]]) -> None:
    first, *others = parts.items()
    for folder, part in others:
        for name, words in (
            ("of", "number of parts"),
            ("models", "models"),
            ("settings", "data, settings or versions"),
        ):
            if part[name] != first[1][name]:
                raise DataError(f"The parts were made with other {words}", where=f"{first[0]} and {folder}")
    by_index: dict[int, list[Path]] = {}
    for folder, part in parts.items():
        by_index.setdefault(part["index"], []).append(folder)
    twice = [folders for folders in by_index.values() if len(folders) > 1]
    if twice:
        raise DataError("A part is given twice", where=" and ".join(map(str, twice[0])))
    missing = [index for index in range(1, first[1]["of"] + 1) if index not in by_index]
    if missing:
        listed = ", ".join(map(str, missing[:20]))
        raise DataError("Parts are missing", found=f"no part {listed} of {first[1]['of']}", advice="Run them first.")


def _check_models(rows: Sequence[ModelRow], wanted: Sequence[str]) -> None:
    names = [row.model for row in rows]
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise DataError("Models occur twice", found=", ".join(twice[:10]))
    missing = [name for name in wanted if name not in set(names)]
    if missing:
        raise DataError(
            f"{len(missing)} of {len(wanted)} models are missing",
            found=", ".join(missing[:10]),
            advice="A part was interrupted; run its command again.",
        )
    unknown = sorted({*names} - {*wanted})
    if unknown:
        raise DataError("Parts hold models that the run does not have", found=", ".join(unknown[:10]))


def _check_row(row: ModelRow, folder: Path) -> None:
    """A row is what its report says, and its folder one of the part."""
    if Path(row.model).name != row.model or row.report not in (None, f"{row.model}/report.json"):
        raise DataError("A summary names a folder outside of its own", found=row.model, where=str(folder))
    if row.report is not None and row_of(read_report(folder / row.report), name=row.model, folder=row.model) != row:
        raise DataError("A summary does not agree with its report", found=row.model, where=str(folder))


def _copied(source: Path, target: Path) -> None:
    if target.exists() and not (target / REPORT).is_file():
        raise OutputError(
            "The folder of a model holds no report",
            where=str(target),
            advice="Give another folder with -o, or move it; it was left as it is.",
        )
    refuse_foreign(target, [REPORT])
    try:
        if target.exists():
            shutil.rmtree(target)
        shutil.copytree(source, target, ignore=shutil.ignore_patterns(*_LEFT_OUT), symlinks=True)
    except (OSError, shutil.Error) as error:
        found = reason(error) if isinstance(error, OSError) else str(error)[:200]
        raise OutputError("A report could not be copied", found=found, where=str(target)) from error
