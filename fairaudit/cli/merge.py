"""`fairaudit merge`: the parts of a run over many models to one folder, checked for gaps and overlaps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fairaudit.cli import options as o


def merge(
    parts: Annotated[list[Path], typer.Argument(help="Output folders of all parts of a run.", metavar="DIR...")],
    output: o.Output = Path("fairaudit-report"),
    quiet: o.Quiet = False,
) -> None:
    """Put the parts of a run with --shard together: the reports of all models and one page over them.

    Example: fairaudit merge part-1 part-2 part-3 -o zoo-report
    """
    from fairaudit.cli.shared import guarded

    guarded(lambda: _merge(parts, output, quiet=quiet), output)


def _merge(parts: list[Path], output: Path, *, quiet: bool) -> int:
    from fairaudit.audits.zoo.merge import merge as merged
    from fairaudit.cli.terminal.console import say
    from fairaudit.cli.terminal.streams import emit
    from fairaudit.report.zoo.row import worst_code
    from fairaudit.report.zoo.table import terminal

    rows = merged(parts, output)
    emit(terminal(rows))
    if not quiet:
        say(f"All models: {output / 'index.html'}")
    return worst_code(row.exit_code for row in rows)
