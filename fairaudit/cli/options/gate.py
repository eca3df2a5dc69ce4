"""When the exit code is not 0."""

from __future__ import annotations

from typing import Annotated

import typer

from fairaudit.config.options import FailOn

GATE = "Gate"

FailOnOption = Annotated[
    FailOn,
    typer.Option("--fail-on", help="Mildest state of the gate that fails the command.", rich_help_panel=GATE),
]
MaxExcluded = Annotated[
    int,
    typer.Option(
        min=0,
        help="Largest number of excluded rows; with more, the verdict is incomplete.",
        rich_help_panel=GATE,
    ),
]
