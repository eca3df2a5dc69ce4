"""`fairaudit explain`: any word of a report, an option or a configuration in plain words."""

from __future__ import annotations

import sys
from typing import Annotated

import typer


def explain(
    name: Annotated[list[str] | None, typer.Argument(help="Name to explain, such as rrf_lift or undecided.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Explain any word of a report, such as a metric or a verdict, an exit code, or a key of the configuration.

    Without a name, lists everything that can be explained. Example: fairaudit explain rrf_lift
    """
    from fairaudit.cli.shared import guarded

    guarded(lambda: _explain(" ".join(name or ()), as_json=as_json))


def _explain(name: str, *, as_json: bool) -> int:
    import json

    from fairaudit.cli.terminal.console import wrapped
    from fairaudit.report.explain import KINDS, as_text, explanations
    from fairaudit.report.explain import explain as found

    entries = found(name) if name else explanations()
    if as_json:
        sys.stdout.write(json.dumps([each.facts() for each in entries], indent=1, ensure_ascii=False) + "\n")
    elif name:
        sys.stdout.write("\n".join(wrapped(as_text(each)) for each in entries))
    else:
        for kind in KINDS:
            names = ", ".join(each.name for each in entries if each.kind == kind)
            sys.stdout.write(wrapped(f"{kind}: {names}\n"))
    return 0
