"""The one place where a report is put together, whether from models, tables, maps or self-tests; loads no torch."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from fairaudit.audits.core.report.gate_limits import toothless
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import GateRule
from fairaudit.gate.alike import Alike, Unlike
from fairaudit.gate.judge import judge
from fairaudit.results.measurement import Measurement
from fairaudit.results.provenance import library_versions
from fairaudit.results.report import Data, Excluded, Figure, GateState, Model, Report, Run, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """When a run began, for its calendar and for its length."""

    started: datetime
    """Date and time, UTC."""
    at: float
    """Seconds of a clock that is never set."""

    @classmethod
    def start(cls) -> Clock:
        """A clock that starts now."""
        return cls(started=datetime.now(UTC), at=time.perf_counter())

    def seconds(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self.at


def run_block(options: RunOptions, clock: Clock, *, device: str = "cpu", resumed: int = 0) -> Run:
    """Facts of this run alone.

    Args:
        options: how it was started.
        clock: when it began.
        device: what computed.
        resumed: chunks that an earlier run had finished.
    """
    return Run(
        started=clock.started.isoformat(timespec="seconds"),
        seconds=round(clock.seconds(), 3),
        command=list(options.command),
        device=device,
        resumed_chunks=resumed,
        versions=library_versions(),
    )


def report_of(
    rules: Sequence[GateRule],
    measurements: Sequence[Measurement],
    *,
    options: RunOptions,
    run: Run,
    data: Data,
    models: Sequence[Model] = (),
    verdicts: Sequence[Verdict] = (),
    alike: Sequence[Alike] = (),
    collapse: GateState = "inconclusive",
    misread: str | None = None,
    unlike: Unlike | None = None,
    excluded: Sequence[Excluded] = (),
    notes: Sequence[str] = (),
    figures: Sequence[Figure] = (),
) -> Report:
    """The report with the gate's decision on what it holds.

    Args:
        rules: rules of the gate.
        measurements: every number.
        options: what the exit code depends on, and how many rows may be left out.
        run: facts of this run.
        data: what was audited.
        models: the candidate first.
        verdicts: joint verdicts.
        alike: images that were decided alike.
        collapse: state of the gate where every image was.
        misread: why the model was probably given other inputs than it was trained on.
        unlike: why its decisions are probably no answers to what the labels ask.
        excluded: rows that were not scored.
        notes: what a reader must know.
        figures: pictures beside the report.
    """
    return Report(
        run=run,
        data=data,
        models=list(models),
        measurements=list(measurements),
        verdicts=list(verdicts),
        gate=judge(
            rules,
            measurements,
            verdicts=verdicts,
            alike=alike,
            collapse=collapse,
            misread=misread,
            unlike=unlike,
            excluded=len(excluded),
            max_excluded=options.max_excluded,
            fail_on=options.fail_on,
        ),
        excluded=list(excluded),
        notes=[*notes, *toothless(rules)],
        figures=list(figures),
    )
