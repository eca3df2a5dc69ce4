"""What a subcommand runs: which audits, which joint verdicts, and what they need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fairaudit.audits.core.stream.audit import Audit, Findings
from fairaudit.audits.core.stream.trial import Trials
from fairaudit.audits.core.study.study import Study
from fairaudit.config.schema import GateRule
from fairaudit.results.report import Verdict
from fairaudit.saliency.method import Method


def no_verdicts(_study: Study, _findings: Findings) -> Sequence[Verdict]:
    """A single audit gives numbers, not joint verdicts."""
    return ()


def no_methods(_study: Study) -> Sequence[Method]:
    """An audit without relevance maps."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPlan:
    """The audits of one subcommand."""

    audits_for: Callable[[Study, Trials], Sequence[Audit]]
    """Makes the audits of a study, knowing which attribution methods may be relied on."""
    verdicts_for: Callable[[Study, Findings], Sequence[Verdict]] = no_verdicts
    """Makes the joint verdicts from all findings."""
    methods_for: Callable[[Study], Sequence[Method]] = no_methods
    """Attribution methods that are put on trial first; none where no map is made."""
    stages: int = 1
    """Depths to which trials forget the model, from the output down; the last one forgets all."""
    metrics: frozenset[str]
    """Names of the metrics that the audits make; --dry-run lists which gate rules are about none of them."""
    needs_attributes: bool = False
    """Whether there is nothing to say without a protected attribute."""
    changed: tuple[GateRule, ...] | None = None
    """Rules that a model which this command made has to keep beside the configuration's, such as `gate.changed.KEPT`:
    it also fails where it decides every image alike. None where the candidate is as it came."""
    with_regions: bool = True
    """Whether regions are placed on the images."""
