"""Discovery: where relevance differs between groups, and where it gathers, with no region given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.base import Context, Drawing, Findings, Total
from fairaudit.audits.columns import column
from fairaudit.audits.regions_read import labels, rows_of
from fairaudit.audits.study import Study
from fairaudit.engine.part import Part
from fairaudit.measures.discovery import Found, concentrations, group_differences
from fairaudit.measures.image_means import Labels
from fairaudit.measures.windows import CELLS, grid_shares, windows
from fairaudit.results.measurement import Measurement, finite
from fairaudit.saliency.method import Method
from fairaudit.seeds import generator

Floats = NDArray[np.float64]


class DiscoveryAudit:
    """Relevance on a coarse grid of every image, searched for windows where groups differ."""

    name = "discovery"

    def __init__(self, study: Study, methods: Sequence[Method]) -> None:
        self._study = study
        self._methods = methods

    def settings(self) -> Mapping[str, Any]:
        """The methods and the grid."""
        return {"methods": [repr(method) for method in self._methods], "cells": CELLS}

    def map(self, context: Context) -> Part:
        """Columns per image and method: relevance shares on the grid."""
        columns: dict[str, NDArray[np.generic]] = {}
        for method in self._methods:
            maps = context.attribution(method, context.candidate).maps.detach().cpu().numpy()
            columns[column("positive", method.name)] = grid_shares(maps, kind="positive")
        images = context.batch.images.double().sum(dim=0).numpy()
        return Part(sums={"images": images}, columns=columns)

    def measure(self, total: Total) -> Findings:
        """Windows that hold against all windows tried, best first, and a figure of them per attribute."""
        found: list[Measurement] = []
        drawings: list[Drawing] = []
        rows = rows_of(self._study, total.rows)
        for method in self._methods:
            positive = np.asarray(total.part.columns[column("positive", method.name)], np.float64)
            for group in rows.groups:
                boxes = self._differences(positive, group, labels(self._study.target.take(total.rows)), method.name)
                found += _measurements("discovery", method.name, group.name, boxes, len(total.rows))
                drawings += self._drawing(total, method.name, group, positive, boxes)
            gathered = self._concentrations(positive, method.name)
            found += _measurements("concentration", method.name, None, gathered, len(total.rows))
        return Findings(measurements=found, notes=[_NOTE], drawings=drawings)

    def _differences(self, grids: Floats, group: Labels, target: Labels, method: str) -> list[Found]:
        draw = generator(self._study.options.seed, "discovery", group.name, method)
        return group_differences(grids, windows(), group=group, target=target, generator=draw)

    def _concentrations(self, grids: Floats, method: str) -> list[Found]:
        draw = generator(self._study.options.seed, "concentration", method)
        return concentrations(grids, windows(), generator=draw)

    def _drawing(
        self, total: Total, method: str, group: Labels, grids: Floats, boxes: Sequence[Found]
    ) -> Iterator[Drawing]:
        if not boxes or len(group.values) < 2:
            return

        def draw() -> bytes:
            from fairaudit.report.figures.regions import found_windows

            known = ~np.isnan(grids).any(axis=(1, 2))
            first, last = (known & (group.codes == code) for code in (0, len(group.values) - 1))
            image = np.asarray(total.part.sums["images"], np.float64) / len(total.rows)
            return found_windows(
                grids[last].mean(axis=0) - grids[first].mean(axis=0),
                [box.box for box in boxes],
                labels=[
                    f"{number}: η² {box.statistic:.2f}, p {box.p_value:.4f}"
                    for number, box in enumerate(boxes, start=1)
                ],
                heading=f"Where {method} relevance differs by {group.name}",
                image=np.moveaxis(image, 0, -1),
            )

        yield Drawing(
            name=f"discovery-{group.name}-{method}.png".replace(" ", ""),
            caption=f"Windows where {method} relevance differs between the groups of {group.name}, best first.",
            draw=draw,
        )


_NOTE = (
    "Discovery tries windows of several sizes all over the image; its p values are against the largest statistic of "
    "all windows, so that trying many does not make findings."
)


def _measurements(
    metric: str, method: str, attribute: str | None, boxes: Sequence[Found], n: int
) -> Iterator[Measurement]:
    if not boxes:
        yield Measurement(
            audit="roi-metrics",
            metric=metric,
            method=method,
            attribute=attribute,
            value=None,
            status="undefined",
            reason="no window stands out beyond the largest of all windows by chance and beyond the size that counts",
            n=n,
        )
    for number, box in enumerate(boxes, start=1):
        x0, y0, x1, y1 = box.box
        yield Measurement(
            audit="roi-metrics",
            metric=metric,
            method=method,
            attribute=attribute,
            region=f"window {number}",
            value=finite(box.statistic),
            p_value=finite(box.p_value),
            n=n,
            extra={
                "x0": x0,
                "y0": y0,
                "x1": x1,
                "y1": y1,
                "area_share": finite(box.area_share),
                "mean_share": finite(box.mean_share),
                "contrast": finite(box.contrast),
            },
        )
