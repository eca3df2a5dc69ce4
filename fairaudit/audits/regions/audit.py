"""The region audit: how much of the relevance falls into a region, beside matched control regions and a baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.causal.audit import CausalAudit
from fairaudit.audits.core.plan import AuditPlan
from fairaudit.audits.core.report.metrics import CAUSAL, REGIONS
from fairaudit.audits.core.stream.audit import Audit, Context, Findings, Predictions, Total
from fairaudit.audits.core.stream.columns import column
from fairaudit.audits.core.stream.trial import Trials
from fairaudit.audits.core.study.methods import methods_of
from fairaudit.audits.core.study.study import Study
from fairaudit.audits.regions.figures import region_drawings
from fairaudit.audits.regions.read import read_regions
from fairaudit.engine.part import Columns, Part
from fairaudit.errors import UsageError
from fairaudit.measures.regions.columns import change_columns, region_columns
from fairaudit.measures.regions.control_regions import control_regions
from fairaudit.measures.regions.weights import Convention
from fairaudit.saliency.method import Method

CONTROLS = 4
"""Matched control regions per image."""

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class RegionAudit:
    """Region metrics of every image, method and region, for the candidate and the baseline."""

    name = "roi-metrics"

    def __init__(self, study: Study, methods: Sequence[Method], unusable: Mapping[str, str]) -> None:
        self._study = study
        self._methods = methods
        self._unusable = unusable
        self._convention: Convention = study.config.audit.convention

    def settings(self) -> Mapping[str, Any]:
        """The methods, the regions and the convention."""
        return {
            "methods": [repr(method) for method in self._methods],
            "regions": self._study.regions,
            "convention": self._convention,
            "controls": CONTROLS,
        }

    def map(self, context: Context) -> Part:
        """Columns per image: every metric of every method and region, and the same of control regions."""
        columns: Columns = {}
        for region in self._study.regions:
            masks = context.batch.regions[region].numpy()
            controls = self._controls(context, masks)
            columns[column("area", region)] = masks.mean(axis=(1, 2))
            for method in self._methods:
                columns |= self._scores(context, method, region, masks, controls)
        return Part(columns=columns)

    def measure(self, total: Total) -> Findings:
        """Means with intervals, per cell, group and contrast, beside chance."""
        found = read_regions(total, [method.name for method in self._methods], self._unusable)
        return replace(found, drawings=list(region_drawings(total, self._methods)))

    def _controls(self, context: Context, masks: Bools) -> Bools:
        # The manifest row is the key: an image has the same controls in whatever batch it is.
        keys = context.batch.ids
        found = control_regions(masks, keys=keys, seed=self._study.options.seed, count=CONTROLS)
        return np.asarray(found.masks, np.bool_)

    def _scores(self, context: Context, method: Method, region: str, masks: Bools, controls: Bools) -> Columns:
        candidate = _maps(context, method, context.candidate)
        found = self._of("candidate", method, region, candidate, masks, controls)
        if context.baseline is not None:
            baseline = _maps(context, method, context.baseline)
            found |= self._of("baseline", method, region, baseline, masks, controls)
            change = change_columns(baseline, candidate, masks)
            found |= {column("change", method.name, region, name): values for name, values in change.items()}
        return found

    def _of(self, role: str, method: Method, region: str, maps: Floats, masks: Bools, controls: Bools) -> Columns:
        scores = region_columns(maps, masks, controls, convention=self._convention)
        return {column(role, method.name, region, name): values for name, values in scores.items()}


def plan(*, discover: bool) -> AuditPlan:
    """The plan of `fairaudit roi-metrics`: regions and interventions, and discovery where asked for."""
    audits_for = partial(_audits, discover=discover)
    return AuditPlan(audits_for=audits_for, methods_for=methods_of, metrics=REGIONS | CAUSAL)


def _audits(study: Study, trials: Trials, *, discover: bool) -> Sequence[Audit]:
    methods = methods_of(study)
    audits: list[Audit] = []
    if study.regions:
        audits += [RegionAudit(study, methods, trials.unusable), CausalAudit(study)]
    if discover:
        from fairaudit.audits.discovery.audit import DiscoveryAudit

        audits.append(DiscoveryAudit(study, methods, trials.unusable))
    if not audits:
        raise UsageError(
            "There is no region to measure",
            wanted="regions in fairaudit.yaml, --region-box NAME=x0,y0,x1,y1, or --discover",
        )
    return audits


def _maps(context: Context, method: Method, predictions: Predictions) -> Floats:
    return context.attribution(method, predictions).maps.detach().double().cpu().numpy()
