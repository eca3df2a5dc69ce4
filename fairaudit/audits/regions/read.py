"""Reads the region audit's per-image columns into measurements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.core.stream.audit import Findings, Total
from fairaudit.audits.core.stream.columns import under
from fairaudit.audits.core.study.rows import Rows, rows_of
from fairaudit.audits.core.study.study import Study
from fairaudit.audits.core.study.tabled import marked, question, tables
from fairaudit.audits.regions.compared import compared_rows
from fairaudit.config.schema import AuditConfig
from fairaudit.engine.part import Array, Name
from fairaudit.errors import RegionError
from fairaudit.measures.images.means import Labels
from fairaudit.measures.regions.signed_share import evidence_scale
from fairaudit.results.measurement import Measurement
from fairaudit.tables.reasons.cue import cue_measurement
from fairaudit.tables.specs import ImageSpec

Floats = NDArray[np.float64]


def read_regions(total: Total, methods: Sequence[str], unusable: Mapping[str, str]) -> Findings:
    """Means with intervals of every method and region, and the comparison with the baseline.

    Args:
        total: the audit's reduced state.
        methods: names of the attribution methods.
        unusable: method → why its numbers must not be relied on.

    Raises:
        RegionError: a region is empty in every image.
    """
    study, columns = total.study, total.part.columns
    rows = rows_of(study, total.rows)
    found: list[Measurement] = []
    for region in study.regions:
        refuse_empty(region, np.asarray(under(columns, "area")[region], np.float64))
        for method in methods:
            found += _candidate(study, columns, rows, method, region)
            if study.baseline is not None:
                found += _against(study, columns, rows, method, region)
    return Findings(measurements=[marked(m, unusable) for m in found], notes=[_convention(study)])


def refuse_empty(region: str, area: Floats) -> None:
    """Refuse a region that no image has.

    Raises:
        RegionError: it is empty in every image.
    """
    if not (area > 0).any():
        raise RegionError(
            f'The region "{region}" is empty in all {len(area)} images',
            wanted="at least one image whose model input the region meets",
            where=f"regions.{region}",
            advice="Check its coordinates and units, and whether preprocess.crop cuts it off.",
        )


def _candidate(
    study: Study, columns: Mapping[Name, Array], rows: Rows, method: str, region: str
) -> Iterator[Measurement]:
    own = _floats(under(columns, "candidate", method, region))
    controls = {name.removeprefix("control_"): own.pop(name) for name in list(own) if name.startswith("control_")}
    rest = own.pop("signed_rest")
    asked = question(study, region=region, method=method)
    yield from tables(own, asked, rows, controls=controls)
    for group in rows.groups:
        yield cue(study.config.audit, own["signed_share"], rest, asked, rows, group)


def cue(audit: AuditConfig, shares: Floats, rest: Floats, asked: ImageSpec, rows: Rows, group: Labels) -> Measurement:
    """Cue alignment of one attribute; undefined where the evidence explained is not that for the image's own class."""
    reason = None
    if audit.explain != "target":
        reason = f"it compares evidence for each image's own class, and what was explained is {audit.explain}"
    scale = evidence_scale(shares, rest)
    return cue_measurement(shares, scale, asked, group=group, target=rows.target, clusters=rows.clusters, reason=reason)


def _against(
    study: Study, columns: Mapping[Name, Array], rows: Rows, method: str, region: str
) -> Iterator[Measurement]:
    baseline = study.baseline.name if study.baseline else ""
    asked = question(study, region=region, method=method, baseline=baseline)
    change = _floats(under(columns, "change", method, region))
    ours, theirs = (_floats(under(columns, role, method, region)) for role in ("candidate", "baseline"))
    yield from compared_rows(change, ours, theirs, asked, rows)


def _convention(study: Study) -> str:
    return (
        f"Relevance shares use the {study.config.audit.convention} convention; "
        f"the evidence explained is that for the {study.config.audit.explain}."
    )


def _floats(columns: Mapping[str, NDArray[np.generic]]) -> dict[str, Floats]:
    return {name: np.asarray(values, np.float64) for name, values in columns.items()}
