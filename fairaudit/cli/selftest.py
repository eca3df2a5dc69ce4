"""`fairaudit selftest`: would the audits find a bias that is known to be there?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fairaudit.cli import options as o
from fairaudit.cli.checked import checked
from fairaudit.cli.shared import OF_MANY_MODELS, Request, audit_command

SELF = "Self-test"


def kinds(incomplete: str) -> list[str]:
    """Kinds of planted bias that begin with this text, for the shell to complete.

    >>> kinds("p")
    ['patch']
    """
    known = ("patch", "corruption", "background_colour", "two_background_colours", "red_green")
    return [name for name in known if name.startswith(incomplete)]


BiasKinds = Annotated[
    list[str] | None,
    typer.Option(
        "--bias",
        help="patch, corruption, background_colour, two_background_colours or red_green (default: data.bias, or "
        "patch); repeat or join by commas for several.",
        rich_help_panel=SELF,
        metavar="KIND",
        autocompletion=kinds,
    ),
]
Rhos = Annotated[
    list[str] | None,
    typer.Option(
        "--rho",
        help="Strength of the bias, above 0 and up to 1 (default: 0.9 and 0.99); repeat or join by commas for several.",
        rich_help_panel=SELF,
        metavar="SHARE",
    ),
]
Seeds = Annotated[
    int, typer.Option(min=1, max=10_000, metavar="N", help="Models per strength and controls.", rich_help_panel=SELF)
]
Epochs = Annotated[int, typer.Option(min=1, metavar="N", help="Training epochs.", rich_help_panel=SELF)]
TrainSplit = Annotated[
    str | None,
    typer.Option(
        help="Rows to train on (default: a part of the audited rows).", rich_help_panel=SELF, metavar="COL=VALUE"
    ),
]
TrainImages = Annotated[
    int, typer.Option(min=1, metavar="N", help="Largest number of images to train on.", rich_help_panel=SELF)
]
AuditImages = Annotated[
    int, typer.Option(min=1, metavar="N", help="Largest number of images to audit.", rich_help_panel=SELF)
]
Rate = Annotated[float, typer.Option("--learning-rate", help="Highest learning rate of Adam.", rich_help_panel=SELF)]
Keep = Annotated[bool, typer.Option("--keep-weights", help="Go on from the model's own weights.", rich_help_panel=SELF)]
Discover = Annotated[
    bool, typer.Option(help="Also search for the bias without being given its place.", rich_help_panel=SELF)
]

Prune = Annotated[
    bool, typer.Option("--prune", help="Also prune the bias out, and see if that closes the gap.", rich_help_panel=SELF)
]


@audit_command(without=OF_MANY_MODELS)
def selftest(
    model: Annotated[
        Path | None, typer.Argument(help="Model file (default: a new model of --arch).", metavar="[MODEL]")
    ] = None,
    bias: BiasKinds = None,
    rho: Rhos = None,
    seeds: Seeds = 3,
    epochs: Epochs = 10,
    train_split: TrainSplit = None,
    train_images: TrainImages = 1500,
    audit_images: AuditImages = 300,
    learning_rate: Rate = 3e-3,
    keep_weights: Keep = False,
    discover: Discover = True,
    prune: Prune = False,
    method: o.Saliency = None,
    *,
    request: Request,
) -> int:
    """Plant a known bias into your data, train models like yours on it, and see which audits find it.

    Example: fairaudit selftest model.pt --bias patch --rho 0.9,0.99 --seeds 3
    """
    from dataclasses import replace

    from fairaudit.audits.selftest.options import SelftestOptions
    from fairaudit.cli.launch.prune import split_of
    from fairaudit.cli.launch.selftest import launch_selftest, planted_biases, strengths
    from fairaudit.cli.settings import load

    request = replace(request, asked=replace(request.asked, methods=method))
    checked([] if model is None else [model], baseline=None, request=request)
    config, base = load(request.asked)
    asked = SelftestOptions(
        biases=planted_biases(bias, config),
        rhos=strengths(rho or ["0.9", "0.99"]),
        seeds=seeds,
        train=split_of(train_split, option="--train-split"),
        train_images=train_images,
        audit_images=audit_images,
        epochs=epochs,
        rate=learning_rate,
        keep_weights=keep_weights,
        discover=discover,
        prune=prune,
    )
    return launch_selftest(model, config=config, base=base, request=request, asked=asked)
