"""`fairaudit cf-rectify`: take another classifier's influence out of a model by adding a multiple of it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from fairaudit.cli import cf_align as c
from fairaudit.cli.checked import checked
from fairaudit.cli.shared import OF_MANY_MODELS, Request, audit_command
from fairaudit.cli.terminal.streams import emit


@audit_command(without=OF_MANY_MODELS)
def cf_rectify(
    model: Annotated[Path, typer.Argument(help="Model file, or a sum of outputs with --base.", metavar="MODEL")],
    generator: c.GeneratorFile,
    other: Annotated[str, typer.Option(help="Classifier whose influence is taken out.", rich_help_panel=c.CF)],
    base: Annotated[
        list[str] | None,
        typer.Option(help="Output or sum that is rectified, or all; repeat for several.", rich_help_panel=c.CF),
    ] = None,
    generator_arch: c.GeneratorArch = None,
    train_probe: c.TrainProbe = None,
    probe_split: c.ProbeSplit = None,
    drop: c.Drop = 0.6,
    pixel_limit: c.PixelLimit = c.PIXELS,
    min_base_change: c.MinBaseChange = 0.3,
    drift: c.Drift = 0.15,
    within: Annotated[
        float,
        typer.Option(
            min=0, help="Largest absolute mean relative change that counts as rectified.", rich_help_panel=c.CF
        ),
    ] = 0.1,
    rate: Annotated[float, typer.Option(min=0, help="Step per unit of relative change.", rich_help_panel=c.CF)] = 0.1,
    iterations: Annotated[int, typer.Option(min=1, help="Largest number of steps.", rich_help_panel=c.CF)] = 40,
    *,
    request: Request,
) -> int:
    """Take another classifier out of a model: add a multiple of it, save the sum, and audit it on other images.

    A model is rectified if the interval of the change that is left is within the limits and accuracy was kept.

    Example: fairaudit cf-rectify model.pt --generator ae.safetensors --other necktie=probe.pt
    """
    checked([model], baseline=None, request=request)
    from fairaudit.audits.alignment.options import CfOptions  # loads torch, as what follows does
    from fairaudit.audits.alignment.rectify import RectifyRequest, plan_rectify, run_rectify, summaries
    from fairaudit.audits.fairness.audit import FairnessAudit
    from fairaudit.cli.launch.audits import show
    from fairaudit.cli.launch.dry_run import show_plan
    from fairaudit.cli.settings import load
    from fairaudit.cli.terminal.console import progress_display
    from fairaudit.counterfactuals.ladder import LadderSettings
    from fairaudit.counterfactuals.rectify import RectifySettings
    from fairaudit.generators.checks import Tolerance

    config, folder = load(request.asked)
    probes = tuple(train_probe or ())
    options = CfOptions(
        generator=generator,
        generator_arch=generator_arch,
        base=tuple(base or ()),
        downstream=() if other in probes else (other,),
        train_probe=probes,
        probe_split=probe_split,
        search=LadderSettings(drop=drop, pixel_limit=pixel_limit or None),
        min_base_change=min_base_change,
        tolerance=Tolerance(drift=drift),
        config=config,
        base_folder=folder,
    )
    settings = RectifySettings(
        rate=rate, iterations=iterations, min_base_change=min_base_change, seed=request.options.seed
    )
    asked = RectifyRequest(
        options=options, other=_name(other, probes), settings=settings, groups=FairnessAudit, within=within
    )
    if request.dry_run:
        return show_plan(plan_rectify(model, asked, config=config, base=folder, options=request.options), request)
    rectified = partial(run_rectify, model, asked, config=config, base=folder, options=request.options)
    with progress_display(quiet=request.quiet) as progress:
        outcomes = rectified(progress=progress)
    if not request.as_json:
        emit(summaries(outcomes))
    return show(outcomes, request=request)


def _name(text: str, probes: tuple[str, ...]) -> str:
    """The name a classifier is given: what stands before =, a file's stem, or the text, as for a probe's value."""
    name, equals, _ = text.partition("=")
    if equals and name.strip() not in probes:
        return name.strip()
    return Path(text).stem if Path(text).is_file() else text.strip()
