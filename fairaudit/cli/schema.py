"""`fairaudit schema`: the JSON Schema of report.json."""

from __future__ import annotations


def schema() -> None:
    """Print the JSON Schema of report.json.

    Example: fairaudit schema > report.schema.json
    """
    from fairaudit.cli.terminal.streams import emit
    from fairaudit.report.schema import report_schema
    from fairaudit.results.strict_json import dumps

    emit(dumps(report_schema()))
