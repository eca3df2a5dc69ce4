"""From per-image columns to measurements: means with intervals per group and cell, contrasts, chance and p values.

Rows made for every column: over all images, per target value, and for an attribute per group, per cell and, as
`<metric>_contrast`, each group less the other groups within a target value and averaged over the target values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fairaudit.measures.clusters.partition import partition
from fairaudit.measures.images.cluster_means import (
    by_cluster,
    cluster_interval,
    cluster_wilson,
    clusters_behind,
    contrast_nulls,
    places,
)
from fairaudit.measures.images.contrast_ends import ALIKE, ContrastEnds, contrast_ends
from fairaudit.measures.images.means import (
    Floats,
    Ints,
    Labels,
    Means,
    ValueTable,
    bootstrap,
    derived,
    sign_flipped,
    sums,
    table,
)
from fairaudit.measures.intervals.proportion import wilson
from fairaudit.measures.intervals.skewness import skewed
from fairaudit.results.measurement import Measurement, finite
from fairaudit.seeds import generator
from fairaudit.tables.row import Estimate, row
from fairaudit.tables.specs import BINARY, ImageSpec

LEAST_UNITS = 5
"""Images behind a mean that has an interval: of fewer, whose values may be skewed, none keeps its level."""
PERMUTATIONS = 2000
"""Most permutations for a p value, which is then no smaller than 1 / 2001."""


def region_measurements(
    columns: Mapping[str, NDArray[np.floating]],
    question: ImageSpec,
    *,
    group: Labels | None = None,
    target: Labels | None = None,
    clusters: NDArray[np.integer] | None = None,
    controls: Mapping[str, NDArray[np.floating]] | None = None,
    contrasts: bool = True,
) -> list[Measurement]:
    """Measurements of per-image columns.

    Without `group` these are the rows over all images and per target value; with it, the rows per group and cell and
    the contrasts. So one call without and one per attribute make a report without doubles.

    Intervals: expanded percentile bootstrap over images, stratified by group × target value, or over clusters
    (`cluster_interval`); Wilson for 0/1 columns, of clusters at the size that they are worth. `chance`: mean of the
    control column over the images that have one. `p_value`: for a column with controls, that region and control differ
    only by chance (one-sided: region higher; signs of the paired differences permuted); for a contrast, that groups
    differ only by chance (two-sided; groups permuted within target value). With clusters it is whole clusters whose
    signs and labels change (`contrast_nulls`); clusters of one image are images.

    Args:
        columns: metric of the registry → value per image, NaN where undefined.
        question: what is asked.
        group: the protected attribute.
        target: the label; every image needs a known one.
        clusters: cluster of every image, the unit of everything where given; −1 unknown, an image by itself.
        controls: metric → mean over the image's matched control regions, NaN where it has none.
        contrasts: whether groups are contrasted.
    """
    names = list(columns)
    data = table(np.column_stack([columns[name] for name in names]), group=group, target=target)
    means, counts, units = derived(sums(data)), _counts(data), partition(clusters)
    each = None if units is None else places(by_cluster(data, units))
    reader = _Reader(
        question=question,
        data=data,
        units=units,
        each=each,
        behind=counts if each is None else clusters_behind(each[1]),
        estimate=means,
        counts=counts,
        chance=_chance(data, names, controls or {}),
        above=_above_chance(data, names, controls or {}, question, units),
    )
    found = list(_means(reader, names, group, target))
    if contrasts and group is not None and len(group.values) > 1:
        found += _contrasts(reader, names, group, target)
    return found


@dataclass(slots=True, kw_only=True)
class _Reader:
    """Estimates of one table and, when asked for the first time, their replicates."""

    question: ImageSpec
    data: ValueTable
    units: Ints | None  # cluster of every image, None where images are the units
    each: tuple[Means, Means] | None  # sums and counts of every cluster
    behind: Means  # units behind the means; of contrasts only with clusters
    estimate: Means
    counts: Means  # of defined values, in the places of the means
    chance: Means
    above: Means  # p values against the controls
    drawn: Means | None = None
    sides: ContrastEnds | None = None

    def replicates(self) -> Means:
        if self.drawn is None:
            spec, options = self.question, self.question.statistics
            draw = generator(options.seed, "regions", spec.region or "", spec.method or "")
            self.drawn = bootstrap(self.data, replicates=options.replicates, generator=draw, clusters=self.units)
        return self.drawn

    @property
    def unit(self) -> str:
        return "image" if self.units is None else "cluster"

    def bootstrapped(self, field: str, at: tuple[int, ...], number: int) -> tuple[float, float, str | None]:
        """Ends and kind of the interval of a mean or contrast of so many units; NaN, None of too few."""
        if number < (LEAST_UNITS if self.units is None else 2):
            return np.nan, np.nan, None
        values = getattr(self.replicates(), field)[(slice(None), *at)]
        level = self.question.statistics.level
        value = float(getattr(self.estimate, field)[at])
        if self.units is None and number < ALIKE and _alike(values):
            return np.nan, np.nan, None
        ends = cluster_interval(value, values, clusters=number, level=level)
        kind = "bootstrap" if self.units is None else "cluster-bootstrap"
        if np.isnan(ends.low):
            return np.nan, np.nan, None
        low, high = skewed(float(ends.low), float(ends.high), values, value=value, units=number, level=level)
        return low, high, kind

    def contrasted(self, field: str, at: tuple[int, ...], number: int) -> tuple[float, float, str | None]:
        """Ends and kind of the interval of a contrast: the hull of the bootstrap's and of both sides' own (images)."""
        low, high, kind = self.bootstrapped(field, at, number)
        if self.units is not None or kind is None:
            return low, high, kind
        if self.sides is None:
            self.sides = contrast_ends(self.data, level=self.question.statistics.level)
        lows, highs = self.sides.cells if field == "cell_contrasts" else self.sides.groups
        if np.isnan(lows[at]):
            return np.nan, np.nan, None
        return min(low, float(lows[at])), max(high, float(highs[at])), kind

    def wilson(self, field: str, at: tuple[int, ...], value: float, n: int) -> tuple[float, float, str]:
        """Ends and kind of the interval of a share of images."""
        if self.each is None:
            ends = wilson(value * n, n, level=self.question.statistics.level)
        else:
            total, count = (getattr(part, field)[(slice(None), *at)] for part in self.each)
            ends = cluster_wilson(total, count, level=self.question.statistics.level)
        return float(ends.low), float(ends.high), "wilson"


class _MeanPlace(NamedTuple):
    """One row of the report: which mean, and what it is called."""

    field: str
    at: tuple[int, ...]
    attribute: str | None = None
    group: str | None = None
    class_: str | None = None


def _means(reader: _Reader, names: list[str], group: Labels | None, target: Labels | None) -> Iterator[Measurement]:
    for column, name in enumerate(names):
        for place in _places(group, target):
            yield _measurement(reader, place, name, column)


def _places(group: Labels | None, target: Labels | None) -> Iterator[_MeanPlace]:
    classes = list(enumerate(target.values)) if target else []
    if group is None:
        yield _MeanPlace("overall", ())
        yield from (_MeanPlace("classes", (number,), class_=value) for number, value in classes)
        return
    for at, value in enumerate(group.values):
        yield _MeanPlace("groups", (at,), group.name, value)
        yield from (_MeanPlace("cells", (at, number), group.name, value, name) for number, name in classes)


def _measurement(reader: _Reader, place: _MeanPlace, name: str, column: int) -> Measurement:
    asked, at = reader.question, (*place.at, column)
    n = int(getattr(reader.counts, place.field)[at])
    subject = asked.about(name, attribute=place.attribute, group=place.group, class_=place.class_)
    if asked.statistics.too_few(n):
        reason = f"rests on fewer than {asked.statistics.min_cell} images"
        return row(subject, Estimate(value=None, hidden=reason, extra=asked.extra))
    value = float(getattr(reader.estimate, place.field)[at])
    low, high, kind = _interval(reader, place, at, name, value, n)
    estimate = Estimate(
        value=value,
        low=low,
        high=high,
        interval=kind,
        unit=reader.unit,
        n=n,
        chance=getattr(reader.chance, place.field)[at],
        p_value=getattr(reader.above, place.field)[at],
        missing=asked.reason,
        extra=asked.extra,
    )
    return row(subject, estimate, level=asked.statistics.level)


def _interval(
    reader: _Reader, place: _MeanPlace, at: tuple[int, ...], name: str, value: float, n: int
) -> tuple[float, float, str | None]:
    number = int(getattr(reader.behind, place.field)[at])
    if name in BINARY and n and (reader.units is None or number > 1):
        return reader.wilson(place.field, at, value, n)
    return reader.bootstrapped(place.field, at, number)


def _contrasts(reader: _Reader, names: list[str], group: Labels, target: Labels | None) -> Iterator[Measurement]:
    spec, options = reader.question, reader.question.statistics
    replicates = min(PERMUTATIONS, options.replicates)
    draw = generator(options.seed, "contrast", group.name, spec.region or "", spec.method or "")
    nulls = contrast_nulls(reader.data, replicates=replicates, generator=draw, units=reader.units)
    classes = [*enumerate(target.values)] if target else []
    for column, name in enumerate(names):
        for at, value in enumerate(group.values):
            yield _contrast(reader, nulls, _MeanPlace("contrasts", (at,), group.name, value), name, column)
            for number, label in classes:
                place = _MeanPlace("cell_contrasts", (at, number), group.name, value, label)
                yield _contrast(reader, nulls, place, name, column)


def _contrast(reader: _Reader, nulls: list[Means], place: _MeanPlace, name: str, column: int) -> Measurement:
    asked, at = reader.question, (*place.at, column)
    subject = asked.about(f"{name}_contrast", attribute=place.attribute, group=place.group, class_=place.class_)
    value = finite(getattr(reader.estimate, place.field)[at])
    n, hidden = _both_sides(reader, place, column)
    low, high, kind = np.nan, np.nan, None
    if value is not None and not hidden:
        number = n if reader.units is None else int(getattr(reader.behind, place.field)[at])
        low, high, kind = reader.contrasted(place.field, at, number)
    estimate = Estimate(
        value=value,
        low=low,
        high=high,
        interval=kind,
        unit=reader.unit,
        n=n,
        chance=0.0,
        p_value=None if value is None or hidden else _largest(value, nulls, place.field, at),
        missing="one side of the contrast has no such image",
        hidden=f"one side rests on fewer than {asked.statistics.min_cell} images" if hidden else None,
        extra=asked.extra,
    )
    return row(subject, estimate, level=asked.statistics.level)


def _alike(replicates: Floats) -> bool:
    known = replicates[~np.isnan(replicates)]
    return bool(known.size and np.ptp(known) <= 1e-12 * max(1.0, float(np.abs(known).max())))


def _both_sides(reader: _Reader, place: _MeanPlace, column: int) -> tuple[int, bool]:
    """Images of the smaller side, which limits what can be known, and whether it is too small to be printed."""
    cells = reader.counts.cells[..., column]
    cells = cells[:, place.at[1] : place.at[1] + 1] if len(place.at) > 1 else cells
    own = cells[place.at[0]].sum()
    smaller = int(min(own, cells.sum() - own))
    return smaller, reader.question.statistics.too_few(smaller)


def _largest(value: float, nulls: list[Means], field: str, at: tuple[int, ...]) -> float | None:
    """The largest p value of several nulls, each of which may be too sure of itself where another is not."""
    found = [_two_sided(value, getattr(null, field)[(slice(None), *at)]) for null in nulls]
    known = [p for p in found if p is not None]
    return max(known) if len(known) == len(found) else None


def _two_sided(value: float, null: Floats) -> float | None:
    known = null[~np.isnan(null)]
    if not known.size:
        return None
    return float((1 + (np.abs(known) >= abs(value) - 1e-12).sum()) / (1 + known.size))


def _counts(data: ValueTable) -> Means:
    count = sums(data).count
    known = count[:-1]
    return Means(
        overall=count.sum(axis=(0, 1)),
        classes=count.sum(axis=0),
        groups=known.sum(axis=1),
        cells=known,
        cell_contrasts=known,
        contrasts=known.sum(axis=1),
    )


def _paired(data: ValueTable, names: list[str], controls: Mapping[str, NDArray[np.floating]]) -> Floats:
    """Control values in the columns' places, NaN where the image has no pair of values."""
    missing = np.full(len(data.values), np.nan)
    other = np.column_stack([np.asarray(controls.get(name, missing), np.float64) for name in names])
    return np.where(np.isnan(data.values), np.nan, other)


