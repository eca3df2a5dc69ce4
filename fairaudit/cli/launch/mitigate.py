"""Reads the options of `fairaudit mitigate` and runs it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fairaudit.cli.launch.audits import show
from fairaudit.cli.settings import load
from fairaudit.cli.shared import Request
from fairaudit.cli.terminal.console import progress_display
from fairaudit.errors import UsageError

if TYPE_CHECKING:
    from fairaudit.audits.mitigation.options import MitigateOptions


def launch_mitigate(model: Path, *, request: Request, asked: MitigateOptions) -> int:
    """Mitigate, show the table and return the exit code."""
    config, base = load(request.asked)
    if request.dry_run:
        from fairaudit.audits.joint import verdict as joint
        from fairaudit.cli.launch.dry_run import dry_run

        return dry_run([model], baseline=None, config=config, base=base, request=request, plan=joint.PLAN)
    from fairaudit.audits.mitigation.run import run_mitigate

    with progress_display(quiet=request.quiet) as progress:
        outcome = run_mitigate(model, config=config, base=base, options=request.options, asked=asked, progress=progress)
    table = None
    if not request.as_json:
        table = (request.options.output / "mitigation.md").read_text(encoding="utf-8")
    return show([outcome], request=request, text=table)


def method_names(text: str) -> tuple[str, ...]:
    """Methods joined by commas; "default" and "all" are what they say.

    Raises:
        UsageError: none is named.
    """
    from fairaudit.mitigation.registry import EVERY, SHORT

    if text in ("default", "all"):
        return SHORT if text == "default" else EVERY
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not names:
        raise UsageError("No mitigation method is named", wanted=", ".join(EVERY))
    return names
