"""Reads the options of `fairaudit selftest` and runs it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from fairaudit.cli.launch.audits import show
from fairaudit.cli.settings import listed
from fairaudit.cli.shared import Request
from fairaudit.cli.terminal.console import clock_time, progress_display
from fairaudit.cli.terminal.streams import emit
from fairaudit.counted import counted
from fairaudit.errors import UsageError
from fairaudit.report.escape import plain

if TYPE_CHECKING:
    from fairaudit.audits.selftest.options import SelftestOptions
    from fairaudit.audits.selftest.plan import SelftestPlan
    from fairaudit.config.schema import Bias, Config


def launch_selftest(model: Path | None, *, config: Config, base: Path, request: Request, asked: SelftestOptions) -> int:
    """Run the self-test, print its table and the report, and return the exit code."""
    if request.dry_run:
        from fairaudit.audits.selftest.plan import plan_selftest
        from fairaudit.results.strict_json import dumps

        plan = plan_selftest(model, config=config, base=base, options=request.options, asked=asked)
        emit(dumps(asdict(plan)) if request.as_json else "\n".join(lines(plan)) + "\n")
        return 0
    from fairaudit.audits.selftest.run import run_selftest
    from fairaudit.report.power_table import render

    with progress_display(quiet=request.quiet) as progress:
        outcome = run_selftest(model, config=config, base=base, options=request.options, asked=asked, progress=progress)
    if outcome.report is not None and not request.as_json:
        emit(render(outcome.report) + "\n")
    return show([outcome], request=request, unjudged_too=False)


def lines(plan: SelftestPlan) -> Iterator[str]:
    """The plan as text, at most 80 columns wide."""
    yield f"{counted(plan.models, 'model')}: {', '.join(plan.planted)}"
    are = "is a control" if plan.controls == 1 else "are controls"
    yield f"{plan.controls} of them {are}, in which nothing is planted."
    often = counted(plan.epochs, "time")
    yield f"Each sees {plan.train_images:,} images {often} and is audited on {plan.audit_images:,} others."
    yield f"Audits: {plain(', '.join(plan.audits))}"
    yield f"About {clock_time(plan.seconds)} on this device, without testing the attribution methods."
    if plan.memory_bytes is not None:
        yield f"{plan.memory_bytes / 2**20:,.0f} MiB of memory were needed for the first images."
    yield from (plain(note) for note in plan.notes)


def strengths(texts: Sequence[str]) -> tuple[float, ...]:
    """Shares, each once.

    Raises:
        UsageError: a text that is no share.

    >>> strengths(["0.95, 0.8"])
    (0.8, 0.95)
    """
    try:
        values = sorted({float(part) for part in listed(texts)})
    except ValueError:
        values = []
    if not values or any(not math.isfinite(value) or not 0 < value <= 1 for value in values):
        raise UsageError("--rho cannot be read", wanted="numbers above 0 and up to 1", found=", ".join(texts))
    return tuple(values)


def planted_biases(texts: Sequence[str] | None, config: Config) -> tuple[Bias, ...]:
    """The kinds; without any, the bias of the configuration, or else a patch.

    Raises:
        UsageError: an unknown kind.
    """
    from fairaudit.audits.selftest.options import biases_of

    if not texts and config.data.bias is not None:
        return (config.data.bias,)
    return biases_of(listed(texts or ["patch"]))
