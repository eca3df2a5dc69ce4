"""`fairaudit prune`: find and write the part of a model that does without a bias."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from fairaudit.cli import options as o
from fairaudit.cli.checked import checked
from fairaudit.cli.shared import OF_MANY_MODELS, Request, audit_command

PRUNE = "Pruning"


Gammas = Annotated[
    list[str] | None,
    typer.Option(
        help="Weight of the bias term (default: 10); repeat or join by commas for several; the first is written.",
        rich_help_panel=PRUNE,
        metavar="NUMBER",
    ),
]
Seeds = Annotated[int, typer.Option(min=1, max=10_000, help="Searches per γ.", rich_help_panel=PRUNE)]
ModeOption = Annotated[
    Literal["unstructured", "structured"],
    typer.Option("--mode", help="Prune single weights, or whole units.", rich_help_panel=PRUNE),
]
Bottleneck = Annotated[str | None, typer.Option(help="Module whose output is the bottleneck.", rich_help_panel=PRUNE)]
Controls = Annotated[
    list[str] | None,
    typer.Option(
        help="Control to make for comparison, all (the default) or none; repeat or join by commas for several.",
        rich_help_panel=PRUNE,
        metavar="NAME",
    ),
]
AuditControls = Annotated[
    list[str] | None,
    typer.Option(
        help="Control to audit as fully as the pruned model, all or none (the default); repeat or join by commas for "
        "several.",
        rich_help_panel=PRUNE,
        metavar="NAME",
    ),
]
FitSplit = Annotated[
    str | None,
    typer.Option(
        help="Rows to fit and choose on (default: parts of the audited rows).",
        rich_help_panel=PRUNE,
        metavar="COL=VALUE",
    ),
]
Unbalanced = Annotated[bool, typer.Option("--unbalanced", help="Fit on the rows as they are.", rich_help_panel=PRUNE)]
Sparsity = Annotated[
    float, typer.Option(min=0.0, help="Weight of the mean gate: above 0 prunes more.", rich_help_panel=PRUNE)
]
Epochs = Annotated[int, typer.Option(min=1, help="Largest number of epochs per temperature.", rich_help_panel=PRUNE)]
Levels = Annotated[int, typer.Option(min=1, help="Largest number of temperatures.", rich_help_panel=PRUNE)]


@audit_command(without=OF_MANY_MODELS)
def prune(
    model: Annotated[Path, typer.Argument(help="Model file to prune.", metavar="MODEL")],
    roi: o.Roi = None,
    region_box: o.RegionBox = None,
    method: o.Saliency = None,
    gamma: Gammas = None,
    seeds: Seeds = 1,
    mode: ModeOption = "unstructured",
    bottleneck: Bottleneck = None,
    controls: Controls = None,
    audit_controls: AuditControls = None,
    fit_split: FitSplit = None,
    unbalanced: Unbalanced = False,
    sparsity: Sparsity = 0.0,
    epochs: Epochs = 20,
    levels: Levels = 12,
    *,
    request: Request,
) -> int:
    """Prune a bias out of a model without training it again, and audit both models.

    Example: fairaudit prune biased.pt --attribute necktie --roi necktie --fit-split split=balanced
    """
    from dataclasses import replace

    from fairaudit.audits.pruning.options import PruneOptions
    from fairaudit.cli.launch.prune import controls_of, gammas, launch_prune, names, split_of

    made = controls_of(controls or ["all"], bottleneck=bottleneck)
    asked = PruneOptions(
        gammas=gammas(gamma or ["10"]),
        seeds=seeds,
        mode=mode,
        bottleneck=bottleneck,
        controls=made,
        audited=names(audit_controls or ["none"], made),
        fit=split_of(fit_split),
        balance=not unbalanced,
        sparsity=sparsity,
        epochs=epochs,
        levels=levels,
    )
    settings = replace(request, asked=replace(request.asked, regions=roi, boxes=region_box, methods=method))
    checked([model], baseline=None, request=settings)
    return launch_prune(model, request=settings, asked=asked)
