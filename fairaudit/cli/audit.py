"""`fairaudit audit`: predictions, group fairness, relevance and causal effect of a region, joint verdict, gate."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fairaudit.cli import cf_align as c
from fairaudit.cli import options as o
from fairaudit.cli.checked import checked
from fairaudit.cli.settings import merged_extra, per_attribute_options
from fairaudit.cli.shared import Request, audit_command

if TYPE_CHECKING:
    from fairaudit.audits.alignment.options import CfOptions
    from fairaudit.cli.settings import Asked

GeneratorFile = Annotated[
    Path | None, typer.Option(help="Generator: do other classifiers follow the model's own?", rich_help_panel=c.CF)
]


@audit_command
def audit(
    models: o.Models,
    roi: o.Roi = None,
    region_box: o.RegionBox = None,
    forbidden: o.Forbidden = None,
    baseline: o.Baseline = None,
    method: o.Saliency = None,
    twins: o.Twins = None,
    cvae: o.Cvae = None,
    generator: GeneratorFile = None,
    generator_arch: c.GeneratorArch = None,
    downstream: c.Downstream = None,
    train_probe: c.TrainProbe = None,
    probe_split: c.ProbeSplit = None,
    *,
    request: Request,
) -> int:
    """Audit models: are groups treated unequally, and does the decision rest on the region?

    Example: fairaudit audit model.pt --roi necktie --baseline vanilla.pt
    """
    asked = replace(
        request.asked,
        regions=roi,
        boxes=region_box,
        forbidden=forbidden,
        methods=method,
        extra=merged_extra(request.asked.extra, per_attribute_options(twins=twins, cvae=cvae)),
    )
    checked(models, baseline=baseline, request=replace(request, asked=asked))
    from fairaudit.audits.joint import verdict as joint  # loads torch, as what follows does
    from fairaudit.cli.launch.audits import launch

    options = _alignment(asked, generator, generator_arch, downstream, train_probe, probe_split)
    return launch(models, baseline=baseline, request=replace(request, asked=asked), plan=joint.plan(options))


def _alignment(
    asked: Asked,
    generator: Path | None,
    arch: str | None,
    downstream: list[str] | None,
    train_probe: list[str] | None,
    probe_split: str | None,
) -> CfOptions | None:
    """The alignment's options; None without a generator.

    Raises:
        UsageError: options of the alignment without a generator, or a generator without a classifier of an attribute.
    """
    from fairaudit.audits.alignment.options import CfOptions
    from fairaudit.cli.settings import load
    from fairaudit.counterfactuals.ladder import LadderSettings
    from fairaudit.errors import UsageError

    if generator is None:
        given = {"--generator-arch": arch, "--downstream": downstream, "--train-probe": train_probe}
        without = [name for name, value in given.items() if value]
        if without:
            raise UsageError(f"{without[0]} needs a generator", wanted="--generator FILE", where=without[0])
        return None
    if not (downstream or train_probe):
        raise UsageError(
            "A generator alone says nothing about an attribute",
            wanted="a classifier for the attribute",
            advice="Give --train-probe ATTRIBUTE --probe-split SPLIT, or --downstream ATTRIBUTE=model.pt.",
        )
    config, folder = load(asked)
    return CfOptions(
        generator=generator,
        generator_arch=arch,
        downstream=tuple(downstream or ()),
        train_probe=tuple(train_probe or ()),
        probe_split=probe_split,
        search=LadderSettings(pixel_limit=c.PIXELS),
        config=config,
        base_folder=folder,
    )
