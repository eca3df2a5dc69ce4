"""The common look of all figures: colours that the colour-blind tell apart, plain axes, the same bytes every time."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Margins:
    """Room around and between axes, in inches: given beforehand it costs nothing, `constrained` measures every text."""

    left: float = 0.12
    right: float = 0.12
    bottom: float = 0.46
    """Tick labels and a label take 0.46."""
    top: float = 0.36
    """The title takes 0.36."""
    across: float = 0.0
    """Between neighbours in a row."""
    down: float = 0.0
    """Between neighbours in a column."""

    def of(self, figure: Figure, *, rows: int = 1, columns: int = 1) -> dict[str, float]:
        """The same for matplotlib's grids: shares of the figure, and gaps as shares of the mean axes."""
        width, height = (float(inches) for inches in figure.get_size_inches())
        wide = (width - self.left - self.right - (columns - 1) * self.across) / columns
        high = (height - self.bottom - self.top - (rows - 1) * self.down) / rows
        return {
            "left": self.left / width, "right": 1 - self.right / width,
            "bottom": self.bottom / height, "top": 1 - self.top / height,
            "wspace": self.across / wide, "hspace": self.down / high,
        }  # fmt: skip

    def size(self, width: float, height: float, *, rows: int = 1, columns: int = 1) -> tuple[float, float]:
        """Width and height of a figure whose axes have this size, in inches."""
        return (
            self.left + self.right + columns * width + (columns - 1) * self.across,
            self.bottom + self.top + rows * height + (rows - 1) * self.down,
        )


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
    told = figure.suptitle(literal(text), x=0.01, ha="left", fontsize=10, fontweight="bold", color=INK)
    if figure.get_layout_engine() is None:
        told.set_y(1 - 0.06 / float(figure.get_size_inches()[1]))


def widest(texts: Sequence[str], size: float) -> float:
    """Width of the widest text at a font size in points, in inches; 0 without texts."""
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.font_manager import FontProperties

    renderer, font = RendererAgg(1, 1, DPI), FontProperties(size=size)  # type: ignore[no-untyped-call]
    widths = [
        renderer.get_text_width_height_descent(text, font, ismath=False)[0]  # type: ignore[no-untyped-call]
        for text in texts
    ]
    return float(max(widths, default=0.0)) / DPI


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
