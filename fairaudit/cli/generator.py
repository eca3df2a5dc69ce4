"""`fairaudit generator`: train a generator on the images of the manifest, or look at one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fairaudit.cli import options as o
from fairaudit.cli.shared import Request, audit_command

GEN = "Generator"

app = typer.Typer(help="Train a generator for counterfactuals, or look at one.", no_args_is_help=True)


@app.command("train")
@audit_command
def train(
    kind: Annotated[str, typer.Option(help="autoencoder or cvae.", rich_help_panel=GEN)] = "autoencoder",
    condition: Annotated[
        str | None, typer.Option(help="Attribute that a cvae is conditioned on.", rich_help_panel=GEN)
    ] = None,
    keep: Annotated[
        list[Path] | None,
        typer.Option(help="Model whose scores reconstructions are trained to keep; repeat.", rich_help_panel=GEN),
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the images at most.", rich_help_panel=GEN)] = 14,
    latent: Annotated[int | None, typer.Option(min=1, help="Length of the latent.", rich_help_panel=GEN)] = None,
    grid: Annotated[
        int | None, typer.Option(min=0, help="Latents along a side, 0 for one; autoencoder only.", rich_help_panel=GEN)
    ] = None,
    width: Annotated[int, typer.Option(min=4, help="Channels of the first level.", rich_help_panel=GEN)] = 24,
    patience: Annotated[int, typer.Option(min=1, help="Epochs without gain before it stops.", rich_help_panel=GEN)] = 6,
    learning_rate: Annotated[float, typer.Option(help="Largest rate of Adam.", rich_help_panel=GEN)] = 3e-3,
    *,
    request: Request,
) -> int:
    """Train on the configured rows; writes generator.safetensors, a sheet of reconstructions and the losses.

    Example: fairaudit generator train --split split=balanced -o generator
    """
    from fairaudit.audits.cf_generator import GeneratorRequest, train_on_manifest
    from fairaudit.cli.console import progress_display, say
    from fairaudit.cli.settings import load
    from fairaudit.errors import ExitCode
    from fairaudit.generators.train import TrainSettings

    config, folder = load(request.asked)
    settings = TrainSettings(epochs=epochs, patience=patience, learning_rate=learning_rate, seed=request.options.seed)
    wanted = GeneratorRequest(
        kind=kind,  # type: ignore[arg-type]  # checked there
        attribute=condition,
        keep=tuple(keep or ()),
        latent=latent,
        grid=grid,
        width=width,
        train=settings,
    )
    with progress_display(quiet=request.quiet) as progress:
        found = train_on_manifest(config, wanted, base=folder, options=request.options, progress=progress)
    best = found.trained.history[found.trained.best_epoch - 1][1]
    typer.echo(
        f"{found.file}: {found.parameters:,} parameters, epoch {found.trained.best_epoch} of "
        f"{len(found.trained.history)} kept, held-out loss {best:.4f}"
    )
    if not request.quiet:
        say(f"Look at {found.sheet}: held-out images above their reconstructions.")
    return ExitCode.PASS


@app.command("info")
def info(
    generator: Annotated[Path, typer.Argument(help="Generator file or folder.")],
    generator_arch: Annotated[
        str | None, typer.Option(help="For a checkpoint: package.module:factory.", rich_help_panel=GEN)
    ] = None,
    output: o.Output = Path("fairaudit-report"),
) -> None:
    """Say what a generator file is; `cf-align` measures what it does to a model's evidence."""
    from fairaudit.cli.shared import guarded

    del output
    guarded(lambda: _info(generator, generator_arch))


def _info(path: Path, arch: str | None) -> int:
    from fairaudit.errors import ExitCode
    from fairaudit.generators.load import open_generator

    found = open_generator(path, arch=arch)
    shape = "any" if found.image_shape is None else " x ".join(str(side) for side in found.image_shape)
    typer.echo(
        f"{found.name}: {found.kind} ({found.format}), {found.parameters:,} parameters, images {shape}, "
        f"sha256 {found.sha256[:16]}"
    )
    return ExitCode.PASS
