"""`fairaudit demo`: a planted shortcut, found and told apart from a model without it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fairaudit.cli import options as o
from fairaudit.cli.terminal.streams import emit


def demo(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for everything that the demo writes.")] = Path(
        "fairaudit-demo"
    ),
    seed: o.Seed = 0,
    workers: o.Workers = 2,
    quiet: o.Quiet = False,
) -> None:
    """Draw faces, train one model that reads neckties and one that does not, and audit both.

    Example: fairaudit demo -o fairaudit-demo
    """
    from fairaudit.cli.shared import guarded

    guarded(lambda: _demo(output, seed=seed, workers=workers, quiet=quiet), output)


def _demo(output: Path, *, seed: int, workers: int, quiet: bool) -> int:
    from fairaudit.audits.demo.demo import run_demo
    from fairaudit.cli.terminal.console import progress_display, say
    from fairaudit.errors import ExitCode
    from fairaudit.report import brief

    with progress_display(quiet=quiet) as progress:
        outcome = run_demo(output, seed=seed, workers=workers, progress=progress)
    for report in (outcome.biased, outcome.balanced):
        emit(f"{brief.render(report)}\n")
    for line in outcome.conclusion:
        emit(f"{line}\n")
    if not quiet:
        pages = [str(outcome.folder / name / "report.html") for name in ("report", "report-balanced")]
        say(f"Look at {' and '.join(pages)}.")
        say(f"Continue with: cd {outcome.folder} && fairaudit audit biased.pt --roi necktie --baseline balanced.pt")
    return ExitCode.PASS if outcome.right else ExitCode.GATE_FAILED