def _with(data: ValueTable, values: Floats) -> ValueTable:
    return ValueTable(values=values, group=data.group, target=data.target, groups=data.groups, targets=data.targets)


def _chance(data: ValueTable, names: list[str], controls: Mapping[str, NDArray[np.floating]]) -> Means:
    return derived(sums(_with(data, _paired(data, names, controls))))


def _above_chance(
    data: ValueTable,
    names: list[str],
    controls: Mapping[str, NDArray[np.floating]],
    question: ImageSpec,
    units: Ints | None,
) -> Means:
    differences = _with(data, data.values - _paired(data, names, controls))
    estimate = derived(sums(differences))
    draw = generator(question.statistics.seed, "signs", question.region or "", question.method or "")
    replicates = min(PERMUTATIONS, question.statistics.replicates) if controls else 1
    nulls = sign_flipped(differences, replicates=replicates, generator=draw, units=units)

    def p_values(name: str) -> Floats:
        value, null = getattr(estimate, name), getattr(nulls, name)
        extreme = (null >= value - 1e-12).sum(axis=0)
        return np.where(np.isnan(value), np.nan, (1 + extreme) / (1 + len(null)))

    fields = ("overall", "classes", "groups", "cells", "cell_contrasts", "contrasts")
    return Means(**{name: p_values(name) for name in fields})
