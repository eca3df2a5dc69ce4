"""Attribution methods, and which relevance is measured."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

RELEVANCE = "Relevance"


def methods(incomplete: str) -> list[tuple[str, str]]:
    """Attribution methods that begin with this text, each with a description, for the shell to complete.

    >>> [name for name, _ in methods("grad")]
    ['gradient', 'gradcam']
    """
    from fairaudit.tables.terms import of_kind

    return [(term.name, term.sentence) for term in of_kind("method") if term.name.startswith(incomplete)]


Saliency = Annotated[
    list[str] | None,
    typer.Option(
        "--method",
        help="Attribution method, such as lrp or integrated_gradients; repeat for several.",
        rich_help_panel=RELEVANCE,
        autocompletion=methods,
    ),
]
Explain = Annotated[
    str | None,
    typer.Option(
        "--explain",
        help="Class whose evidence is measured: target (the default), prediction, or a class name.",
        rich_help_panel=RELEVANCE,
        metavar="WHOSE",
    ),
]
Convention = Annotated[
    Literal["positive", "absolute", "paper"] | None,
    typer.Option("--convention", help="Which relevance counts (default: positive).", rich_help_panel=RELEVANCE),
]
MapsFormat = Annotated[
    Literal["npy", "safetensors"] | None,
    typer.Option("--maps-format", help="File format of --save-maps (default: npy).", rich_help_panel=RELEVANCE),
]
