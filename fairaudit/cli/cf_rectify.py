"""`fairaudit cf-rectify`: take another classifier's influence out of a model by adding a multiple of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from fairaudit.cli import cf_align as c
from fairaudit.cli.shared import WRITES_NO_REPORT, Request, audit_command
from fairaudit.cli.terminal.streams import emit


@audit_command(without=(*WRITES_NO_REPORT, "fresh", "precision", "batch_size"))
def cf_rectify(
    model: Annotated[Path, typer.Argument(help="Model file, or a sum of outputs with --base.", metavar="MODEL")],
    generator: c.GeneratorFile,
    other: Annotated[str, typer.Option(help="Classifier whose influence is taken out.", rich_help_panel=c.CF)],
    base: Annotated[str | None, typer.Option(help="Output or sum that is rectified.", rich_help_panel=c.CF)] = None,
    generator_arch: c.GeneratorArch = None,
    train_probe: c.TrainProbe = None,
    probe_split: c.ProbeSplit = None,
    drop: c.Drop = 0.6,
    min_base_change: c.MinBaseChange = 0.3,
    rate: Annotated[float, typer.Option(help="Step per unit of relative change.", rich_help_panel=c.CF)] = 0.1,
    iterations: Annotated[int, typer.Option(min=1, help="Steps at most.", rich_help_panel=c.CF)] = 40,
    *,
    request: Request,
) -> int:
    """Find the multiple of another classifier that makes their alignment vanish, and save the composed model.

    Example: fairaudit cf-rectify model.pt --generator ae.safetensors --other necktie=probe.pt
    """
    from fairaudit.audits.alignment.options import CfOptions
    from fairaudit.audits.alignment.rectify import rectify_model, summary
    from fairaudit.audits.core.study import Study, open_classifier, open_material
    from fairaudit.cli.settings import load
    from fairaudit.cli.terminal.console import progress_display
    from fairaudit.counterfactuals.ladder import SearchSettings
    from fairaudit.counterfactuals.rectify import RectifySettings
    from fairaudit.errors import ExitCode

    config, folder = load(request.asked)
    probes = tuple(train_probe or ())
    options = CfOptions(
        generator=generator,
        generator_arch=generator_arch,
        base=(base,) if base else (),
        downstream=() if other in probes else (other,),
        train_probe=probes,
        probe_split=probe_split,
        search=SearchSettings(drop=drop, pixel_limit=c.PIXELS),
        min_base_change=min_base_change,
        config=config,
        base_folder=folder,
    )
    settings = RectifySettings(
        rate=rate, iterations=iterations, min_base_change=min_base_change, seed=request.options.seed
    )
    material = open_material(config, base=folder, options=request.options, with_regions=False)
    opened = open_classifier(model, config=config, material=material, options=request.options)
    study = Study(config=config, options=request.options, material=material, candidate=opened)
    left, right = _name(base, probes) if base else None, _name(other, probes)
    with progress_display(quiet=request.quiet) as progress:
        written = rectify_model(study, options, left, right, settings, progress)
    emit(f"{summary(written, left or opened.path.stem, right)}\n")
    return ExitCode.GATE_FAILED if written.lost else ExitCode.PASS


def _name(text: str, probes: Sequence[str]) -> str:
    """The name a classifier is given: what stands before =, a file's stem, or the text, as for a probe's value."""
    name, equals, _ = text.partition("=")
    if equals and name.strip() not in probes:
        return name.strip()
    return Path(text).stem if Path(text).is_file() else text.strip()
