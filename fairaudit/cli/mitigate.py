"""`fairaudit mitigate`: fit mitigation methods, compare them by outcome and by reason, write and audit the best."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from fairaudit.cli import options as o
from fairaudit.cli.checked import checked
from fairaudit.cli.settings import per_attribute_options
from fairaudit.cli.shared import BY_MODEL, Request, audit_command

PANEL = "Mitigation"

Methods = Annotated[
    str,
    typer.Option("--method", help="Methods joined by commas, default, or all.", rich_help_panel=PANEL, metavar="A,B,…"),
]
DebiasSplit = Annotated[
    str | None,
    typer.Option(
        help="Rows to learn from and choose on (default: parts of the audited rows).",
        rich_help_panel=PANEL,
        metavar="COL=VALUE",
    ),
]
BalancedSplit = Annotated[
    str | None,
    typer.Option(
        help="Rows in which attribute and target are independent (default: debias rows, undersampled).",
        rich_help_panel=PANEL,
        metavar="COL=VALUE",
    ),
]
ChooseSplit = Annotated[
    str | None,
    typer.Option(
        help="Rows to choose on (default: a third of the debias rows). Best: rows the model was not trained on.",
        rich_help_panel=PANEL,
        metavar="COL=VALUE",
    ),
]
ReportSplit = Annotated[
    str | None,
    typer.Option(help="Rows to report on, like --split.", rich_help_panel=PANEL, metavar="COL=VALUE"),
]
Phi = Annotated[
    str | None,
    typer.Option(
        help="Train and mitigate a model of this architecture at every φ of target and attribute.",
        rich_help_panel=PANEL,
        metavar="P,P,…",
    ),
]
TrainSplit = Annotated[
    str | None,
    typer.Option(
        help="Rows to train on with --phi (default: part of the debias rows).",
        rich_help_panel=PANEL,
        metavar="COL=VALUE",
    ),
]
TrainEpochs = Annotated[int, typer.Option(min=1, help="Training epochs with --phi.", rich_help_panel=PANEL)]
Seeds = Annotated[int, typer.Option(min=1, max=10_000, help="Fits per method.", rich_help_panel=PANEL)]
Lambda = Annotated[
    str | None,
    typer.Option(
        "--lambda",
        help="λ of every method that has one; of several, the best on the rows to choose on; draws the trade-off.",
        rich_help_panel=PANEL,
        metavar="L,L,…",
    ),
]
Search = Annotated[bool, typer.Option("--search", help="Try each method's values of λ first.", rich_help_panel=PANEL)]
Trials = Annotated[
    int, typer.Option(min=0, max=10_000, help="Number of optuna trials in the search for λ.", rich_help_panel=PANEL)
]
Select = Annotated[
    Literal["worst_cell", "eo"],
    typer.Option(help="Criterion by which the best method is chosen.", rich_help_panel=PANEL),
]
Floor = Annotated[
    float,
    typer.Option(min=0.0, max=1.0, help="Largest loss of mean cell accuracy that is allowed.", rich_help_panel=PANEL),
]
Write = Annotated[
    str | None, typer.Option(help="What to write and audit: best, all, or a method.", rich_help_panel=PANEL)
]
Epochs = Annotated[int, typer.Option(min=1, help="Epochs of every method that trains.", rich_help_panel=PANEL)]
Rate = Annotated[float, typer.Option(min=0.0, help="Highest learning rate of Adam.", rich_help_panel=PANEL)]
StepSize = Annotated[int, typer.Option("--step-images", min=2, help="Images per step.", rich_help_panel=PANEL)]
Maps = Annotated[int, typer.Option(min=0, help="Number of images whose relevance is measured.", rich_help_panel=PANEL)]
Cav = Annotated[
    Literal["mean", "ridge", "lasso", "logistic", "svm"],
    typer.Option(help="How concept vectors are fitted.", rich_help_panel=PANEL),
]
Frames = Annotated[
    int, typer.Option(min=1, help="Frames that a conditional VAE draws per image.", rich_help_panel=PANEL)
]
Bottleneck = Annotated[str | None, typer.Option(help="Module whose output is the bottleneck.", rich_help_panel=PANEL)]


@audit_command(without=BY_MODEL)
def mitigate(
    model: Annotated[Path, typer.Argument(help="Model file to mitigate.", metavar="MODEL")],
    roi: o.Roi = None,
    region_box: o.RegionBox = None,
    twins: o.Twins = None,
    cvae: o.Cvae = None,
    frames: Frames = 10,
    method: Methods = "default",
    debias_split: DebiasSplit = None,
    choose_split: ChooseSplit = None,
    balanced_split: BalancedSplit = None,
    report_split: ReportSplit = None,
    phi: Phi = None,
    train_split: TrainSplit = None,
    train_epochs: TrainEpochs = 10,
    seeds: Seeds = 1,
    lambdas: Lambda = None,
    search: Search = False,
    trials: Trials = 0,
    select: Select = "worst_cell",
    floor: Floor = 0.02,
    write: Write = None,
    epochs: Epochs = 1,
    rate: Rate = 3e-4,
    step_images: StepSize = 128,
    maps: Maps = 400,
    cav: Cav = "mean",
    bottleneck: Bottleneck = None,
    *,
    request: Request,
) -> int:
    """Mitigate a model by several methods, compare them by outcome and by reason, write and audit the best.

    Example: fairaudit mitigate biased.pt --roi necktie --debias-split split=biased --write best
    """
    from dataclasses import replace

    request = replace(
        request,
        asked=replace(
            request.asked,
            regions=roi,
            boxes=region_box,
            split=report_split or request.asked.split,
            extra=per_attribute_options(twins=twins, cvae=cvae),
        ),
    )
    checked([model], baseline=None, request=request)
    from fairaudit.audits.mitigation.options import MitigateOptions
    from fairaudit.cli.launch.mitigate import launch_mitigate, method_names, numbers
    from fairaudit.cli.launch.prune import split_of

    asked = MitigateOptions(
        methods=method_names(method),
        debias=split_of(debias_split, option="--debias-split"),
        choose=split_of(choose_split, option="--choose-split"),
        balanced=split_of(balanced_split, option="--balanced-split"),
        seeds=seeds,
        strengths=numbers(lambdas, option="--lambda", most=float("inf")),
        phis=numbers(phi, option="--phi", most=1.0),
        train=split_of(train_split, option="--train-split"),
        train_epochs=train_epochs,
        search=search,
        trials=trials,
        select=select,
        floor=floor,
        write=write,
        epochs=epochs,
        batch_size=step_images,
        rate=rate,
        frames=frames,
        cav=cav,
        bottleneck=bottleneck,
        maps=maps,
    )
    return launch_mitigate(model, request=request, asked=asked)
