"""The outcome of one model: its report, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fairaudit.errors import FairauditError
from fairaudit.results.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One model's report, or the reason why there is none."""

    name: str
    folder: Path
    report: Report | None = None
    error: FairauditError | None = None
