"""`fairaudit saliency`: attribution maps, how far they can be trusted, and what they look like per cell."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from fairaudit.cli import options as o
from fairaudit.cli.checked import checked
from fairaudit.cli.settings import maps_format_of, merged_extra, per_attribute_options, relevance_options
from fairaudit.cli.shared import Request, audit_command
from fairaudit.errors import UsageError


@audit_command
def saliency(
    models: o.Models,
    method: o.Saliency = None,
    roi: o.Roi = None,
    region_box: o.RegionBox = None,
    baseline: o.Baseline = None,
    explain: o.Explain = None,
    cvae: o.Cvae = None,
    save_maps: Annotated[
        bool,
        typer.Option("--save-maps", help="Write every map with its row and id.", rich_help_panel=o.RELEVANCE),
    ] = False,
    maps_format: o.MapsFormat = None,
    *,
    request: Request,
) -> int:
    """Make attribution maps and test whether they may be believed.

    Example: fairaudit saliency model.pt --method lrp --method integrated_gradients
    """
    if save_maps and request.options.executor == "ray":
        raise UsageError(
            "Maps are not saved on a Ray cluster",
            found="--save-maps and --executor ray",
            advice="Their bytes would all go through one process; use --jobs or --shard.",
        )
    extra = merged_extra(relevance_options(explain=explain), per_attribute_options(cvae=cvae))
    asked = replace(request.asked, regions=roi, boxes=region_box, methods=method, extra=extra)
    checked(models, baseline=baseline, request=replace(request, asked=asked))
    from fairaudit.audits.saliency import audit as audits  # loads torch, as what follows does
    from fairaudit.cli.launch.audits import launch

    plan = audits.plan(save_maps=maps_format_of(maps_format, save_maps=save_maps))
    return launch(models, baseline=baseline, request=replace(request, asked=asked), plan=plan)
