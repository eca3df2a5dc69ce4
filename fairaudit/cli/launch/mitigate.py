"""Reads the options of `fairaudit mitigate` and runs it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fairaudit.cli.launch.audits import show
from fairaudit.cli.settings import load
from fairaudit.cli.shared import Request
from fairaudit.cli.terminal.console import progress_display
from fairaudit.errors import UsageError
from fairaudit.registry import Registry
from fairaudit.tables.words import MITIGATIONS

if TYPE_CHECKING:
    from fairaudit.audits.mitigation.options import MitigateOptions


def launch_mitigate(model: Path, *, request: Request, asked: MitigateOptions) -> int:
    """Mitigate, show the table and return the exit code."""
    config, base = load(request.asked)
    if request.dry_run:
        from fairaudit.audits.mitigation.plan import plan_mitigate
        from fairaudit.cli.launch.dry_run import show_plan

        return show_plan(plan_mitigate(model, config=config, base=base, options=request.options, asked=asked), request)
    from fairaudit.audits.mitigation.over_phi import run_over_phi
    from fairaudit.audits.mitigation.run import run_mitigate
    from fairaudit.report.mitigation import terminal

    with progress_display(quiet=request.quiet) as progress:
        options, far = request.options, None
        if options.executor == "ray":
            from fairaudit.audits.mitigation.on_ray import OnRay

            far = OnRay(path=model, config=config, base=base, options=options, asked=asked, progress=progress)
        if asked.phis:
            found = run_over_phi(
                model, config=config, base=base, options=options, asked=asked, progress=progress,
                ahead=None if far is None else far.fits_over,
            )  # fmt: skip
        else:
            found = run_mitigate(
                model, config=config, base=base, options=options, asked=asked, progress=progress,
                ahead=None if far is None else far.fits,
            )  # fmt: skip
    return show([found.outcome], request=request, text=None if request.as_json else terminal(found.page))


def method_names(text: str) -> tuple[str, ...]:
    """Methods joined by commas; "default" and "all" stand for several.

    Raises:
        UsageError: none is named, or one that does not exist.
    """
    if text in ("default", "all"):
        from fairaudit.mitigation.registry import EVERY, SHORT

        return SHORT if text == "default" else EVERY
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not names:
        raise UsageError("No mitigation method is named", wanted="default, all, or names joined by commas")
    known = Registry("mitigation method", [(t.name, t) for t in MITIGATIONS if t.name not in ("vanilla", "all")])
    for name in names:
        known[name]
    return names


def numbers(text: str | None, *, option: str, most: float) -> tuple[float, ...]:
    """Numbers from 0 joined by commas, in ascending order, each once.

    >>> numbers(".9,0, 0.3", option="--phi", most=1.0)
    (0.0, 0.3, 0.9)

    Args:
        text: what was given; None for nothing.
        option: where, for the message.
        most: largest number that is allowed.

    Raises:
        UsageError: one of them is no such number.
    """
    if text is None:
        return ()
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        values = ()
    if not values or not all(0 <= value <= most for value in values):
        allowed = "numbers of at least 0" if most == float("inf") else f"numbers from 0 to {most:g}"
        raise UsageError(f"{option} cannot be used", wanted=f"{allowed}, joined by commas", found=text)
    return tuple(sorted(set(values)))
