"""How a model file is to be understood."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

MODEL = "Model"

Output = Literal["auto", "sigmoid", "softmax", "multilabel", "probability", "log_probability", "logit", "label"]

Classes = Annotated[
    list[str] | None,
    typer.Option(
        help="Name of an output, in the model's order; repeat for all, or join them by commas.",
        rich_help_panel=MODEL,
        metavar="NAME",
    ),
]
OutputKind = Annotated[
    Output | None, typer.Option("--output-kind", help="What the model returns.", rich_help_panel=MODEL)
]
Arch = Annotated[
    str | None,
    typer.Option(help="For checkpoints: torchvision:NAME or package.module:factory.", rich_help_panel=MODEL),
]
Trust = Annotated[
    bool, typer.Option("--trust-model", help="Open files that can run code of their own.", rich_help_panel=MODEL)
]
