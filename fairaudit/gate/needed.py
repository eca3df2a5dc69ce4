"""How many more images would decide what is now inconclusive."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

from fairaudit.gate.cells import Cells, as_number, compared_cells, named_pair
from fairaudit.gate.evidence import Limits
from fairaudit.gate.more_images import CHANCE, MoreImages, cell_in_words, group_named, images_in_words, kind_of
from fairaudit.measures.intervals.foreseen import images_needed
from fairaudit.measures.intervals.power import shrinkage
from fairaudit.results.measurement import Measurement

_HOPELESS = 1000.0
AT_LIMIT = (
    "At its distance from the limit the estimate is too uncertain: no number of images can be named that would "
    "decide it."
)


def growth(value: float, low: float, high: float, limits: Limits) -> float:
    """How many times as many images would bring the whole interval to the estimate's side of every limit.

    An interval shrinks with √n, but more images will show another estimate: n grows by 1/s² with the s of `shrinkage`.
    Infinite for an estimate that is too near a limit.
    """
    if limits.allow(value):
        sides = [(high - value, limits.maximum), (value - low, limits.minimum)]
    else:
        over = limits.maximum is not None and value > limits.maximum
        sides = [(value - low, limits.maximum)] if over else [(high - value, limits.minimum)]
    inside = limits.allow(value)
    factors = [_factor(half, abs(limit - value), inside=inside) for half, limit in sides if limit is not None]
    return max(1.0, *factors)


def needed(
    measurement: Measurement, low: float, high: float, limits: Limits, *, rows: Sequence[Measurement] = ()
) -> str | None:
    """What would decide an inconclusive rule, in one sentence; it names the cell that matters if the audit gives it.

    Args:
        measurement: what is not decided.
        low: lower end of the interval that was judged.
        high: its upper end.
        limits: what is allowed.
        rows: rows of the report that the measurement is from; a gap between many groups needs those of the groups.
    """
    value = measurement.value
    if value is None:
        return None
    never = _never(measurement, limits)
    if never is not None:
        return never
    weighted = measurement.extra.get("weighted") is True  # cells hold sums of weights, and not images
    found = None if weighted else by_cells(measurement, high, limits, rows)
    if found is not None:
        return found
    factor = growth(value, low, high, limits)
    if factor > _HOPELESS:
        return AT_LIMIT
    cell = None if weighted else scarce_cell(measurement, inside=limits.allow(value))
    place = f", above all of {cell}," if cell else ", weighted as these are," if weighted else ""
    if measurement.n is None:
        return f"About {factor:.1f} times as many images{place} would decide it {CHANCE}."
    more = max(2, math.ceil(measurement.n * (factor - 1)))
    return f"About {more:,} more images ({measurement.n:,} now){place} would decide it {CHANCE}."


def _never(measurement: Measurement, limits: Limits) -> str | None:
    """Why no number of images decides it, where that is so."""
    value, low, high = measurement.value, measurement.low, measurement.high
    if value is None or low is None or high is None:
        return None
    if low == high:
        return (
            "All images that it rests on give the same result, so it is not known how others would vary: audit more "
            "images."
        )
    ends = ((limits.maximum, low, 0.0, "above 0"), (limits.minimum, high, 1.0, "below 1"))
    for limit, end, edge, side in ends:
        if limit == value == end == edge:
            return (
                f"No number of images can show that the value is exactly {limit:g}, because the next one may differ: "
                f"choose a limit {side}."
            )
    return None


def by_cells(measurement: Measurement, high: float, limits: Limits, rows: Sequence[Measurement]) -> str | None:
    """What would decide a gap whose interval is max-t, from the rates of all groups.

    The rule with √n takes too few where the low end is clipped at 0 or a rate is near 0 or 1, and the pair of groups
    that sets an end looks farther apart than it is. Where the rows do not show all groups, that pair stands for them.
    None where there is no such pair, or the measurement is not a gap with an upper limit alone.

    Args:
        measurement: a disparity with its pairs in `extra`.
        high: upper end that was judged; beyond the measurement's own where several rules share the level.
        limits: what is allowed.
        rows: rows of the report that it is from.
    """
    facts, value, limit = measurement.extra, measurement.value, limits.maximum
    if measurement.interval != "max-t" or value is None or limit is None or limits.minimum is not None:
        return None
    if not measurement.metric.endswith("_difference"):
        return None
    pair = named_pair(measurement, "limiting_" if value <= limit else "")
    if pair is None:
        return None
    cells = compared_cells(measurement, rows) or pair
    goal = images_needed(
        cells.successes,
        cells.trials,
        limit=limit,
        level=_judged_level(measurement, high),
        family=(int(facts.get("groups_compared") or 2), int(facts.get("rates_compared") or 1)),
    )
    if goal is None:
        return f"{AT_LIMIT} {_fewest(measurement, cells)}"
    return _told(measurement, pair if goal > pair.trials.min() else cells, goal)


def _fewest(measurement: Measurement, cells: Cells) -> str:
    """The smallest of these cells, which adds most to the uncertainty."""
    rate, group = divmod(int(cells.trials.argmin()), len(cells.groups))
    named = group_named(measurement.attribute, cells.groups[group])
    return f"The fewest are of group {named}{kind_of(*cells.rates[rate])} ({cells.images[rate, group]:,.0f} now)."


def _told(measurement: Measurement, cells: Cells, goal: float) -> str:
    """The sentence about the smallest of these cells; `goal` counts independent images."""
    rate, group = divmod(int(cells.trials.argmin()), len(cells.groups))
    name, class_ = cells.rates[rate]
    now, size = float(cells.images[rate, group]), float(cells.trials[rate, group])
    images = MoreImages(
        group=cells.groups[group],
        rate=name,
        class_=class_,
        now=now,
        # Weighted or clustered images are worth fewer, and so are those that would be added.
        more=max(1, math.ceil((goal - size) * now / size)),
        others=[other for other in cells.groups if other != cells.groups[group]] if goal > cells.trials.max() else [],
    )
    return images_in_words(measurement, images)


def _judged_level(measurement: Measurement, high: float) -> float:
    """The level of the interval that was judged, from how far its upper end was moved beyond the measurement's."""
    level, value, own = measurement.level or 0.95, measurement.value, measurement.high
    if value is None or own is None or own <= value or high <= own:
        return level
    quantile = NormalDist().inv_cdf((1 + level) / 2) * (high - value) / (own - value)
    return min(2 * NormalDist().cdf(quantile) - 1, 1 - 1e-9)


def scarce_cell(measurement: Measurement, *, inside: bool) -> str | None:
    """The cell whose images narrow the interval most: the smaller one of the pair of groups that sets its end.

    Args:
        measurement: a disparity whose `extra` names the pair, or the `smallest_cell` itself; else there is no answer.
        inside: whether the estimate is inside the limits, so that the pair leaving most room (`limiting_…`) counts,
            and not the pair that was found farthest apart.
    """
    facts = measurement.extra
    if facts.get("smallest_cell"):
        return f"the cell {facts['smallest_cell']}"
    prefix = "limiting_" if inside else ""
    sizes = {side: as_number(facts.get(f"{prefix}{side}_n")) for side in ("highest", "lowest")}
    if any(number is None or facts.get(f"{prefix}{side}") is None for side, number in sizes.items()):
        return None
    return cell_in_words(measurement, prefix=prefix, side=min(sizes, key=lambda side: sizes[side] or 0.0))


def _factor(half: float, distance: float, *, inside: bool) -> float:
    if half <= 0:
        return 1.0
    errors = 1.96 * distance / half
    shrunk = shrinkage(-errors if inside else errors)
    return math.inf if shrunk is None else 1 / shrunk**2
