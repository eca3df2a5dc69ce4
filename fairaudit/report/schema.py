"""The JSON Schema of report.json."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from fairaudit.results.report import SCHEMA_VERSION, Report

SHIPPED: Final = Path(__file__).with_name("report.schema.json")
"""The schema as a file of the package, for tools that do not run Python."""


def report_schema() -> dict[str, Any]:
    """The schema (draft 2020-12) of the report.json that this version writes."""
    schema = Report.model_json_schema(by_alias=True, mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:fairaudit:report:{SCHEMA_VERSION}",
        **schema,
        "title": f"fairaudit report, schema version {SCHEMA_VERSION}",
    }
