"""Reads the options of `fairaudit prune` and runs it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fairaudit.cli.launch.audits import show
from fairaudit.cli.settings import listed, load
from fairaudit.cli.shared import Request
from fairaudit.cli.terminal.console import progress_display
from fairaudit.errors import UsageError

if TYPE_CHECKING:
    from fairaudit.audits.pruning.options import PruneOptions
    from fairaudit.config.schema import Split


def launch_prune(model: Path, *, request: Request, asked: PruneOptions) -> int:
    """Prune, show the report and return the exit code."""
    from fairaudit.audits.pruning.run import run_prune

    config, base = load(request.asked)
    if request.dry_run:
        from fairaudit.audits.pruning.plan import plan_prune
        from fairaudit.cli.launch.dry_run import show_plan

        return show_plan(plan_prune(model, config=config, base=base, options=request.options, asked=asked), request)
    with progress_display(quiet=request.quiet) as progress:
        outcome = run_prune(model, config=config, base=base, options=request.options, asked=asked, progress=progress)
    return show([outcome], request=request)


def gammas(texts: Sequence[str]) -> tuple[float, ...]:
    """Weights, each once.

    Raises:
        UsageError: a text that is no number from 0.

    >>> gammas(["10, 2", "2"])
    (10.0, 2.0)
    """
    try:
        values = tuple(dict.fromkeys(float(part) for part in listed(texts)))
    except ValueError:
        values = ()
    if not values or any(not math.isfinite(value) or value < 0 for value in values):
        raise UsageError("--gamma cannot be read", wanted="numbers from 0", found=", ".join(texts))
    return values


def names(texts: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """Names; "all" stands for all known ones and "none" for none. Unknown ones are refused where they are used.

    >>> names(["none"], ["a"]), names(["all"], ["a"]), names(["b, a"], ["a"])
    ((), ('a',), ('b', 'a'))
    """
    given = listed(texts)
    if given == ["none"]:
        return ()
    return tuple(known) if given == ["all"] else tuple(given)


def controls_of(texts: Sequence[str], *, bottleneck: str | None) -> tuple[str, ...]:
    """Controls; "all" leaves out last-layer retraining where the bottleneck was named.

    >>> "last layer" in controls_of(["all"], bottleneck=None), "last layer" in controls_of(["all"], bottleneck="layer4")
    (True, False)
    """
    from fairaudit.audits.pruning.options import CONTROLS

    return names(texts, [name for name in CONTROLS if bottleneck is None or name != "last layer"])


def split_of(text: str | None, *, option: str = "--fit-split") -> Split | None:
    """Rows named as COLUMN=VALUE.

    Raises:
        UsageError: the text has another form.
    """
    from fairaudit.config.schema import Split

    if text is None:
        return None
    column, found, value = text.partition("=")
    if not (column and found and value):
        raise UsageError(f"{option} cannot be read", wanted="COLUMN=VALUE", found=text)
    return Split(column=column, use=value)
