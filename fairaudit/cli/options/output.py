"""What a command writes and prints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

OUTPUT = "Output"
FORMATS = ("md", "html", "junit", "csv", "github", "openmetrics", "card", "cyclonedx")


def formats(incomplete: str) -> list[str]:
    """Renderings that begin with this text, for the shell to complete.

    >>> formats("h")
    ['html']
    """
    return [name for name in FORMATS if name.startswith(incomplete)]


Output = Annotated[Path, typer.Option("--output", "-o", help="Folder for the report.", rich_help_panel=OUTPUT)]
Formats = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        help=f"Rendering to write beside report.json: {', '.join(FORMATS)}; md and html by default. "
        "Repeat for several, or join them by commas.",
        rich_help_panel=OUTPUT,
        metavar="FORMAT",
        autocompletion=formats,
    ),
]
Images = Annotated[
    bool,
    typer.Option(
        "--images/--no-images", help="Draw figures that show single images of the data.", rich_help_panel=OUTPUT
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the report as JSON.", rich_help_panel=OUTPUT)]
Verbose = Annotated[
    bool,
    typer.Option("--verbose", "-v", help="Print every number and note, not one screen.", rich_help_panel=OUTPUT),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress and no notes.", rich_help_panel=OUTPUT)]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the plan and stop.", rich_help_panel=OUTPUT)]
