"""Reads and writes report.json."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fairaudit.errors import DataError
from fairaudit.files import read_bytes, reason
from fairaudit.results.report import SCHEMA_VERSION, Report
from fairaudit.results.strict_json import dumps, loads, write_text


def report_text(report: Report) -> str:
    """The text of report.json; equal reports give equal text."""
    return dumps(report.model_dump(mode="json", by_alias=True))


def write_report(report: Report, path: Path) -> None:
    """Write report.json whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    write_text(path, report_text(report))


def read_report(path: Path) -> Report:
    """Read report.json, or the one in a folder.

    Raises:
        DataError: there is no file, or it is not JSON, of another schema version, or not a report.
    """
    if path.is_dir():
        path = path / "report.json"
    value = _json(path)
    version = value.get("schema_version") if isinstance(value, dict) else None
    if version is None:
        raise DataError(
            "The file is not a report of fairaudit",
            wanted="a report.json with a schema_version",
            where=str(path),
            advice="Give the report.json that an audit wrote, or its folder.",
        )
    if type(version) is not int or version != SCHEMA_VERSION:  # True equals 1
        raise DataError(
            "The report was written by another version of fairaudit",
            wanted=f"schema version {SCHEMA_VERSION}",
            found=f"version {str(version)[:40]}",
            where=str(path),
            advice="Render it with that version, or run the audit again.",
        )
    try:
        return Report.model_validate(value)
    except ValidationError as error:
        raise _invalid(path, error) from error


def _json(path: Path) -> Any:  # noqa: ANN401 (any JSON value)
    content = read_bytes(path, what="The report")
    try:
        return loads(content.decode("utf-8"))
    except (ValueError, RecursionError, MemoryError) as error:
        raise DataError("The report is not strict JSON", found=reason(error), where=str(path)) from error


def _invalid(path: Path, error: ValidationError) -> DataError:
    first = error.errors(include_url=False)[0]
    place = ".".join(str(step) for step in first["loc"])
    count = error.error_count()
    more = f" (and {count - 1} more)" if count > 1 else ""
    return DataError(
        "The report does not follow its schema",
        found=f"{place}: {first['msg']}{more}",
        where=str(path),
        advice="Run the audit again; a report is not meant to be edited by hand.",
    )
