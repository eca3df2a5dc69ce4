"""Reads the region audit's per-image columns into measurements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.core.audit import Findings, Total
from fairaudit.audits.core.columns import under
from fairaudit.audits.core.rows import Rows, rows_of
from fairaudit.audits.core.study import Study
from fairaudit.audits.core.tabled import marked, question, tables
from fairaudit.errors import RegionError
from fairaudit.measures.images.means import Labels
from fairaudit.results.measurement import Measurement
from fairaudit.tables.rddt import rddt_measurements
from fairaudit.tables.regions import region_measurements
from fairaudit.tables.row import renamed
from fairaudit.tables.specs import Question

Floats = NDArray[np.float64]

COMPARED = ("rrf", "rrf_lift", "rrf_lift_absolute")
"""Metrics whose paired difference to the baseline is reported, as <metric>_change."""


def read_regions(total: Total, methods: Sequence[str], unusable: Mapping[str, str]) -> Findings:
    """Means with intervals of every method and region, and the comparison with the baseline.

    Args:
        total: the audit's reduced state.
        methods: names of the attribution methods.
        unusable: method → why its numbers must not be relied on.

    Raises:
        RegionError: a region is empty in every image.
    """
    study, columns = total.study, _floats(total.part.columns)
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
    study: Study, columns: Mapping[str, Floats], rows: Rows, method: str, region: str
) -> Iterator[Measurement]:
    own = _floats(under(columns, "candidate", method, region))
    controls = {name.removeprefix("control_"): own.pop(name) for name in list(own) if name.startswith("control_")}
    asked = question(study, region=region, method=method)
    yield from tables(own, asked, rows, controls=controls)
    for aligned in rows.aligned:
        if aligned is not None and rows.target is not None:
            yield from alignment(own["signed_share"], asked, rows, aligned)


def alignment(shares: Floats, asked: Question, rows: Rows, aligned: Labels) -> Iterator[Measurement]:
    """Signed relevance share of the region where the group goes with the class, less that elsewhere.

    A model that reads the attribute there finds evidence for the class where they go together and against it where
    they do not; one that does not read it finds the same in both. Averaged over classes, so class sizes do not matter.
    """
    for found in region_measurements(
        {"signed_share": shares}, asked, group=aligned, target=rows.target, clusters=rows.clusters
    ):
        if found.metric == "signed_share_contrast" and found.group == "aligned" and found.class_ is None:
            yield renamed(found, metric="signed_share_alignment", group=None)


def _against(
    study: Study, columns: Mapping[str, Floats], rows: Rows, method: str, region: str
) -> Iterator[Measurement]:
    baseline = study.baseline.name if study.baseline else ""
    asked = question(study, region=region, method=method, baseline=baseline)
    change = _floats(under(columns, "change", method, region))
    ours, theirs = (_floats(under(columns, role, method, region)) for role in ("candidate", "baseline"))
    differences = {f"{name}_change": ours[name] - theirs[name] for name in COMPARED}
    yield from tables({**change, **differences}, asked, rows)
    yield from rddt_measurements(change["adr"], asked, target=rows.target, clusters=rows.clusters)
    for group in rows.groups:
        yield from rddt_measurements(change["adr"], asked, group=group, target=rows.target, clusters=rows.clusters)


def _convention(study: Study) -> str:
    return (
        f"Relevance shares use the {study.config.audit.convention} convention; "
        f"the evidence explained is that for the {study.config.audit.explain}."
    )


def _floats(columns: Mapping[str, NDArray[np.generic]]) -> dict[str, Floats]:
    return {name: np.asarray(values, np.float64) for name, values in columns.items()}
