"""What is audited: models, rows, attributes and regions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DATA = "Data"

Models = Annotated[
    list[Path], typer.Argument(help="Models to audit: files, folders of them, or patterns.", metavar="MODEL...")
]
Baseline = Annotated[Path | None, typer.Option(help="Model to compare with, on the same images.", rich_help_panel=DATA)]
ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Configuration (default: fairaudit.yaml here).", rich_help_panel=DATA),
]
DataFile = Annotated[
    Path | None,
    typer.Option("--data", "--manifest", help="Manifest: CSV, JSON Lines or Parquet.", rich_help_panel=DATA),
]
Target = Annotated[str | None, typer.Option(help="Column with the label.", rich_help_panel=DATA)]
Attribute = Annotated[
    list[str] | None,
    typer.Option("--attribute", help="Attribute to audit; repeat for several.", rich_help_panel=DATA),
]
Roi = Annotated[
    list[str] | None,
    typer.Option("--roi", "--region", help="Region to audit; repeat for several.", rich_help_panel=DATA),
]
RegionBox = Annotated[
    list[str] | None,
    typer.Option(
        help="Box of a region, NAME=x0,y0,x1,y1 as shares of the image; repeat for several.",
        rich_help_panel=DATA,
        metavar="NAME=BOX",
    ),
]
Forbidden = Annotated[
    list[str] | None,
    typer.Option(
        "--forbidden",
        help="Region where nothing may matter, such as a watermark: its use counts against models; repeat for several.",
        rich_help_panel=DATA,
        metavar="REGION",
    ),
]
Split = Annotated[
    str | None,
    typer.Option("--split", help="Rows to use, as COLUMN=VALUE.", rich_help_panel=DATA, metavar="COL=VALUE"),
]
Limit = Annotated[
    int | None, typer.Option(min=1, help="Audit only this many rows, drawn with the seed.", rich_help_panel=DATA)
]
Size = Annotated[
    str | None, typer.Option(help="Size of the model's input, such as 64x64.", rich_help_panel=DATA, metavar="HxW")
]
