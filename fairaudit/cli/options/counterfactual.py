"""Counterfactuals: pictures in which one thing is changed."""

from __future__ import annotations

from typing import Annotated

import typer

COUNTERFACTUALS = "Counterfactuals"

Twins = Annotated[
    list[str] | None,
    typer.Option(
        help="Column with every image's twin, its attribute flipped; ATTRIBUTE=COLUMN, repeated, for several.",
        rich_help_panel=COUNTERFACTUALS,
        metavar="COLUMN",
    ),
]
Cvae = Annotated[
    list[str] | None,
    typer.Option(
        help="Conditional VAE that draws such twins; ATTRIBUTE=FILE, repeated, for several.",
        rich_help_panel=COUNTERFACTUALS,
        metavar="FILE",
    ),
]
