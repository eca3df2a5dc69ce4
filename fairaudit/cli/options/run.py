"""Where and how a run computes."""

from __future__ import annotations

from typing import Annotated

import typer

from fairaudit.config.options import Executor, Precision

RUN = "Run"


def devices(incomplete: str) -> list[str]:
    """Devices that begin with this text, for the shell to complete.

    >>> devices("c")
    ['cpu', 'cuda']
    """
    return [name for name in ("auto", "cpu", "cuda", "mps") if name.startswith(incomplete)]


Device = Annotated[
    str,
    typer.Option(
        "--device",
        help="auto, cpu, cuda, cuda:N or mps.",
        rich_help_panel=RUN,
        metavar="DEVICE",
        autocompletion=devices,
    ),
]
PrecisionOption = Annotated[
    Precision,
    typer.Option("--precision", help="Floating-point format that the model computes in.", rich_help_panel=RUN),
]
BatchSize = Annotated[
    str,
    typer.Option(help="Batch size, or auto; halved when memory runs out.", rich_help_panel=RUN, metavar="N|auto"),
]
Workers = Annotated[int, typer.Option(min=1, max=1024, help="Threads that decode images.", rich_help_panel=RUN)]
Seed = Annotated[int, typer.Option(help="Seed of all random numbers.", rich_help_panel=RUN)]
Fresh = Annotated[
    bool, typer.Option("--fresh", help="Start over instead of continuing an interrupted run.", rich_help_panel=RUN)
]
Cache = Annotated[
    str,
    typer.Option(
        help="Several models: size limit for decoded images and for the baseline's answers, such as 2G; 0 for none.",
        rich_help_panel=RUN,
        metavar="SIZE",
    ),
]
Shard = Annotated[
    str | None,
    typer.Option(
        help="Several models: audit part I of N, counted from 1; `fairaudit merge` puts the parts together.",
        rich_help_panel=RUN,
        metavar="I/N",
    ),
]
Jobs = Annotated[
    int,
    typer.Option(
        min=1,
        max=1024,
        help="Several models: number audited side by side, each in its own process.",
        rich_help_panel=RUN,
    ),
]
ExecutorOption = Annotated[
    Executor,
    typer.Option(
        "--executor",
        help="Where several models, or the fits of `mitigate`, are computed: here, or on a Ray cluster.",
        rich_help_panel=RUN,
    ),
]
Address = Annotated[
    str | None,
    typer.Option(
        help="Address of the Ray cluster, or auto (default: one is started on this machine).", rich_help_panel=RUN
    ),
]
GpusPerModel = Annotated[
    float,
    typer.Option(
        min=0.0,
        help="GPUs, or the share of one, that Ray gives to each model or fit.",
        rich_help_panel=RUN,
        metavar="SHARE",
    ),
]
Timeout = Annotated[
    float | None,
    typer.Option(
        "--timeout-per-batch",
        min=0.001,
        help="Time limit for a batch of images in seconds (default: none).",
        rich_help_panel=RUN,
    ),
]
