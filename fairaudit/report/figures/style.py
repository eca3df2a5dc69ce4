"""The common look of all figures: colours that the colour-blind tell apart, plain axes, the same bytes every time."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE: Final = "#0072B2"
INK: Final = "#1B1F24"
SOFT: Final = "#5B6470"
GRID: Final = "#E3E7EB"
SERIES: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#5B6470", "#8C6D1F")
"""Okabe and Ito's palette, darkest first, for groups in order; markers tell more than eight apart."""
MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X", "*")
STATES: Final = {
    "fail": "#C8452B",
    "incomplete": "#9A4F96",
    "inconclusive": "#B07A00",
    "pass": "#1E7D4F",
    "none": BLUE,
}
"""Colour of every verdict of the gate; figures always say it in words or by a mark too."""

DPI: Final = 160
_COMPRESSION: Final = 4


def new_figure(width: float, height: float, *, layout: Literal["constrained"] | None = "constrained") -> Figure:
    """An empty figure of this size in inches, with a canvas of its own and no global state.

    Args:
        width: inches.
        height: inches.
        layout: what makes room for texts; None where every place is given.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=DPI, layout=layout, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def dress(axes: Axes, *, x_label: str = "", y_label: str = "", grid: str | None = "both") -> None:
    """Give axes the common look.

    Args:
        axes: what to dress.
        x_label: text below.
        y_label: text beside.
        grid: which lines to draw: x, y, both or None.
    """
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(SOFT)
        axes.spines[side].set_linewidth(0.8)
    axes.tick_params(colors=SOFT, labelcolor=INK, labelsize=8, width=0.8, length=3)
    axes.set_xlabel(literal(x_label), fontsize=8.5, color=INK)
    axes.set_ylabel(literal(y_label), fontsize=8.5, color=INK)
    axes.set_axisbelow(True)
    if grid == "x" or grid == "both":
        axes.grid(visible=True, axis="x", color=GRID, linewidth=0.8)
    if grid == "y" or grid == "both":
        axes.grid(visible=True, axis="y", color=GRID, linewidth=0.8)


def title(figure: Figure, text: str) -> None:
    """The figure's title, at the left."""
    figure.suptitle(literal(text), x=0.01, ha="left", fontsize=10, fontweight="bold", color=INK)


def literal(text: str) -> str:
    r"""Text from data, shown as it is: no mathematics, no control characters, not endless.

    >>> literal("cost $5 and $6")
    'cost \\$5 and \\$6'
    """
    from fairaudit.report.escape import clip, plain

    return clip(plain(text), 120).replace("$", r"\$")


def colors(count: int) -> Sequence[str]:
    """A colour for every one of `count` series; they repeat after eight."""
    return [SERIES[index % len(SERIES)] for index in range(count)]


def markers(count: int) -> Sequence[str]:
    """A marker for every series, so that colour is never the only difference."""
    return [MARKERS[(index + index // len(SERIES)) % len(MARKERS)] for index in range(count)]


def png(figure: Figure) -> bytes:
    """The figure as PNG; the same figure gives the same bytes.

    `savefig` would draw it twice, the first time for the layout alone, which drawing once settles as well.
    """
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas, buffer = FigureCanvasAgg(figure), io.BytesIO()
    canvas.draw()  # type: ignore[no-untyped-call]
    drawn = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    opaque = np.ascontiguousarray(drawn[..., :3])  # every figure has a white ground
    Image.fromarray(opaque).save(buffer, "PNG", dpi=(DPI, DPI), compress_level=_COMPRESSION)
    return buffer.getvalue()
