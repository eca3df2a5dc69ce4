"""What a subcommand runs: which audits, which joint verdicts, and whether regions are needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fairaudit.audits.base import Audit, Findings
from fairaudit.audits.study import Study
from fairaudit.results.report import Verdict


def no_verdicts(_study: Study, _findings: Findings) -> Sequence[Verdict]:
    """A single audit gives numbers, not joint verdicts."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPlan:
    """The audits of one subcommand."""

    audits_for: Callable[[Study], Sequence[Audit]]
    """Makes the audits of a study."""
    verdicts_for: Callable[[Study, Findings], Sequence[Verdict]] = no_verdicts
    """Makes the joint verdicts from all findings."""
    metrics: frozenset[str]
    """Names of the metrics that the audits make; gate rules over others are not judged."""
    with_regions: bool = True
    """Whether regions are placed on the images."""
