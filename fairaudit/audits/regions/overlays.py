"""Which images rely on a region most and least, drawn: the part of the region audit that `fairaudit saliency` shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fairaudit.audits.core.stream.audit import Context, Findings, Total
from fairaudit.audits.core.stream.columns import column
from fairaudit.audits.core.study.study import Study
from fairaudit.audits.regions.figures import region_drawings
from fairaudit.engine.part import Columns, Part
from fairaudit.measures.regions.metrics import rrf_lift
from fairaudit.saliency.method import Method


class Overlays:
    """Relevance shares of every image, only to choose the images that are drawn."""

    name = "overlays"

    def __init__(self, study: Study, methods: Sequence[Method]) -> None:
        self._study = study
        self._methods = methods

    def settings(self) -> Mapping[str, Any]:
        """The methods and the regions."""
        return {"methods": [repr(method) for method in self._methods], "regions": self._study.regions}

    def map(self, context: Context) -> Part:
        """Columns per image: area and relevance share of every region."""
        columns: Columns = {}
        for region in self._study.regions:
            masks = context.batch.regions[region].numpy()
            columns[column("area", region)] = masks.mean(axis=(1, 2))
            for method in self._methods:
                maps = context.attribution(method, context.candidate).maps.detach().double().cpu().numpy()
                lift = rrf_lift(maps, masks, convention="absolute")
                columns[column("candidate", method.name, region, "rrf_lift_absolute")] = lift
        return Part(columns=columns)

    def measure(self, total: Total) -> Findings:
        """Figures only; `fairaudit roi-metrics` has the numbers."""
        return Findings(drawings=list(region_drawings(total, self._methods)))
