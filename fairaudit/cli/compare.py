"""`fairaudit compare`: what changed between models that were audited on the same data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fairaudit.cli import options as o
from fairaudit.config.options import FailOn

if TYPE_CHECKING:
    from fairaudit.audits.core.report.compare import Compared
    from fairaudit.config.schema import GateRule


def compare(
    reports: Annotated[list[Path], typer.Argument(help="report.json files or their folders, the baseline first.")],
    config: o.ConfigFile = None,
    regressions: Annotated[
        list[str] | None,
        typer.Option("--regression", help="METRIC=MAX: the metric may be worse by MAX at most; repeat for several."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for compare.json, compare.md and compare.html.")
    ] = None,
    as_json: o.AsJson = False,
    verbose: o.Verbose = False,
    fail_on: o.FailOnOption = "inconclusive",
) -> None:
    """Compare models number by number: baseline, candidate, change with its interval, better or worse.

    The reports have to be about the same data. Where the run stores of both still lie beside them, changes of the
    fairness audit are paired image by image; all others come from the two intervals. Rules over regressions, from
    --regression or the configuration, decide the exit code.

    Example: fairaudit compare old/report.json new/report.json --regression equalized_odds_difference=0.02
    """
    from fairaudit.cli.launch.small_work import small_work
    from fairaudit.cli.shared import guarded

    with small_work():
        guarded(
            lambda: _compare(
                reports, _rules(config, regressions), output=output, as_json=as_json, verbose=verbose, fail_on=fail_on
            ),
            output,
        )


def _rules(config: Path | None, regressions: list[str] | None) -> list[GateRule]:
    from fairaudit.audits.core.report.compare import regression
    from fairaudit.cli.settings import Asked, load

    rules = [regression(text) for text in regressions or []]
    if config is not None:
        rules += [
            rule for rule in load(Asked(config=config), opens_model=False)[0].gates if rule.regression is not None
        ]
    return rules


def _compare(
    reports: list[Path], rules: list[GateRule], *, output: Path | None, as_json: bool, verbose: bool, fail_on: FailOn
) -> int:
    from fairaudit.audits.core.report.compare import compare_reports
    from fairaudit.cli.terminal.console import say
    from fairaudit.cli.terminal.streams import emit
    from fairaudit.errors import UsageError
    from fairaudit.report.formats import comparison as formats
    from fairaudit.report.zoo.row import worst_code
    from fairaudit.results.strict_json import dumps, write_text

    if len(reports) < 2:
        raise UsageError("There is one report, and nothing to compare it with", wanted="two reports or more")
    found = compare_reports(reports, rules=rules, fail_on=fail_on)
    facts = dumps({"schema_version": 1, "comparisons": [_facts(each) for each in found]})
    emit(facts if as_json else "\n".join(_text(each, verbose=verbose) for each in found))
    if output is not None:
        write_text(output / "compare.json", facts)
        write_text(output / "compare.md", "\n".join(formats.markdown(each.comparison) for each in found))
        write_text(output / "compare.html", formats.html([each.comparison for each in found]))
        say(f"Comparison: {output / 'compare.html'}")
    return worst_code([each.gate.exit_code for each in found])


def _text(found: Compared, *, verbose: bool) -> str:
    from fairaudit.report.escape import inert
    from fairaudit.report.formats.comparison import MOST, text
    from fairaudit.report.rows import STATE_WORDS, gate_line
    from fairaudit.report.terminal import wrapped

    lines = [text(found.comparison, most=None if verbose else MOST)]
    lines += [wrapped(f"{STATE_WORDS[rule.state]} {rule.rule}: {rule.why}", 80, "  ") for rule in found.gate.rules]
    if found.gate.rules:
        lines.append(gate_line(found.gate))
    return inert("\n".join(lines).rstrip("\n") + "\n")


def _facts(found: Compared) -> dict[str, object]:
    comparison = found.comparison
    return {
        "baseline": comparison.baseline,
        "candidate": comparison.candidate,
        "data": comparison.data,
        "changes": [change.facts() for change in comparison.changes],
        "gate": found.gate.model_dump(mode="json"),
    }
