"""Searches relevance on a grid for windows, asks a second witness, and turns what is found into measurements."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.core.stream.audit import Drawing, Findings
from fairaudit.audits.core.study.rows import Rows
from fairaudit.audits.discovery.figures import WitnessedWindow, drawings
from fairaudit.measures.images.means import Labels
from fairaudit.measures.regions.discovery import FoundWindow, concentrations, group_differences, too_few_clusters
from fairaudit.measures.regions.window_effect import WindowEffect
from fairaudit.measures.regions.windows import apart, boxed, windows
from fairaudit.results.measurement import Measurement, finite
from fairaudit.seeds import generator
from fairaudit.tables.row import Estimate, Subject, row

Floats = NDArray[np.float64]
Box = tuple[float, float, float, float]
Check = Callable[[Mapping[int, Sequence[Box]]], Mapping[tuple[int, Box], WindowEffect]]
"""Number of the attribute → windows, to the effect of each."""

MOST = 5
"""Windows reported of a kind."""
EACH = 2
"""Windows of every size that the second witness judges."""

NOTE = (
    "Discovery tries windows of several sizes all over the image; its p values are against the largest statistic of "
    "all windows, so that trying many does not make findings. `discovery` compares shares of positive relevance "
    "between groups, `discovery_alignment` signed relevance between images whose group goes with the class and others."
)
CHECKED = (
    "Relevance also differs where merely the pixels do. So each window is given the content of an image of the same "
    "class and another group, and of one of the same group: it counts where the score changes more by the former, by "
    "more than audit.effect. Other windows are `discovery_unconfirmed`."
)
UNCHECKED = "There is no model to intervene on: the windows are candidates, and may differ in their pixels alone."


@dataclass(frozen=True, slots=True, kw_only=True)
class Grids:
    """One method's relevance shares on a grid, [image, cell, cell]."""

    positive: Floats
    """Of positive relevance; they sum to 1."""
    signed: Floats
    """Of all relevance, with its sign."""
    image: Floats | None = None
    """Mean image [row, column, channel] to draw on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """One method's windows for one attribute."""

    metric: str
    method: str
    number: int
    attribute: str
    groups: Labels  # what was compared
    grids: Floats
    image: Floats | None
    found: Sequence[FoundWindow]
    refusal: str | None
    """Why nothing can be found, where there are too few clusters."""


def read_discovery(
    grids: Mapping[str, Grids], rows: Rows, *, seed: int, check: Check | None = None, limit: float = 0.05
) -> Findings:
    """Windows where groups differ, where signed relevance depends on alignment, and where relevance gathers.

    Args:
        grids: method → its grids.
        rows: groups and targets of the images; without a group only concentrations are looked for.
        seed: of the permutations.
        check: the second witness; without it every window counts.
        limit: effect above which a window counts.
    """
    searches = list(_searches(grids, rows, seed, EACH if check else None))
    effects = check(_wanted(searches)) if check else None
    found: list[Measurement] = []
    notes = [NOTE] if not rows.groups else [NOTE, CHECKED if check else UNCHECKED]
    figures: list[Drawing] = []
    for search in searches:
        judged = _judged(search, effects, limit)
        found += _measurements(search, judged, limit)
        notes += _told(search, judged, limit)
        figures += drawings(search.metric, search.method, search.groups, search.grids, judged, search.image)
    for method, own in grids.items():
        draw = generator(seed, "concentration", method)
        gathered = concentrations(own.positive, windows(), generator=draw, clusters=rows.clusters)
        found += _concentrated(method, gathered, len(own.positive), too_few_clusters(own.positive, rows.clusters))
    return Findings(measurements=found, notes=notes, drawings=figures)


def _searches(grids: Mapping[str, Grids], rows: Rows, seed: int, each: int | None) -> Iterator[_Search]:
    for method, own in grids.items():
        for number, group in enumerate(rows.groups):
            kinds = [("discovery", group, own.positive)]
            aligned = rows.aligned[number] if rows.aligned else None
            if aligned is not None and rows.target is not None:
                kinds.append(("discovery_alignment", aligned, own.signed))
            for metric, groups, values in kinds:
                draw = generator(seed, metric.replace("_", " "), group.name, method)
                shared = {"group": groups, "target": rows.target, "clusters": rows.clusters}
                options = {**shared, "generator": draw, "each": each}
                yield _Search(
                    metric=metric,
                    method=method,
                    number=number,
                    attribute=group.name,
                    groups=groups,
                    grids=values,
                    image=own.image,
                    found=group_differences(values, windows(), **options),  # type: ignore[arg-type]
                    refusal=too_few_clusters(values, rows.clusters, group=groups, target=rows.target),
                )


