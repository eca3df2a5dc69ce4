"""`fairaudit roi-metrics`: relevance in a region, of a model, or of maps from any other tool with no model at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from fairaudit.cli import options as o
from fairaudit.cli.checked import checked
from fairaudit.cli.settings import merged_extra, per_attribute_options, relevance_options
from fairaudit.cli.shared import Request, audit_command

MAPS = "Maps without a model"


@audit_command
def roi_metrics(
    models: Annotated[
        list[Path] | None, typer.Argument(help="Models to audit: files, folders, patterns.", metavar="[MODEL]")
    ] = None,
    roi: o.Roi = None,
    region_box: o.RegionBox = None,
    baseline: o.Baseline = None,
    method: o.Saliency = None,
    explain: o.Explain = None,
    convention: o.Convention = None,
    cvae: o.Cvae = None,
    discover: Annotated[
        bool,
        typer.Option(
            "--discover", help="Search for places where relevance differs between groups.", rich_help_panel=o.DATA
        ),
    ] = False,
    maps: Annotated[
        Path | None,
        typer.Option(
            help="Relevance maps, image × row × column: .npy, .safetensors, or a folder.",
            rich_help_panel=MAPS,
        ),
    ] = None,
    baseline_maps: Annotated[
        Path | None, typer.Option(help="The baseline's maps of the same images.", rich_help_panel=MAPS)
    ] = None,
    *,
    request: Request,
) -> int:
    """Measure how much of the relevance falls into a region, beside chance and a baseline.

    With --maps, boxes of --region-box are in the maps' pixels, and --data gives one row per map. Folders that
    `fairaudit saliency --save-maps` wrote are maps too.

    Example: fairaudit roi-metrics --maps maps.npy --region-box necktie=20,48,44,64
    """
    from fairaudit.errors import UsageError

    relevance = relevance_options(explain=explain, convention=convention)
    extra = merged_extra(relevance, per_attribute_options(cvae=cvae))
    if maps is not None:
        if models:
            raise UsageError("A model and --maps exclude each other", found=f"{models[0]} and --maps {maps}")
        from fairaudit.cli.launch.maps import launch_maps

        asked = replace(request.asked, regions=roi, boxes=None, extra=extra)
        return launch_maps(
            maps, baseline_maps, boxes=region_box or [], discover=discover, request=replace(request, asked=asked)
        )
    if not models:
        raise UsageError("There is nothing to audit", wanted="a MODEL, or --maps FILE")
    asked = replace(request.asked, regions=roi, boxes=region_box, methods=method, extra=extra)
    checked(models, baseline=baseline, request=replace(request, asked=asked))
    from fairaudit.audits.regions import audit as audits  # loads torch, as what follows does
    from fairaudit.cli.launch.audits import launch

    plan = audits.plan(discover=discover)
    return launch(models, baseline=baseline, request=replace(request, asked=asked), plan=plan)
