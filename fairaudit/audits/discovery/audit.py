"""Discovery: where relevance, and with it the score, differs between groups, and where relevance gathers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from fairaudit.audits.core.stream.audit import Context, Findings, Total
from fairaudit.audits.core.stream.columns import column
from fairaudit.audits.core.study.rows import rows_of
from fairaudit.audits.core.study.study import Study
from fairaudit.audits.core.study.tabled import marked
from fairaudit.audits.discovery.check import check_windows
from fairaudit.audits.discovery.read import Grids, read_discovery
from fairaudit.engine.part import Columns, Part
from fairaudit.measures.regions.windows import CELLS, Kind, grid_shares
from fairaudit.saliency.method import Method

KINDS: tuple[Kind, ...] = ("positive", "signed")


class DiscoveryAudit:
    """Relevance on a coarse grid of every image, searched for windows where groups differ."""

    name = "discovery"

    def __init__(self, study: Study, methods: Sequence[Method], unusable: Mapping[str, str]) -> None:
        self._study = study
        self._methods = methods
        self._unusable = unusable

    def settings(self) -> Mapping[str, Any]:
        """The methods and the grid."""
        return {"methods": [repr(method) for method in self._methods], "cells": CELLS, "kinds": KINDS}

    def map(self, context: Context) -> Part:
        """Columns per image and method: relevance shares on the grid."""
        columns: Columns = {}
        for method in self._methods:
            maps = context.attribution(method, context.candidate).maps.detach().cpu().numpy()
            for kind in KINDS:
                columns[column(kind, method.name)] = grid_shares(maps, kind=kind)
        images = context.batch.images.double().sum(dim=0).numpy()
        return Part(sums={"images": images}, columns=columns)

    def measure(self, total: Total) -> Findings:
        """Windows that hold against all windows tried, best first, and a figure of them per attribute."""
        columns = total.part.columns
        image = np.moveaxis(np.asarray(total.part.sums["images"], np.float64) / len(total.rows), 0, -1)
        grids = {
            method.name: Grids(
                positive=np.asarray(columns[column("positive", method.name)], np.float64),
                signed=np.asarray(columns[column("signed", method.name)], np.float64),
                image=image,
            )
            for method in self._methods
        }
        rows = rows_of(self._study, total.rows)
        found = read_discovery(
            grids,
            rows,
            seed=self._study.options.seed,
            check=partial(check_windows, total, rows),
            limit=self._study.config.audit.effect,
        )
        return Findings(
            measurements=[marked(m, self._unusable) for m in found.measurements],
            notes=found.notes,
            drawings=found.drawings,
        )
