"""`fairaudit generator`: train a generator on the images of the manifest, or look at one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fairaudit.cli import cf_align as c
from fairaudit.cli.checked import checked, kept_apart
from fairaudit.cli.shared import ON_THE_PROCESSOR, WRITES_NO_REPORT, Request, audit_command
from fairaudit.cli.terminal.streams import emit
from fairaudit.counted import counted
from fairaudit.errors import ExitCode

if TYPE_CHECKING:
    from fairaudit.audits.generator.inspect import Inspected
    from fairaudit.audits.generator.train import TrainedGenerator

GEN = "Generator"

Drift = Annotated[
    float,
    typer.Option(min=0, max=1, help="Largest mean change of a score by reconstruction alone.", rich_help_panel=GEN),
]

app = typer.Typer(help="Train a generator for counterfactuals, or look at one.", no_args_is_help=True)


@app.command("train")
@audit_command(without=(*WRITES_NO_REPORT, "precision", "batch_size"))
def train(
    kind: Annotated[
        Literal["autoencoder", "cvae"], typer.Option(help="Kind of generator to train.", rich_help_panel=GEN)
    ] = "autoencoder",
    condition: Annotated[
        list[str] | None,
        typer.Option(help="Attribute that a cvae is conditioned on; repeat for several.", rich_help_panel=GEN),
    ] = None,
    keep: Annotated[
        list[Path] | None,
        typer.Option(help="Model whose scores reconstructions are to keep; repeat for several.", rich_help_panel=GEN),
    ] = None,
    model: Annotated[
        list[Path] | None,
        typer.Option(
            "--model", help="Model whose scores judge the trained generator; repeat for several.", rich_help_panel=GEN
        ),
    ] = None,
    drift: Drift = 0.15,
    epochs: Annotated[int, typer.Option(min=1, help="Largest number of epochs.", rich_help_panel=GEN)] = 14,
    latent: Annotated[int | None, typer.Option(min=1, help="Length of the latent vector.", rich_help_panel=GEN)] = None,
    grid: Annotated[
        int | None,
        typer.Option(min=0, help="Side of a spatial latent, 0 for a flat one; autoencoder only.", rich_help_panel=GEN),
    ] = None,
    width: Annotated[int, typer.Option(min=4, help="Channels of the first level.", rich_help_panel=GEN)] = 24,
    patience: Annotated[
        int, typer.Option(min=1, help="Epochs without improvement before training stops.", rich_help_panel=GEN)
    ] = 6,
    learning_rate: Annotated[float, typer.Option(help="Highest learning rate of Adam.", rich_help_panel=GEN)] = 3e-3,
    *,
    request: Request,
) -> int:
    """Train on the configured rows; writes generator.safetensors, a sheet of reconstructions and the losses.

    At the end it says whether reconstructions of rows it was not trained on keep a model's scores (--model, --keep):
    exit code 0 if they may serve as evidence, 3 if not, 4 if that is open or no model was named.

    Example: fairaudit generator train --split split=balanced --model model.pt -o generator
    """
    checked([*(keep or ()), *(model or ())], baseline=None, request=request)
    from fairaudit.audits.generator.train import GeneratorRequest, train_on_manifest
    from fairaudit.cli.settings import load
    from fairaudit.cli.terminal.console import progress_display
    from fairaudit.generators.train import GeneratorSettings

    config, folder = load(request.asked)
    settings = GeneratorSettings(
        epochs=epochs, patience=patience, learning_rate=learning_rate, seed=request.options.seed
    )
    wanted = GeneratorRequest(
        kind=kind,
        attributes=tuple(condition or ()),
        keep=tuple(keep or ()),
        latent=latent,
        grid=grid,
        width=width,
        train=settings,
    )
    with progress_display(quiet=request.quiet) as progress:
        found = train_on_manifest(config, wanted, base=folder, options=request.options, progress=progress)
    _say_trained(found, quiet=request.quiet)
    judged_by = list(dict.fromkeys([*(keep or ()), *(model or ())]))
    if not judged_by:
        emit(
            "Not judged: whether its counterfactuals may serve as evidence depends on the model. Name it with --model, "
            f"or run: fairaudit generator info {found.file} --model MODEL\n"
        )
        return ExitCode.INCONCLUSIVE
    from fairaudit.audits.generator.inspect import inspect_generator
    from fairaudit.generators.checks import Tolerance
    from fairaudit.generators.cvae import ConditionalVae
    from fairaudit.generators.load import open_generator

    judged = inspect_generator(
        found.model if isinstance(found.model, ConditionalVae) else open_generator(found.file),
        judged_by,
        config,
        base=folder,
        options=request.options,
        tolerance=Tolerance(drift=drift),
        rows=found.held_out,
    )
    for each in judged:
        emit(f"{each.model}: {_drift(each)} that were held out: {_verdict(each)}\n")
    if any(each.refusal for each in judged):
        kept = "" if keep else ", or --keep MODEL"
        emit(f"Train afresh (--fresh), longer or larger: --epochs {2 * epochs}, --width {2 * width}{kept}.\n")
    return _judged_code(judged)


def _say_trained(found: TrainedGenerator, *, quiet: bool) -> None:
    from fairaudit.cli.terminal.console import say

    best = found.trained.history[found.trained.best_epoch - 1][1]
    emit(
        f"{found.file}: {found.parameters:,} parameters, epoch {found.trained.best_epoch} of "
        f"{len(found.trained.history)} kept, held-out loss {best:.4f}\n"
    )
    if not quiet:
        say(f"Look at {found.sheet}: held-out images above their reconstructions.")


def _drift(judged: Inspected) -> str:
    """The change of the score that reconstruction moves most, and the number of images."""
    facts = judged.facts
    known = facts.drift_low is not None and facts.drift_high is not None
    interval = f" [{facts.drift_low:.4f}, {facts.drift_high:.4f}]" if known else ""
    return f"drift {facts.prediction_drift:.4f}{interval} of {judged.head} on {facts.images} images"


def _verdict(judged: Inspected) -> str:
    if judged.refusal is not None:
        return f"refused as evidence: {judged.refusal}"
    return "may be used as evidence" if judged.undecided is None else f"undecided: {judged.undecided}"


def _judged_code(judged: Sequence[Inspected]) -> int:
    if any(each.refusal for each in judged):
        return ExitCode.GATE_FAILED
    return ExitCode.INCONCLUSIVE if any(each.undecided for each in judged) else ExitCode.PASS


@app.command("info")
@audit_command(without=(*WRITES_NO_REPORT, "output", "fresh", "quiet"))
def info(
    generator: Annotated[Path, typer.Argument(help="Generator file or folder.")],
    generator_arch: Annotated[
        str | None, typer.Option(help="For a checkpoint: package.module:factory.", rich_help_panel=GEN)
    ] = None,
    model: Annotated[
        list[Path] | None,
        typer.Option(
            "--model",
            help="Model whose scores are compared on reconstructions; repeat for several.",
            rich_help_panel=GEN,
        ),
    ] = None,
    drift: Drift = 0.15,
    *,
    request: Request,
) -> int:
    """Say what a generator is and, with --model, what it does to the configured images and to a model's scores.

    Exit code 3 where its counterfactuals would be no evidence about a model.

    Example: fairaudit generator info generator/generator.safetensors --model biased.pt
    """
    if model:
        checked(model, baseline=None, request=request)
    from fairaudit.audits.core.study.device import pick_device
    from fairaudit.generators.load import describe, open_generator

    if not model:
        emit(f"{describe(generator, arch=generator_arch, trust=request.options.trust_model)}\n")
        return ExitCode.PASS
    from fairaudit.audits.generator.inspect import inspect_generator
    from fairaudit.cli.settings import load
    from fairaudit.generators.checks import Tolerance

    config, folder = load(request.asked)
    opened = open_generator(
        generator,
        arch=generator_arch,
        device=str(pick_device(request.options.device)),
        trust=request.options.trust_model,
    )
    emit(f"{opened.describe()}\n")
    judged = inspect_generator(
        opened, model, config, base=folder, options=request.options, tolerance=Tolerance(drift=drift)
    )
    for found in judged:
        facts = found.facts
        emit(
            f"{found.model} on {facts.images} images:\n"
            f"  reconstruction error      {facts.reconstruction_error:.4f} of the pixel range, on average\n"
            f"  prediction {_drift(found)}, {facts.decisions_kept:.0%} of decisions kept\n"
            f"  alone against in a batch  {facts.batch_difference:.2g}\n"
            f"  twice the same            {facts.repeat_difference:.2g}\n"
            f"  gradient on the latent    {facts.smallest_gradient:.3g} to {facts.largest_gradient:.3g}\n"
            f"  {_verdict(found)}\n"
        )
    return _judged_code(judged)


@app.command("interpolate")
@audit_command(without=(*WRITES_NO_REPORT, *ON_THE_PROCESSOR, "fresh", "classes", "output_kind", "arch"))
def interpolate(
    generator: Annotated[Path, typer.Argument(help="A conditional VAE, see train --kind cvae.")],
    condition: Annotated[
        list[str],
        typer.Option(
            help="Attribute to change, of those the generator was conditioned on; repeat to change several at once.",
            rich_help_panel=GEN,
        ),
    ],
    to: Annotated[
        list[str] | None,
        typer.Option(
            help="Value to change every image to (default: the other one); ATTRIBUTE=VALUE, repeated, for several.",
            rich_help_panel=GEN,
        ),
    ] = None,
    frames: Annotated[int, typer.Option(help="Images written per row, from δ = 0 to 1.", rich_help_panel=GEN)] = 8,
    examples: Annotated[int, typer.Option(min=1, help="Images in the pictures.", rich_help_panel=GEN)] = 4,
    animation: c.Animation = "gif",
    *,
    request: Request,
) -> int:
    """Write matched counterfactuals: every image with its own and with the other value of an attribute, or of several.

    Example: fairaudit generator interpolate cvae/generator.safetensors --condition necktie -o pairs
    """
    from fairaudit.audits.generator.interpolate import InterpolateRequest, write_interpolations
    from fairaudit.cli.settings import load
    from fairaudit.cli.terminal.console import progress_display, say

    wanted = InterpolateRequest(
        generator=generator,
        attributes=tuple(condition),
        to=tuple(to or ()),
        frames=frames,
        examples=examples,
        animation=animation,
    )
    config, folder = load(request.asked, opens_model=False)
    if isinstance(config.data.manifest, str):
        kept_apart(folder / config.data.manifest, request.options.output)
    with progress_display(quiet=request.quiet) as progress:
        found = write_interpolations(config, wanted, base=folder, options=request.options, progress=progress)
    emit(f"{found.table}: {counted(found.pairs, 'pair')}, {counted(found.left_out, 'row')} without one\n")
    if not request.quiet:
        say(f"Look at {found.strip}: from every image's own value to the other.")
    return ExitCode.PASS
