"""Numbers of single groups side by side: one grid per attribute and class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fairaudit.results.measurement import Measurement
from fairaudit.results.report import Data, Report
from fairaudit.results.text import estimate, interval

_MOST_COLUMNS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table of texts with a name for every row and column."""

    title: str
    corner: str
    columns: list[str]
    rows: list[tuple[str, list[str]]]


def group_grids(report: Report) -> list[Grid]:
    """For every attribute, class and audit: metrics down, groups across; the other way round for many groups."""
    tables: dict[tuple[str, str, str], dict[tuple[str, str], Measurement]] = {}
    for measurement in report.measurements:
        if measurement.group is None or measurement.attribute is None:
            continue
        key = (measurement.audit, measurement.attribute, measurement.class_ or "")
        tables.setdefault(key, {})[(_metric(measurement), measurement.group)] = measurement
    return [_grid(*key, cells) for key, cells in tables.items()]


def cell_grids(data: Data) -> list[Grid]:
    """For every attribute: scored images per group and target value; a suppressed cell is shown as such."""
    return [
        Grid(
            title=attribute,
            corner="Group",
            columns=[f"{data.target} = {value}" for value in data.classes],
            rows=[(group, [_count(cells.get(value)) for value in data.classes]) for group, cells in groups.items()],
        )
        for attribute, groups in data.cells.items()
    ]


def _grid(audit: str, attribute: str, class_: str, cells: Mapping[tuple[str, str], Measurement]) -> Grid:
    metrics = list(dict.fromkeys(metric for metric, _ in cells))
    groups = list(dict.fromkeys(group for _, group in cells))
    title = f"{audit}: {attribute}" + (f", class {class_}" if class_ else "")
    if len(groups) <= _MOST_COLUMNS:
        rows = [(metric, [_text(cells.get((metric, group))) for group in groups]) for metric in metrics]
        return Grid(title=title, corner="Metric", columns=groups, rows=rows)
    rows = [(group, [_text(cells.get((metric, group))) for metric in metrics]) for group in groups]
    return Grid(title=title, corner="Group", columns=metrics, rows=rows)


def _metric(measurement: Measurement) -> str:
    qualifiers = (measurement.region, measurement.method, measurement.baseline)
    return ", ".join([measurement.metric, *(text for text in qualifiers if text)])


def _text(measurement: Measurement | None) -> str:
    if measurement is None:
        return ""
    if measurement.value is None:
        return measurement.status
    status = "" if measurement.status == "ok" else f"({measurement.status})"
    parts = (
        estimate(measurement.value, measurement.low, measurement.high),
        interval(measurement.low, measurement.high),
        status,
    )
    return " ".join(part for part in parts if part)


def _count(count: int | None) -> str:
    return "suppressed" if count is None else f"{count:,}"
