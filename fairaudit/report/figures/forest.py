"""A forest plot: every number with its interval, its limits and its chance level, one line each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from fairaudit.report.figures.style import GRID, INK, SOFT, STATES, Margins, dress, literal, new_figure, png, title
from fairaudit.report.rows import STATE_WORDS, Row
from fairaudit.results.text import estimate, interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_ROWS: Final = 40
"""More lines than this are not drawn; the caption of the caller should say which were chosen."""

_LINE = 0.34


def forest(rows: Sequence[Row], *, heading: str, x_label: str = "") -> bytes:
    """A PNG with one line per row, in the order given; a number that does not exist says why instead.

    A dot is the estimate, a bar its interval, a red line a limit with what is not allowed behind it shaded, an open
    diamond what chance gives. Colour and word both show the verdict of the gate.

    Args:
        rows: what to draw, all on one scale; see `fairaudit.report.rows`.
        heading: title of the figure.
        x_label: what the scale is.

    Raises:
        ValueError: there is nothing to draw.
    """
    rows = rows[:MOST_ROWS]
    if not rows:
        raise ValueError("a forest plot needs at least one row")
    figure = new_figure(7.6, 1.05 + _LINE * len(rows), layout=None)
    title(figure, heading)
    room = Margins(left=0.06, right=0.06, bottom=0.66, top=0.34, across=0.08).of(figure, columns=3)
    left, axes, right = figure.subplots(1, 3, width_ratios=(2.35, 3.4, 1.8), sharey=True, gridspec_kw=room)
    _scale(axes, rows)
    for place, row in enumerate(rows):
        _line(axes, place, row)
    _labels(left, rows)
    _numbers(right, rows)
    dress(axes, x_label=x_label, grid="x")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0, labelleft=False)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    _legend(axes, rows)
    return png(figure)


def _scale(axes: Axes, rows: Sequence[Row]) -> None:
    values = [value for row in rows for value in _values(row)]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    # Zero is where a gap ends; show it when it is near.
    low = 0.0 if 0 < low < 0.5 * high else low
    margin = 0.05 * (high - low) or 0.05
    axes.set_xlim(low - margin, high + margin)
    if low <= 0 <= high:
        axes.axvline(0, color=SOFT, linewidth=0.8)


def _line(axes: Axes, place: int, row: Row) -> None:
    axes.axhline(place + 0.5, color=GRID, linewidth=0.6, zorder=0)
    if row.value is None:
        beside = axes.get_yaxis_transform()
        told = axes.text(0.02, place, literal(_short(row.why)), transform=beside, va="center", fontsize=6.5)
        told.set(color=SOFT, style="italic", backgroundcolor="white")
        return
    _forbidden(axes, place, row)
    chance = row.measurement.chance if row.measurement else None
    if chance is not None:
        axes.plot(chance, place, marker="D", markersize=4.5, markerfacecolor="white", markeredgecolor=SOFT, zorder=3)
    color = STATES[row.state]
    if row.low is not None and row.high is not None:
        axes.plot([row.low, row.high], [place, place], color=color, linewidth=2.2, solid_capstyle="butt", zorder=4)
    sound = row.measurement is None or row.measurement.status == "ok"
    axes.plot(row.value, place, "o", markersize=5.5, color=color, markerfacecolor=color if sound else "white", zorder=5)


def _forbidden(axes: Axes, place: int, row: Row) -> None:
    left, right = axes.get_xlim()
    for limit, end in ((row.minimum, left), (row.maximum, right)):
        if limit is not None:
            box = [place - 0.38, place + 0.38]
            axes.fill_betweenx(box, limit, end, color=STATES["fail"], alpha=0.10, linewidth=0, zorder=1)
            axes.plot([limit, limit], box, color=STATES["fail"], linewidth=1.4, zorder=2)


def _labels(axes: Axes, rows: Sequence[Row]) -> None:
    axes.axis("off")
    for place, row in enumerate(rows):
        offset = 0.17 if row.about else 0.0
        axes.text(0, place - offset, literal(_cut(row.metric, 36)), va="center", fontsize=8, color=INK)
        if row.about:
            axes.text(0, place + 0.2, literal(_cut(row.about, 50)), va="center", fontsize=6.5, color=SOFT)
    axes.set_xlim(0, 1)


def _numbers(axes: Axes, rows: Sequence[Row]) -> None:
    axes.axis("off")
    for place, row in enumerate(rows):
        verdict = STATE_WORDS[row.state].lower() if row.state != "none" else ""
        count = f"n {row.n:,}" if row.n is not None else ""
        below = "   ".join(part for part in (verdict, count) if part)
        first = " ".join(part for part in (estimate(row.value, row.low, row.high), interval(row.low, row.high)) if part)
        axes.text(0, place - (0.17 if below else 0), first, va="center", fontsize=7.5, color=INK)
        axes.text(0, place + 0.2, below, va="center", fontsize=6.5, color=STATES[row.state] if verdict else SOFT)
    axes.set_xlim(0, 1)


def _legend(axes: Axes, rows: Sequence[Row]) -> None:
    from matplotlib.lines import Line2D

    marks = [Line2D([], [], color=STATES["none"], marker="o", markersize=5, linewidth=2, label="estimate and interval")]
    if any(row.minimum is not None or row.maximum is not None for row in rows):
        marks.append(Line2D([], [], color=STATES["fail"], marker="|", markersize=9, linewidth=0,
                            label="limit (shaded: not allowed)"))  # fmt: skip
    if any(row.measurement and row.measurement.chance is not None for row in rows):
        marks.append(Line2D([], [], color=SOFT, marker="D", markerfacecolor="white", markersize=4.5, linewidth=0,
                            label="chance"))  # fmt: skip
    if any(row.measurement and row.measurement.status == "unusable" for row in rows):
        marks.append(Line2D([], [], color=STATES["none"], marker="o", markerfacecolor="white", markersize=5,
                            linewidth=0, label="not to be relied on"))  # fmt: skip
    axes.figure.legend(handles=marks, loc="lower left", ncols=len(marks), frameon=False, fontsize=7)


def _values(row: Row) -> list[float]:
    chance = row.measurement.chance if row.measurement else None
    numbers = (row.value, row.low, row.high, row.minimum, row.maximum, chance)
    return [value for value in numbers if value is not None and math.isfinite(value)]


def _short(why: str) -> str:
    return _cut(why.split(": ", 1)[-1], 58)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
