"""Tables of per-image numbers of a study: their subject, their rows, and what must not be relied on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.core.study.rows import Rows
from fairaudit.audits.core.study.statistics import statistics_of
from fairaudit.audits.core.study.study import Study
from fairaudit.results.measurement import Measurement
from fairaudit.tables.reasons.regions import region_measurements
from fairaudit.tables.row import unusable as as_unusable
from fairaudit.tables.specs import ImageSpec

Floats = NDArray[np.float64]


def question(study: Study, *, region: str | None, method: str | None, baseline: str | None = None) -> ImageSpec:
    """The request for a table of per-image columns."""
    audit = study.config.audit
    return ImageSpec(
        region=region,
        method=method,
        baseline=baseline,
        statistics=statistics_of(audit, seed=study.options.seed),
        extra={} if baseline else {"convention": audit.convention},
    )


def tables(
    columns: Mapping[str, Floats], asked: ImageSpec, rows: Rows, *, controls: Mapping[str, Floats] | None = None
) -> Iterator[Measurement]:
    """Measurements over all images, and per group of every attribute."""
    shared = {"target": rows.target, "clusters": rows.clusters, "controls": controls}
    yield from region_measurements(columns, asked, **shared)  # type: ignore[arg-type]
    for group in rows.groups:
        yield from region_measurements(columns, asked, group=group, **shared)  # type: ignore[arg-type]


def marked(measurement: Measurement, unusable: Mapping[str, str]) -> Measurement:
    """The measurement as it may be used: `unusable`, with the reason, where its method failed its trial."""
    return as_unusable(measurement, unusable.get(measurement.method or ""))
