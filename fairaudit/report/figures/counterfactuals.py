"""Pictures of counterfactuals: strips, animations, alignment plots and the matrix."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.report.figures.style import INK, SOFT, colors, dress, literal, markers, new_figure, png, title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]


def strips(
    frames: ArrayLike, names: Sequence[str], scores: Sequence[Sequence[str]], *, heading: str, steps: Sequence[str]
) -> bytes:
    """Rows of images from reconstruction to counterfactual, with what changed at the end: a PNG.

    Args:
        frames: [row, frame, height, width, channel] in [0, 1].
        names: text beside every row.
        scores: [row][frame] text below every image.
        heading: title.
        steps: [frame] text above the columns.
    """
    pictures = _rgb(frames)
    rows, count = pictures.shape[:2]
    side = 1.05
    figure = new_figure(side * (count + 1) + 1.2, (side + 0.22) * rows + 0.6)
    grid = figure.subplots(rows, count + 1, squeeze=False)
    changes = np.abs(pictures[:, -1] - pictures[:, 0]).mean(axis=-1)
    top = max(float(changes.max()), 1e-9)
    for row in range(rows):
        for frame in range(count):
            _bare(grid[row, frame], scores[row][frame])
            grid[row, frame].imshow(pictures[row, frame])
        _bare(grid[row, count], f"up to {changes[row].max():.2f}")
        grid[row, count].imshow(changes[row], cmap="magma", vmin=0, vmax=top)
        grid[row, 0].set_ylabel(literal(names[row]), fontsize=7.5, color=INK, rotation=0, ha="right", va="center")
    for frame, step in enumerate([*steps, "difference"]):
        grid[0, frame].set_title(literal(step), fontsize=7.5, color=SOFT)
    title(figure, heading)
    return png(figure)


def animation(frames: ArrayLike, *, kind: str = "GIF", scale: int = 3, milliseconds: int = 90) -> bytes:
    """All rows side by side, there and back again, as an endless GIF or WebP.

    Args:
        frames: [row, frame, height, width, channel] in [0, 1].
        kind: GIF or WEBP.
        scale: whole-number enlargement.
        milliseconds: per frame.
    """
    from PIL import Image

    pictures = (np.rint(_rgb(frames) * 255)).astype(np.uint8)
    order = [*range(pictures.shape[1]), *range(pictures.shape[1] - 2, 0, -1)]
    sheets = [np.concatenate(list(pictures[:, index]), axis=1) for index in order]
    images = [
        Image.fromarray(sheet).resize((sheet.shape[1] * scale, sheet.shape[0] * scale), Image.Resampling.NEAREST)
        for sheet in sheets
    ]
    buffer = io.BytesIO()
    images[0].save(buffer, kind, save_all=True, append_images=images[1:], duration=milliseconds, loop=0)
    return buffer.getvalue()


def alignment_plot(base: ArrayLike, others: ArrayLike, names: Sequence[str], *, base_name: str, heading: str) -> bytes:
    """How other scores move along the counterfactuals of one: base on x, the others on y, a PNG.

    Thin lines are single images, thick ones their mean. A flat line is independence; the diagonal is alignment.

    Args:
        base: [image, frame] base scores.
        others: [image, frame, head] downstream scores.
        names: names of the heads.
        base_name: name of the base.
        heading: title.
    """
    x, y = np.asarray(base, np.float64), np.asarray(others, np.float64)
    figure = new_figure(5.6, 4.0)
    axes = figure.subplots()
    dress(axes, x_label=f"score of {base_name} (counterfactual at the left)", y_label="score of the others")
    axes.plot([0, 1], [0, 1], color=SOFT, linewidth=0.8, linestyle=":", label=literal(f"{base_name} itself"))
    for head, (name, color, marker) in enumerate(zip(names, colors(len(names)), markers(len(names)), strict=True)):
        for image in range(len(x)):
            axes.plot(x[image], y[image, :, head], color=color, linewidth=0.6, alpha=0.3)
        axes.plot(
            x.mean(axis=0), y[:, :, head].mean(axis=0), color=color, marker=marker, markersize=4, label=literal(name)
        )
    axes.set_ylim(-0.03, 1.03)
    axes.legend(fontsize=7.5, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    title(figure, heading)
    return png(figure)


def matrices(
    panels: Sequence[tuple[str, ArrayLike]],
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    heading: str,
    marked: ArrayLike | None = None,
) -> bytes:
    """Matrices side by side on one scale from −1 to 1, as Fig. 2 of the counterfactual alignment paper: a PNG.

    Args:
        panels: (name, [row, column]) each; NaN is drawn grey, values beyond ±1 in the end colours with their number.
        rows: names of the rows (base classifiers).
        columns: names of the columns (downstream classifiers).
        heading: title.
        marked: [row, column] cells of the first panel that are framed.
    """
    cell = 0.5 if len(columns) <= 16 else 0.3
    width = sum(1.4 + cell * len(columns) for _ in panels)
    figure = new_figure(max(width, 4.5), cell * len(rows) + (1.6 if len(rows) < 3 else 2.1))
    grid = figure.subplots(1, len(panels), squeeze=False)[0]
    for number, (axes, (name, values)) in enumerate(zip(grid, panels, strict=True)):
        table = np.asarray(values, np.float64)
        _heat(axes, table, cell >= 0.5)
        axes.set_xticks(range(len(columns)), [literal(text) for text in columns], rotation=90, fontsize=7)
        axes.set_yticks(range(len(rows)), [literal(text) for text in rows] if number == 0 else [], fontsize=7)
        axes.set_title(literal(name), fontsize=8.5, color=INK, loc="left")
        if number == 0 and marked is not None:
            _frames(axes, np.asarray(marked, bool))
    title(figure, heading)
    return png(figure)


def _heat(axes: Axes, table: Floats, with_numbers: bool) -> None:
    axes.set_facecolor("#C9CED4")
    axes.imshow(np.ma.masked_invalid(table), cmap="RdBu_r", vmin=-1, vmax=1, aspect="equal")
    axes.tick_params(length=0, labelcolor=INK)
    for side in axes.spines.values():
        side.set_visible(False)
    if not with_numbers:
        return
    for (row, column), value in np.ndenumerate(table):
        text = "–" if np.isnan(value) else f"{value:.2f}".replace("-", "−")
        ink = "white" if abs(value) > 0.6 else INK
        axes.text(column, row, text, ha="center", va="center", fontsize=6.5, color=ink)


def _frames(axes: Axes, marked: NDArray[np.bool_]) -> None:
    from matplotlib.patches import Rectangle

    for row, column in np.argwhere(marked):
        axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor=INK, linewidth=1.4))


def _rgb(frames: ArrayLike) -> Floats:
    pictures = np.clip(np.asarray(frames, np.float64), 0, 1)
    if pictures.ndim != 5 or pictures.shape[-1] not in (1, 3):
        raise ValueError(f"frames must be [row, frame, height, width, 1 or 3], found {pictures.shape}")
    return np.repeat(pictures, 3 // pictures.shape[-1], axis=-1)


def _bare(axes: Axes, text: str) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_xlabel(literal(text), fontsize=6.5, color=INK, labelpad=2)
