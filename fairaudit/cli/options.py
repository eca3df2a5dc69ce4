"""Options that several subcommands share, each described once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

RUN, DATA, GATE = "Run", "Data", "Gate"

Models = Annotated[list[Path], typer.Argument(help="Model files to audit.", metavar="MODEL")]
Roi = Annotated[
    list[str] | None,
    typer.Option("--roi", "--region", help="Region to audit; repeat for several.", rich_help_panel=DATA),
]
Attribute = Annotated[
    list[str] | None, typer.Option("--attribute", help="Attribute to audit; repeat for several.", rich_help_panel=DATA)
]
Baseline = Annotated[Path | None, typer.Option(help="Model to compare with.", rich_help_panel=DATA)]
ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Configuration (default: fairaudit.yaml here).", rich_help_panel=DATA),
]
DataFile = Annotated[
    Path | None,
    typer.Option("--data", "--manifest", help="Manifest: CSV, JSON Lines or Parquet.", rich_help_panel=DATA),
]
Target = Annotated[str | None, typer.Option(help="Column with the label.", rich_help_panel=DATA)]
RegionBox = Annotated[
    list[str] | None,
    typer.Option(help="NAME=x0,y0,x1,y1 as shares of the image.", rich_help_panel=DATA, metavar="NAME=BOX"),
]
Forbidden = Annotated[
    list[str] | None,
    typer.Option(
        "--forbidden",
        help="Region in which nothing may matter, such as a watermark: its use counts against the model.",
        rich_help_panel=DATA,
        metavar="REGION",
    ),
]
Size = Annotated[str | None, typer.Option(help="Model input, HEIGHTxWIDTH.", rich_help_panel=DATA, metavar="HxW")]
Classes = Annotated[
    str | None, typer.Option(help="Names of the outputs, joined by commas.", rich_help_panel=DATA, metavar="A,B,…")
]
OutputKind = Annotated[
    str | None, typer.Option("--output-kind", help="sigmoid, softmax or multilabel.", rich_help_panel=DATA)
]
Arch = Annotated[
    str | None,
    typer.Option(help="For checkpoints: torchvision:NAME or package.module:factory.", rich_help_panel=DATA),
]
Saliency = Annotated[
    list[str] | None, typer.Option("--method", help="Attribution method; repeat for several.", rich_help_panel=DATA)
]
Explain = Annotated[
    str | None,
    typer.Option("--explain", help="Whose evidence: target, prediction or a class's name.", rich_help_panel=DATA),
]
Convention = Annotated[
    str | None,
    typer.Option("--convention", help="Relevance shares: positive, absolute or paper.", rich_help_panel=DATA),
]
Twins = Annotated[
    list[str] | None,
    typer.Option(
        help="Column with every image's twin, its attribute flipped; ATTRIBUTE=COLUMN for several.",
        rich_help_panel="Counterfactuals",
        metavar="COLUMN",
    ),
]
Cvae = Annotated[
    list[str] | None,
    typer.Option(
        help="Conditional VAE that draws such twins; ATTRIBUTE=FILE for several.",
        rich_help_panel="Counterfactuals",
        metavar="FILE",
    ),
]
Limit = Annotated[int | None, typer.Option(min=1, help="Audit only this many rows.", rich_help_panel=DATA)]
Split = Annotated[
    str | None, typer.Option("--split", help="Rows to use, as COLUMN=VALUE.", rich_help_panel=DATA, metavar="COL=VALUE")
]

Output = Annotated[Path, typer.Option("--output", "-o", help="Folder for the report.", rich_help_panel=RUN)]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda[:i] or mps.", rich_help_panel=RUN)]
PrecisionOption = Annotated[str, typer.Option("--precision", help="fp32, bf16 or auto.", rich_help_panel=RUN)]
BatchSize = Annotated[
    str, typer.Option(help="Images at once, or auto; halves itself when memory runs out.", rich_help_panel=RUN)
]
Workers = Annotated[int, typer.Option(min=1, help="Threads that decode.", rich_help_panel=RUN)]
Seed = Annotated[int, typer.Option(help="Seed of every draw.", rich_help_panel=RUN)]
Fresh = Annotated[bool, typer.Option("--fresh", help="Start over, do not continue.", rich_help_panel=RUN)]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the plan and stop.", rich_help_panel=RUN)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no notes.", rich_help_panel=RUN)]
AsJson = Annotated[bool, typer.Option("--json", help="Print the report as JSON.", rich_help_panel=RUN)]
Formats = Annotated[
    str, typer.Option("--format", help="Renderings to write: md, html, junit, csv.", rich_help_panel=RUN)
]
Images = Annotated[
    bool,
    typer.Option("--images/--no-images", help="Draw figures that show single images of the data.", rich_help_panel=RUN),
]
Trust = Annotated[
    bool, typer.Option("--trust-model", help="Open files that can run code of their own.", rich_help_panel=RUN)
]

FailOnOption = Annotated[
    str, typer.Option("--fail-on", help="fail, inconclusive, incomplete or never.", rich_help_panel=GATE)
]
MaxExcluded = Annotated[
    int, typer.Option(min=0, help="More excluded rows make the verdict incomplete.", rich_help_panel=GATE)
]
