"""Rows that compare the relevance of two models in a region: changes, ADR, DIF and RDDT."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.core.study.rows import Rows
from fairaudit.audits.core.study.tabled import tables
from fairaudit.results.measurement import Measurement
from fairaudit.tables.reasons.rddt import rddt_measurements
from fairaudit.tables.reasons.regions import region_measurements
from fairaudit.tables.specs import ImageSpec

Floats = NDArray[np.float64]

COMPARED = ("rrf", "rrf_lift", "rrf_lift_absolute")
"""Metrics whose paired difference to the baseline is reported, as <metric>_change."""
SIGNED = ("adr_signed", "dif_signed")
"""Measures of signed relevance: over images of several cells they cancel, so that they exist per cell only."""


def compared_rows(
    change: Mapping[str, Floats],
    candidate: Mapping[str, Floats],
    baseline: Mapping[str, Floats],
    asked: ImageSpec,
    rows: Rows,
) -> Iterator[Measurement]:
    """All rows of one region and method against the baseline.

    Args:
        change: ADR and DIF per image (`change_columns`).
        candidate: the audited model's region metrics per image.
        baseline: the baseline's.
        asked: what is asked; its baseline is the model compared with.
        rows: target, groups and clusters of the images.
    """
    plain = {name: values for name, values in change.items() if name not in SIGNED}
    yield from tables(
        {**plain, **{f"{name}_change": candidate[name] - baseline[name] for name in COMPARED}}, asked, rows
    )
    yield from rddt_measurements(change["adr"], asked, target=rows.target, clusters=rows.clusters)
    for group in rows.groups:
        yield from rddt_measurements(change["adr"], asked, group=group, target=rows.target, clusters=rows.clusters)
    yield from _signed(change, asked, rows)


def _signed(change: Mapping[str, Floats], asked: ImageSpec, rows: Rows) -> Iterator[Measurement]:
    columns = {name: change[name] for name in SIGNED}
    for group in rows.groups:
        options = {"group": group, "target": rows.target, "clusters": rows.clusters}
        found = [
            *region_measurements(columns, asked, contrasts=False, **options),  # type: ignore[arg-type]
            *rddt_measurements(change["adr_signed"], asked, signed=True, **options),  # type: ignore[arg-type]
        ]
        yield from (row for row in found if row.class_ is not None)
