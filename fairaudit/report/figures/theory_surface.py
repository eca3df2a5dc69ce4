"""Figure 2c of the pruning paper: what the theory expects of the task when a bias is used less, with models on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fairaudit.measures.counts.theory import bounded_task_information, task_information
from fairaudit.report.figures.style import INK, SOFT, colors, dress, literal, markers, new_figure, png, title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STEPS = 81
_LEVELS = np.linspace(0, 1, 11)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One model on the surface."""

    name: str
    phi: float
    """Its biasedness, in [0, 1]."""
    needed: float
    """The task's biasedness K, in [0, 1]."""
    information: float
    """Information on the target in its decisions, over log N: what was measured where the surface is expected."""


def surface(marks: Sequence[Mark], *, rho: float, classes: int, heading: str) -> bytes:
    """A PNG: information on the target over φ and K, as equation 16 has it and in a bounded form, with the models.

    Every model stands where its φ and K are; the legend says what information it was measured to have. Shown is the
    part of the surface that holds them.

    Args:
        marks: the models.
        rho: share of images whose bias goes with their class.
        classes: N, at least 2.
        heading: title of the figure.

    Raises:
        ValueError: there is no model to show.
    """
    if not marks:
        raise ValueError("the surface needs at least one model")
    right, top = (_end([mark.phi for mark in marks]), _end([mark.needed for mark in marks]))
    phi, needed = np.meshgrid(np.linspace(0, right, _STEPS), np.linspace(0, top, _STEPS))
    panels = (("equation 16", task_information), ("bounded form", bounded_task_information))
    figure = new_figure(7.6, 4.1 + 0.19 * len(marks))
    title(figure, f"{heading}: ρ = {rho:.2g}, N = {classes}")
    both = figure.subplots(1, 2, sharey=True)
    for axes, (name, curve) in zip(both, panels, strict=True):
        values = np.clip(curve(rho, phi, needed=needed, classes=classes), 0, 1)
        shaded = axes.contourf(phi, needed, values, levels=_LEVELS, cmap="Greys", alpha=0.55)
        lines = axes.contour(phi, needed, values, levels=_LEVELS[1:-1:2], colors=SOFT, linewidths=0.6)
        axes.clabel(lines, fontsize=6.5, fmt="%.1f")
        axes.set_title(name, fontsize=8.5, color=INK, loc="left")
        _marks(axes, marks)
        dress(axes, x_label="φ, how far the model follows the bias", grid=None)
        axes.set_xlim(-0.03 * right, 1.03 * right)
        axes.set_ylim(-0.03 * top, 1.03 * top)
    both[0].set_ylabel("K, how much the task needs the bias", fontsize=8.5, color=INK)
    bar = figure.colorbar(shaded, ax=list(both), shrink=0.85, pad=0.02, ticks=[0, 0.5, 1])
    bar.ax.tick_params(labelsize=7.5, length=0, colors=INK)
    bar.set_label("information about the target, over log N", fontsize=8, color=INK)
    handles, labels = both[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", ncols=2, frameon=False, fontsize=7.5)
    return png(figure)


def _end(values: Sequence[float]) -> float:
    """Where an axis from 0 ends: a little beyond the largest value, from 0.3 to 1."""
    return float(min(1.0, max(0.3, 1.25 * max(values))))


def _marks(axes: Axes, marks: Sequence[Mark]) -> None:
    # Larger marks first: models on one spot stay visible as rings.
    styles = zip(marks, colors(len(marks)), markers(len(marks)), strict=True)
    for number, (mark, color, marker) in enumerate(styles):
        axes.plot(
            mark.phi,
            mark.needed,
            linestyle="",
            marker=marker,
            markersize=11 - 5 * number / max(1, len(marks) - 1),
            color=color,
            markeredgecolor="white",
            markeredgewidth=0.8,
            clip_on=False,
            label=literal(f"{mark.name}: measured {mark.information:.2f}"),
            zorder=3 + number,
        )
