"""What the pruning paper's theory expects of data and model, and where they lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fairaudit.report.figures.style import INK, SOFT, colors, dress, new_figure, png, title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Theory:
    """Curves over `shares` (0 … 1), all of information divided by log N, and the places of data and model."""

    shares: Values
    """Places on every horizontal axis."""
    perfect: Values
    """Eq. 3 over ρ."""
    following: Values
    """Eq. 4 over φ, at the data's ρ."""
    task: Mapping[str, Values]
    """Name of K → bounded eq. 6 over φ, at the data's ρ."""
    rho: float
    phi: float
    of_data: float
    """Information on the group in the true class."""
    on_bias: float
    """Information on the group in the decisions."""
    on_task: float
    """Information on the true class in the decisions."""


def theory(found: Theory, *, heading: str) -> bytes:
    """A PNG of three panels: data over ρ, information on the bias over φ, information on the task over φ."""
    figure = new_figure(9.6, 3.3)
    title(figure, heading)
    data, bias, task = figure.subplots(1, 3, sharey=True)
    main = colors(1)[0]
    data.plot(found.shares, found.perfect, color=main, label="perfect model (eq. 3)")
    data.axvline(found.rho, color=SOFT, linewidth=0.8, linestyle=":")
    _mark(data, found.rho, found.of_data, "these rows")
    dress(data, x_label="ρ, share of aligned rows", y_label="information ÷ log N")
    data.set_title("about the group, in the labels", fontsize=8.5, color=INK)
    bias.plot(found.shares, found.following, color=main, label="expected (eq. 4)")
    _mark(bias, found.phi, found.on_bias, "this model")
    dress(bias, x_label="φ, conflicting rows decided by the group")
    bias.set_title("about the group, in the predictions", fontsize=8.5, color=INK)
    styles = ("-", "--", "-.", ":")
    for (name, values), color, style in zip(found.task.items(), colors(len(found.task)), styles, strict=False):
        task.plot(found.shares, values, color=color, linestyle=style, label=name)
    _mark(task, found.phi, found.on_task, "this model")
    dress(task, x_label="φ, conflicting rows decided by the group")
    task.set_title("about the target, in the predictions", fontsize=8.5, color=INK)
    for axes in (data, bias, task):
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(-0.03, 1.05)
        axes.legend(fontsize=7, frameon=False, loc="best")
    return png(figure)


def _mark(axes: Axes, x: float, y: float, label: str) -> None:
    if np.isfinite([x, y]).all():
        axes.plot([x], [y], color=INK, marker="D", markersize=6, linestyle="none", label=label, zorder=5)
