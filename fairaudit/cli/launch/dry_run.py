"""`--dry-run`: prints the plan of a run and stops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from fairaudit.cli.terminal.console import clock_time
from fairaudit.cli.terminal.streams import emit
from fairaudit.counted import counted
from fairaudit.report.escape import plain
from fairaudit.results.strict_json import dumps

if TYPE_CHECKING:
    from fairaudit.audits.core.dry_run import RunPlan
    from fairaudit.audits.core.plan import AuditPlan
    from fairaudit.audits.fairness.table import TablePlan
    from fairaudit.cli.shared import Request
    from fairaudit.config.schema import Config

MOST_GROUPS = 20


def dry_run(
    models: Sequence[Path],
    *,
    baseline: Path | None,
    config: Config,
    base: Path,
    request: Request,
    plan: AuditPlan,
) -> int:
    """Print what the run would do; returns the exit code."""
    from fairaudit.audits.core.dry_run import plan_run

    part = _part(models, request.options.shard)
    found = plan_run(
        part or models[:1], baseline=baseline, config=config, base=base, options=request.options, plan=plan
    )
    if not part:
        found = replace(found, models=0, passes=0, seconds=0.0, trial_seconds=0.0, baselines=0)
    return show_plan(found, request)


def _part(models: Sequence[Path], shard: tuple[int, int] | None) -> Sequence[Path]:
    """The models that this part of a run with --shard audits; a late part of few models has none."""
    from fairaudit.audits.zoo.shard import Shard

    return models if shard is None else Shard(index=shard[0], of=shard[1]).take(models)


def show_plan(plan: RunPlan, request: Request) -> int:
    """Print the plan; returns the exit code."""
    return _show(plan, lines(plan), request)


def dry_run_of_table(plan: TablePlan, request: Request) -> int:
    """Print what the audit of a table would do; returns the exit code."""
    return _show(plan, lines_of_table(plan), request)


def _show(plan: RunPlan | TablePlan, text: Iterator[str], request: Request) -> int:
    emit(dumps(asdict(plan)) if request.as_json else "\n".join(text) + "\n")
    return 0


def lines_of_table(plan: TablePlan) -> Iterator[str]:
    """The plan as text, at most 80 columns wide."""
    yield f"{counted(plan.rows, 'row')}, and {plan.excluded:,} that would be excluded; audits: fairness"
    for rule in plan.not_judged:
        yield f"This command cannot judge the gate rule {plain(rule)}: inconclusive at best."
    for attribute, groups in plan.cells.items():
        yield ""
        yield from _cells(attribute, groups)
        yield _gaps("Smallest gap found with 80 % power", plan.detectable[attribute])


def lines(plan: RunPlan) -> Iterator[str]:
    """The plan as text, at most 80 columns wide."""
    models = counted(plan.models + plan.baselines, "model") + (" (one is the baseline)" if plan.baselines else "")
    yield (
        f"{counted(plan.rows, 'row')} × {models}, {counted(plan.passes, 'pass', 'passes')}; "
        f"audits: {', '.join(plan.audits)}"
    )
    testing = (
        f", {clock_time(plan.trial_seconds)} of it for testing the attribution methods" if plan.trial_seconds else ""
    )
    yield f"About {clock_time(plan.seconds + plan.trial_seconds)} on this device{testing}."
    if plan.extra_passes:
        counts = ", ".join(f"{name} {count:,}" for name, count in plan.extra_passes.items())
        yield f"Forward passes per image on changed images: {counts}."
    if plan.memory_bytes is not None:
        yield f"{plan.memory_bytes / 2**20:,.0f} MiB of memory were needed for the first images."
    yield from (plain(line) for line in plan.besides)
    for rule in plan.not_judged:
        yield f"This command cannot judge the gate rule {plain(rule)}: inconclusive at best."
    for attribute, groups in plan.cells.items():
        yield ""
        yield from _cells(attribute, groups)
        yield _gaps("Smallest gap found with 80 % power", plan.detectable[attribute])
        if plan.detectable_alike is not None:
            yield _gaps("  if every cluster counts once", plan.detectable_alike[attribute])


def _cells(attribute: str, groups: Mapping[str, Mapping[str, int | None]]) -> Iterator[str]:
    classes = list(next(iter(groups.values()), {}))
    if len(classes) > 8 or len(groups) > MOST_GROUPS:
        smallest = min((count for row in groups.values() for count in row.values() if count is not None), default=0)
        yield f"{plain(attribute)}: {len(groups)} groups × {len(classes)} target values, smallest cell {smallest:,}"
        return
    width = max(12, *(len(plain(group)) for group in groups)) + 2
    yield f"{plain(attribute):<{width}}" + "".join(f"{plain(value)[:9]:>10}" for value in classes)
    for group, row in groups.items():
        counts = ("<min" if count is None else f"{count:,}" for count in row.values())
        yield f"  {plain(group):<{width - 2}}" + "".join(f"{count:>10}" for count in counts)


def _gaps(what: str, gaps: Mapping[str, float | None]) -> str:
    shown = ", ".join(f"{rate} {'none' if gap is None else format(gap, '.3f')}" for rate, gap in gaps.items())
    return f"{what}: {shown}"
