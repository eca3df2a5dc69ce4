"""Searches relevance on a grid for windows, and turns what is found into measurements and figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.base import Drawing, Findings
from fairaudit.audits.regions_read import Rows
from fairaudit.measures.discovery import Found, concentrations, group_differences
from fairaudit.measures.image_means import Labels
from fairaudit.measures.windows import windows
from fairaudit.results.measurement import Measurement, finite
from fairaudit.seeds import generator

Floats = NDArray[np.float64]

NOTE = (
    "Discovery tries windows of several sizes all over the image; its p values are against the largest statistic of "
    "all windows, so that trying many does not make findings. `discovery` compares shares of positive relevance "
    "between groups. `discovery_alignment` compares signed relevance between images whose group goes with the class "
    "and others, which tells reliance on content that every image has, such as a background."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grids:
    """One method's relevance shares on a grid, [image, cell, cell]."""

    positive: Floats
    """Of positive relevance; they sum to 1."""
    signed: Floats
    """Of all relevance, with its sign."""
    image: Floats | None = None
    """Mean image [row, column, channel] to draw on."""


def read_discovery(grids: Mapping[str, Grids], rows: Rows, *, seed: int) -> Findings:
    """Windows where groups differ, where signed relevance depends on alignment, and where relevance gathers.

    Args:
        grids: method → its grids.
        rows: groups and targets of the images; without a group only concentrations are looked for.
        seed: of the permutations.
    """
    found: list[Measurement] = []
    drawings: list[Drawing] = []
    for method, own in grids.items():
        n = len(own.positive)
        for number, group in enumerate(rows.groups):
            draw = generator(seed, "discovery", group.name, method)
            boxes = group_differences(own.positive, windows(), group=group, target=rows.target, generator=draw)
            found += _measurements("discovery", method, group.name, boxes, n)
            drawings += _drawing("discovery", method, group, own.positive, boxes, own.image)
            aligned = rows.aligned[number] if rows.aligned else None
            if aligned is not None and rows.target is not None:
                two = _two(group, aligned)
                draw = generator(seed, "discovery alignment", group.name, method)
                boxes = group_differences(own.signed, windows(), group=two, target=rows.target, generator=draw)
                found += _measurements("discovery_alignment", method, group.name, boxes, n)
                drawings += _drawing("discovery-alignment", method, two, own.signed, boxes, own.image)
        gathered = concentrations(own.positive, windows(), generator=generator(seed, "concentration", method))
        found += _measurements("concentration", method, None, gathered, n)
    return Findings(measurements=found, notes=[NOTE], drawings=drawings)


def _two(group: Labels, aligned: NDArray[np.bool_]) -> Labels:
    """Whether the group goes with the class, as two groups; unknown stays unknown."""
    codes = np.where(np.asarray(group.codes) < 0, -1, aligned.astype(np.int32))
    return Labels(name=group.name, values=("conflicting", "aligned"), codes=codes)


def _drawing(
    kind: str, method: str, group: Labels, grids: Floats, boxes: Sequence[Found], image: Floats | None
) -> Iterator[Drawing]:
    if not boxes or len(group.values) < 2:
        return
    between = f"{group.values[-1]} less {group.values[0]}"
    yield Drawing(
        name=f"{kind}-{_slug(group.name)}-{_slug(method)}.png",
        caption=(
            f"Windows where {method} relevance differs between the groups of {group.name}, best first; "
            f"red and blue: mean share of {between}."
        ),
        draw=partial(_draw, method, group, grids, boxes, image),
    )


def _draw(method: str, group: Labels, grids: Floats, boxes: Sequence[Found], image: Floats | None) -> bytes:
    from fairaudit.report.figures.regions import found_windows

    known = ~np.isnan(grids).any(axis=(1, 2))
    first, last = (known & (np.asarray(group.codes) == code) for code in (0, len(group.values) - 1))
    there = first.any() and last.any()
    return found_windows(
        grids[last].mean(axis=0) - grids[first].mean(axis=0) if there else np.zeros(grids.shape[1:]),
        [box.box for box in boxes],
        labels=[f"η² {box.statistic:.2f}, p {box.p_value:.4f}" for box in boxes],
        heading=f"Where {method} relevance differs by {group.name}",
        image=image,
    )


def _measurements(
    metric: str, method: str, attribute: str | None, boxes: Sequence[Found], n: int
) -> Iterator[Measurement]:
    if not boxes:
        yield Measurement(
            audit="roi-metrics",
            metric=metric,
            method=method,
            attribute=attribute,
            value=None,
            status="undefined",
            reason="no window stands out beyond the largest of all windows by chance and beyond the size that counts",
            n=n,
        )
    for number, box in enumerate(boxes, start=1):
        x0, y0, x1, y1 = box.box
        yield Measurement(
            audit="roi-metrics",
            metric=metric,
            method=method,
            attribute=attribute,
            region=f"window {number}",
            value=finite(box.statistic),
            p_value=finite(box.p_value),
            n=n,
            extra={
                "x0": x0,
                "y0": y0,
                "x1": x1,
                "y1": y1,
                "area_share": finite(box.area_share),
                "mean_share": finite(box.mean_share),
                "contrast": finite(box.contrast),
            },
        )


def _slug(text: str) -> str:
    return "".join(character if character.isalnum() else "-" for character in text.lower()).strip("-")
