"""The saliency audit: completeness and conservation of every map, and mean maps per cell for the figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.core.plan import AuditPlan
from fairaudit.audits.core.report.metrics import SALIENCY
from fairaudit.audits.core.stream.audit import Audit, Context, Findings, Predictions, Total
from fairaudit.audits.core.stream.columns import column
from fairaudit.audits.core.stream.trial import Trials
from fairaudit.audits.core.study.groups import groupings
from fairaudit.audits.core.study.methods import methods_of
from fairaudit.audits.core.study.study import Study
from fairaudit.audits.regions.map_shards import MapFormat
from fairaudit.audits.saliency.read import read_saliency
from fairaudit.engine.part import Columns, Part
from fairaudit.saliency.heatmap import share_maps, sums_per_cell
from fairaudit.saliency.method import Method

MOST_PIXELS = 64
"""Mean maps are kept at most so many pixels wide and high: they are for figures, and every chunk stores them."""
STAGES = 4
"""Depths to which this command's trials forget the model; others only look at the last, which judges."""
MOST_CELLS = 64
"""Mean maps are kept for attributes with at most so many cells of group × target value."""


class SaliencyAudit:
    """How far maps add up, and their sums per attribute × target cell."""

    name = "saliency"

    def __init__(self, study: Study, methods: Sequence[Method], trials: Trials) -> None:
        self._methods = methods
        self._trials = trials
        self._classes = len(study.target.values)
        self._groupings = [g for g in groupings(study) if len(g.values) * self._classes <= MOST_CELLS]

    def settings(self) -> Mapping[str, Any]:
        """The methods and the groupings whose mean maps are kept."""
        return {
            "methods": [repr(method) for method in self._methods],
            "groupings": [grouping.name for grouping in self._groupings],
        }

    def map(self, context: Context) -> Part:
        """Columns with residual and conservation ratio; sums of maps, images and regions per cell."""
        sums: Columns = {}
        columns: Columns = {}
        for method in self._methods:
            columns |= _sums_up(context, method)
            for role, predictions in _models(context):
                maps = share_maps(context.attribution(method, predictions).maps.detach().cpu().numpy())
                sums |= self._cell_sums(context, pooled(maps), role, method.name)
        for channel, pixels in enumerate(context.batch.images.double().unbind(dim=1)):
            sums |= self._cell_sums(context, pooled(pixels.numpy()), "image", str(channel))
        for name, masks in context.batch.regions.items():
            sums[column("region", name)] = pooled(masks.double().numpy()).sum(axis=0)
        return Part(sums=sums, columns=columns)

    def measure(self, total: Total) -> Findings:
        """Trials, completeness and conservation over all images, and the mean maps drawn."""
        return read_saliency(total, [method.name for method in self._methods], self._groupings, self._trials)

    def _cell_sums(self, context: Context, maps: NDArray[np.float64], role: str, method: str) -> Columns:
        found: Columns = {}
        for grouping in self._groupings:
            codes = grouping.codes[context.batch.rows].astype(np.int64)
            target = context.batch.target.astype(np.int64)
            cells = np.where((codes >= 0) & (target >= 0), codes * self._classes + target, -1)
            sums, images = sums_per_cell(maps, cells, len(grouping.values) * self._classes)
            found[column("map", grouping.name, role, method)] = sums
            found[column("images", grouping.name, role, method)] = images
        return found


def plan(*, save_maps: MapFormat | None = None) -> AuditPlan:
    """The plan of `fairaudit saliency`; with `save_maps` every map is written in that format."""
    audits_for = partial(_audits, save_maps=save_maps)
    return AuditPlan(audits_for=audits_for, metrics=SALIENCY, methods_for=methods_of, stages=STAGES)


def _audits(study: Study, trials: Trials, *, save_maps: MapFormat | None) -> Sequence[Audit]:
    methods = methods_of(study)
    audits: list[Audit] = [SaliencyAudit(study, methods, trials)]
    if study.regions:
        from fairaudit.audits.regions.overlays import Overlays

        audits.append(Overlays(study, methods))
    if save_maps is not None:
        from fairaudit.audits.saliency.save_maps import SavedMaps

        audits.append(SavedMaps(study, methods, kind=save_maps))
    return audits


def pooled(maps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Maps [image, row, column] averaged down to at most `MOST_PIXELS` rows and columns; smaller ones stay as they are.

    >>> pooled(np.arange(8.0).reshape(1, 2, 4)).tolist()
    [[[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]]]
    """
    height, width = maps.shape[1:]
    if height <= MOST_PIXELS and width <= MOST_PIXELS:
        return maps
    import torch

    size = (min(height, MOST_PIXELS), min(width, MOST_PIXELS))
    small = torch.nn.functional.adaptive_avg_pool2d(torch.from_numpy(maps)[:, None], size)
    return np.asarray(small[:, 0].numpy(), np.float64)


def _models(context: Context) -> list[tuple[str, Predictions]]:
    baseline = [("baseline", context.baseline)] if context.baseline is not None else []
    return [("candidate", context.candidate), *baseline]


def _sums_up(context: Context, method: Method) -> Columns:
    found = context.attribution(method, context.candidate)
    columns: Columns = {}
    if found.residual is not None:
        columns[column("completeness_gap", method.name)] = found.residual.detach().double().cpu().numpy()
    if found.conservation is not None:
        columns[column("conservation_ratio", method.name)] = found.conservation.detach().double().cpu().numpy()
    return columns
