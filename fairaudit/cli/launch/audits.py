"""Runs a plan of audits over the models of a command and shows what came out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from fairaudit.cli.launch.small_work import small_work
from fairaudit.cli.settings import Asked, load, split_of
from fairaudit.cli.shared import Request
from fairaudit.cli.terminal.announce import announce
from fairaudit.cli.terminal.console import Display, progress_display, say, wants_color
from fairaudit.cli.terminal.streams import emit
from fairaudit.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from fairaudit.audits.core.plan import AuditPlan
    from fairaudit.audits.core.report.outcome import Outcome
    from fairaudit.cli.fairness_settings import TableOptions
    from fairaudit.config.schema import Config
    from fairaudit.results.report import Report


def launch(
    models: Sequence[Path],
    *,
    baseline: Path | None,
    request: Request,
    plan: AuditPlan,
    then: Callable[[Sequence[Outcome]], str] | None = None,
) -> int:
    """Audit the models as planned, print the table or JSON, and return the exit code.

    The answer about a single model is printed before its figures are drawn.

    Args:
        models: model files.
        baseline: model that they are compared with.
        request: what the shared options say.
        plan: what is audited.
        then: makes what is printed from the outcomes, in place of the reports.
    """
    from fairaudit.audits.zoo.models import model_files

    config, base = load(request.asked)
    models = model_files(models)
    if request.options.against is not None and len(models) > 1:
        raise UsageError(
            "--against compares one model with an earlier report",
            wanted="one model",
            found=f"{len(models)} models",
            advice="Audit them without it, then put the reports side by side with `fairaudit compare`.",
        )
    if request.dry_run:
        from fairaudit.cli.launch.dry_run import dry_run

        return dry_run(models, baseline=baseline, config=config, base=base, request=request, plan=plan)
    several = len(models) > 1 or request.options.shard or request.options.executor == "ray"
    if several and then is None:
        from fairaudit.cli.launch.zoo import launch_zoo

        return launch_zoo(models, baseline=baseline, config=config, base=base, request=request, plan=plan)
    from fairaudit.audits.core.run import run_models

    with progress_display(quiet=request.quiet) as progress:
        outcomes = run_models(
            models,
            baseline=baseline,
            config=config,
            base=base,
            options=request.options,
            plan=plan,
            progress=progress,
            tell=teller(request, progress) if then is None else None,
        )
    return show(outcomes, request=request, text=None if then is None else then(outcomes), told=then is None)


def teller(request: Request, progress: Display) -> Callable[[Report], None] | None:
    """Prints a report's tables while nothing else moves on the terminal; None where JSON is asked for."""
    from fairaudit.audits.core.report.outcome import Outcome

    def tell(report: Report) -> None:
        with progress.still():
            outcome = Outcome(name=report.data.name, folder=request.options.output, report=report)
            print_tables([outcome], unjudged_too=True, verbose=request.verbose)

    return None if request.as_json else tell


def show(
    outcomes: Sequence[Outcome],
    *,
    request: Request,
    text: str | None = None,
    unjudged_too: bool = True,
    told: bool = False,
) -> int:
    """Print reports, or the text (stdout), where the files are (stderr), and return the worst exit code.

    Args:
        outcomes: the models' reports.
        request: what the shared options say.
        text: what is printed in place of the reports.
        unjudged_too: with the numbers that no rule asks about; a command with a table of its own leaves them out.
        told: whether the reports' tables were printed already.
    """
    from fairaudit.report.zoo.row import worst_code

    reports = [outcome.report for outcome in outcomes if outcome.report is not None]
    if text is not None:
        emit(text)
    elif request.as_json:
        _print_json(outcomes)
    elif not told:
        print_tables(outcomes, unjudged_too=unjudged_too, verbose=request.verbose)
    announce(reports, request.options.formats)
    if not request.quiet:
        page = "report.html" if "html" in request.options.formats else "report.json"
        for outcome in outcomes:
            if outcome.report is not None:
                say(f"Report: {outcome.folder / page}")
    codes = [report.gate.exit_code for report in reports]
    codes += [ExitCode.BAD_INPUT for outcome in outcomes if outcome.error is not None]
    return worst_code(codes)