def _wanted(searches: Sequence[_Search]) -> dict[int, list[Box]]:
    wanted: dict[int, list[Box]] = {}
    for search in searches:
        known = wanted.setdefault(search.number, [])
        known += [box.box for box in search.found if box.box not in known]
    return {number: boxes for number, boxes in wanted.items() if boxes}


def _judged(
    search: _Search, effects: Mapping[tuple[int, Box], WindowEffect] | None, limit: float
) -> list[WitnessedWindow]:
    """The windows to report: those that count, largest effect first, then others that lie elsewhere."""
    if effects is None:
        return [WitnessedWindow(found=box, effect=None, counts=True) for box in search.found]
    all_of = [WitnessedWindow(found=box, effect=effects[search.number, box.box], counts=False) for box in search.found]
    counting = [
        WitnessedWindow(found=w.found, effect=w.effect, counts=True)
        for w in all_of
        if w.effect and w.effect.low > limit
    ]
    counting.sort(key=lambda window: -window.effect.value if window.effect else 0.0)
    rest = [window for window in all_of if window.effect is None or not window.effect.low > limit]
    first = _apart(counting, MOST)
    return first + [window for window in _apart([*first, *rest], 2 * MOST) if not window.counts][:MOST]


def _apart(those: Sequence[WitnessedWindow], limit: int) -> list[WitnessedWindow]:
    kept = apart(boxed([window.found.box for window in those]), range(len(those)), limit=limit)
    return [those[number] for number in kept]


def _measurements(search: _Search, judged: Sequence[WitnessedWindow], limit: float) -> Iterator[Measurement]:
    shared = {"method": search.method, "attribute": search.attribute}
    others = sum(not window.counts for window in judged)
    if others == len(judged):
        yield _nothing(search.metric, len(search.grids), others, limit, refusal=search.refusal, **shared)
    for number, window in enumerate(judged, start=1):
        name = search.metric if window.counts else f"{search.metric}_unconfirmed"
        yield _window(name, window, number, len(search.grids), limit, **shared)


def _nothing(
    metric: str,
    n: int,
    others: int = 0,
    limit: float = 0.0,
    *,
    method: str,
    attribute: str | None = None,
    refusal: str | None = None,
) -> Measurement:
    reason = (
        refusal or "no window stands out beyond the largest of all windows by chance and beyond the size that counts"
    )
    if others:
        reason = (
            f"relevance differs in {others} window{'s' if others > 1 else ''}, but no change of the score with another "
            f"group's content of more than {limit:g} beyond that with the same group's was found"
        )
    subject = Subject(audit="roi-metrics", metric=metric, method=method, attribute=attribute)
    return row(subject, Estimate(value=None, missing=reason, n=n))


def _window(
    metric: str,
    window: WitnessedWindow,
    number: int,
    n: int,
    limit: float = 0.0,
    *,
    method: str,
    attribute: str | None = None,
) -> Measurement:
    box, effect = window.found, window.effect
    facts: dict[str, float | int | str | bool | None] = dict(zip(("x0", "y0", "x1", "y1"), box.box, strict=True))
    facts |= {"area_share": finite(box.area_share), "mean_share": finite(box.mean_share)}
    facts |= {"contrast": finite(box.contrast)}
    if effect is not None:
        facts |= {"effect": finite(effect.value), "effect_low": finite(effect.low), "effect_high": finite(effect.high)}
        facts |= {"effect_other": finite(effect.other), "effect_same": finite(effect.same), "effect_n": effect.n}
        facts |= {"effect_limit": limit}
    subject = Subject(audit="roi-metrics", metric=metric, method=method, attribute=attribute, region=f"window {number}")
    return row(subject, Estimate(value=box.statistic, p_value=box.p_value, n=n, extra=facts))


def _concentrated(method: str, boxes: Sequence[FoundWindow], n: int, refusal: str | None) -> Iterator[Measurement]:
    if not boxes:
        yield _nothing("concentration", n, method=method, refusal=refusal)
    for number, box in enumerate(boxes, start=1):
        yield _window("concentration", WitnessedWindow(found=box, effect=None, counts=True), number, n, method=method)


def _told(search: _Search, judged: Sequence[WitnessedWindow], limit: float) -> Iterator[str]:
    """A sentence on every window that counts, and one on the others together."""
    subject = f"{search.metric} of {search.attribute} by {search.method}"
    for number, window in enumerate(judged, start=1):
        if window.counts:
            yield f"{subject}: {window.sentence(number)}."
    others = [window for window in judged if not window.counts]
    if others:
        largest = max(window.effect.value for window in others if window.effect)
        yield (
            f"{subject}: relevance differs in {len(others)} {'window' if len(others) == 1 else 'windows'} more, where "
            f"no change of the score with the groups' content is shown to exceed {limit:g} (largest: {largest:.3f})."
        )
