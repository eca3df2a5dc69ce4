"""`fairaudit audit`: predictions, group fairness, relevance and causal effect of a region, joint verdict, gate."""

from __future__ import annotations

from dataclasses import replace

from fairaudit.cli import options as o
from fairaudit.cli.shared import Request, audit_command


@audit_command
def audit(
    models: o.Models,
    roi: o.Roi = None,
    region_box: o.RegionBox = None,
    baseline: o.Baseline = None,
    method: o.Saliency = None,
    *,
    request: Request,
) -> int:
    """Audit models: are groups treated unequally, and does the decision rest on the region?

    Example: fairaudit audit model.pt --roi necktie --baseline vanilla.pt
    """
    from fairaudit.audits import joint
    from fairaudit.cli.launch import launch

    asked = replace(request.asked, regions=roi, boxes=region_box, methods=method)
    return launch(models, baseline=baseline, request=replace(request, asked=asked), plan=joint.PLAN)