def _print_json(outcomes: Sequence[Outcome]) -> None:
    from fairaudit.results.store import report_text

    texts = [report_text(outcome.report) for outcome in outcomes if outcome.report is not None]
    emit(texts[0] if len(outcomes) == 1 else f"[{','.join(texts)}]\n")


def print_tables(outcomes: Sequence[Outcome], *, unjudged_too: bool, verbose: bool) -> None:
    """One screen per report that has verdicts, unless more is asked for; every other report whole."""
    from fairaudit.report import brief, terminal

    for outcome in outcomes:
        report = outcome.report
        if report is not None and report.verdicts and unjudged_too and not verbose:
            emit(brief.render(report))
        elif report is not None:
            emit(terminal.render(report, color=wants_color(), unjudged_too=unjudged_too))
        if report is not None and len(outcomes) == 1 and unjudged_too:
            emit(against_baseline(report, every=verbose))
        emit(not_audited(outcome))


def against_baseline(report: Report, *, every: bool) -> str:
    """What changed against the baseline of the run, below a blank line; nothing without one."""
    from fairaudit.report.comparison import own
    from fairaudit.report.formats.comparison import FEW, text

    found = own(report)
    return "" if found is None else f"\n{text(found, most=None if every else FEW)}"


def not_audited(outcome: Outcome) -> str:
    """A line for a model that has no report, with the reason; nothing for one that has."""
    from fairaudit.report.escape import plain

    return "" if outcome.error is None else plain(f"{outcome.name}: not audited. {outcome.error.paragraph()}") + "\n"


def launch_table(predictions: Path, *, options: TableOptions, request: Request) -> int:
    """Audit a table of predictions, print the table or JSON, and return the exit code."""
    with small_work():
        return _table(predictions, options=options, request=request)


def _table(predictions: Path, *, options: TableOptions, request: Request) -> int:
    from fairaudit.audits.core.report.outcome import Outcome
    from fairaudit.audits.fairness.table import audit_table, plan_table
    from fairaudit.config.schema import AuditConfig, Split

    asked = request.asked
    # The file's own attributes need not be columns of this table, so the command line's are not checked against them.
    config = optional_config(replace(asked, extra={}, attributes=None, classes=None))
    audit = (config.audit if config else AuditConfig()).model_copy(update=asked.extra.get("audit", {}))
    cluster = asked.extra.get("data", {}).get("cluster") or (config.data.cluster if config else None)
    columns = options.columns(
        attributes=asked.attributes or (config.data.attributes if config else []),
        controls=audit.control,
        cluster=cluster,
        classes=asked.classes,
    )
    gates = list(config.gates) if config else []
    # The configuration's own split is about its manifest; this table need not have that column.
    split = Split(**split_of(asked.split)) if asked.split else None
    if request.dry_run:
        from fairaudit.cli.launch.dry_run import dry_run_of_table

        return dry_run_of_table(
            plan_table(predictions, columns, audit=audit, gates=gates, options=request.options, split=split), request
        )
    with progress_display(quiet=request.quiet) as progress:
        tell = teller(request, progress)
        report = audit_table(
            predictions, columns, audit=audit, gates=gates, options=request.options, split=split, tell=tell
        )
    outcome = Outcome(name=predictions.stem, folder=request.options.output, report=report)
    return show([outcome], request=request, told=True)


def optional_config(asked: Asked) -> Config | None:
    """The configuration where one is given or lies in the working folder; None where there is none."""
    if asked.config is None and not (Path.cwd() / "fairaudit.yaml").is_file():
        return None
    return load(asked)[0]
