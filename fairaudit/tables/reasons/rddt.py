"""RDDT as measurements: over all images, per target value, per group and per cell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.measures.clusters.partition import partition
from fairaudit.measures.images.means import Labels
from fairaudit.measures.regions.change import TOLERANCE, rddt
from fairaudit.results.measurement import Measurement, finite
from fairaudit.tables.row import Estimate, row
from fairaudit.tables.specs import ImageSpec

FEW = "the t test needs two images at least with a map of both models"
FEW_CLUSTERS = "the t test needs two clusters at least with a map of both models"


class _Rows(NamedTuple):
    rows: NDArray[np.bool_]
    attribute: str | None = None
    group: str | None = None
    class_: str | None = None


def rddt_measurements(
    adr: ArrayLike,
    question: ImageSpec,
    *,
    group: Labels | None = None,
    target: Labels | None = None,
    clusters: NDArray[np.integer] | None = None,
    tolerance: float = TOLERANCE,
    signed: bool = False,
) -> list[Measurement]:
    """`rddt` (1 where p < 0.01, else 0) and `rddt_p` from the ADR of every image; see `region_change.rddt`.

    Without `group` over all images and per target value, with it per group and cell. `extra` has the t statistic, the
    mean difference with its interval, and Cohen's d, because a large n makes trivial shifts significant.

    Args:
        adr: ADR `[image]`, NaN where undefined.
        question: what is asked; its baseline is the model compared with.
        group: the protected attribute.
        target: the label.
        clusters: cluster of every image, the unit of the test where given; then `extra` has their number.
        tolerance: size of differences that count as 0.
        signed: whether the ADR is of signed relevance; then the rows are `rddt_signed` and `rddt_p_signed`.
    """
    names = ("rddt_signed", "rddt_p_signed") if signed else ("rddt", "rddt_p")
    values, units = np.asarray(adr, np.float64), partition(clusters)
    found = []
    for place in _places(len(values), group, target):
        own = None if units is None else units[place.rows]
        test = rddt(values[place.rows], tolerance=tolerance, level=question.statistics.level, clusters=own)
        facts = {
            "t": finite(test.t),
            "mean_difference": finite(test.mean),
            "mean_difference_low": finite(test.low),
            "mean_difference_high": finite(test.high),
            "cohens_d": finite(test.effect),
            "tolerance": tolerance,
        } | ({} if units is None else {"clusters": float(test.units)})
        few = FEW if units is None or test.n < 2 else FEW_CLUSTERS
        decided = None if test.significant is None else float(test.significant)
        for metric, value in zip(names, (decided, finite(test.p)), strict=True):
            found.append(_measurement(question, place, metric, value, test.n, finite(test.p), facts, few))
    return found


def _places(n: int, group: Labels | None, target: Labels | None) -> Iterator[_Rows]:
    everything = np.ones(n, np.bool_)
    classes = [] if target is None else [(value, target.codes == code) for code, value in enumerate(target.values)]
    if group is None:
        yield _Rows(everything)
        yield from (_Rows(rows, class_=value) for value, rows in classes)
        return
    for code, name in enumerate(group.values):
        own = np.asarray(group.codes == code, np.bool_)
        yield _Rows(own, group.name, name)
        yield from (_Rows(own & rows, group.name, name, value) for value, rows in classes)


def _measurement(
    question: ImageSpec,
    place: _Rows,
    metric: str,
    value: float | None,
    n: int,
    p_value: float | None,
    facts: dict[str, float | None],
    few: str,
) -> Measurement:
    subject = question.about(metric, attribute=place.attribute, group=place.group, class_=place.class_)
    if question.statistics.too_few(n):
        reason = f"rests on fewer than {question.statistics.min_cell} images"
        return row(subject, Estimate(value=None, hidden=reason, extra=question.extra))
    extra = {**question.extra, **facts}
    return row(subject, Estimate(value=value, n=n, p_value=p_value, missing=few, extra=extra))
