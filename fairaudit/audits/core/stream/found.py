"""Findings that were made before the stream began, as an audit of the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fairaudit.audits.core.stream.audit import Context, Findings, Total
from fairaudit.engine.part import Part


@dataclass(slots=True, kw_only=True)
class FoundBefore:
    """What pruning or mitigation found, beside the audits of the model that it made; it needs no image."""

    findings: Findings
    """Made before the stream began."""
    name: str
    """As in the measurements."""

    def settings(self) -> Mapping[str, Any]:
        """Nothing: its parts are empty."""
        return {}

    def map(self, context: Context) -> Part:
        """An empty part."""
        del context
        return Part()

    def measure(self, total: Total) -> Findings:
        """The findings as they were made."""
        del total
        return self.findings
