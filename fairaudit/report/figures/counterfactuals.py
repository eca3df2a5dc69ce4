"""Pictures of counterfactuals: strips, animations, alignment plots and the matrix."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.report.figures.style import GRID, INK, SOFT, colors, dress, literal, markers, new_figure, png, title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

Floats = NDArray[np.float64]


def strips(
    frames: ArrayLike,
    names: Sequence[str],
    scores: Sequence[Sequence[str]],
    *,
    heading: str,
    steps: Sequence[str],
    originals: ArrayLike | None = None,
) -> bytes:
    """Rows of images from reconstruction to counterfactual, with a heatmap of what changed at the end: a PNG.

    Args:
        frames: [row, frame, height, width, channel] in [0, 1].
        names: text beside every row.
        scores: [row][frame] text below every image; lines are kept.
        heading: title.
        steps: [frame] text above the columns.
        originals: [row, height, width, channel] in [0, 1], drawn in front where given.
    """
    pictures = _rgb(frames)
    first = np.zeros((len(pictures), 0)) if originals is None else _rgb(np.asarray(originals)[:, None])
    rows, ahead, count = len(pictures), first.shape[1], pictures.shape[1]
    lines = max(text.count("\n") + 1 for row in scores for text in row)
    height = 1.02 * min(max(pictures.shape[2] / pictures.shape[3], 0.4), 2.5)
    figure = new_figure(1.02 * (ahead + count + 1) + 1.5, (height + 0.13 * lines + 0.1) * rows + 0.75)
    grid = figure.subplots(rows, ahead + count + 1, squeeze=False)
    changes = np.abs(pictures[:, -1] - pictures[:, 0]).mean(axis=-1)
    for row in range(rows):
        shown = [*first[row], *pictures[row]]
        for frame, text in enumerate([*[""] * ahead, *scores[row]]):
            _bare(grid[row, frame], text)
            grid[row, frame].imshow(shown[frame])
        heat = _difference(grid[row, -1], changes[row], max(float(changes.max()), 1e-9))
        grid[row, 0].set_ylabel(literal(names[row]), fontsize=7.5, color=INK, rotation=0, ha="right", va="center")
    for frame, step in enumerate([*["image"] * ahead, *steps, "difference"]):
        grid[0, frame].set_title(literal(step), fontsize=7.5, color=INK)
    _scale(figure, heat, list(grid[:, -1]), "mean change of a pixel's channels")
    title(figure, heading)
    return png(figure)


def _difference(axes: Axes, change: Floats, top: float) -> AxesImage:
    _bare(axes, f"up to {change.max():.2f}")
    for side in axes.spines.values():
        side.set(visible=True, color=GRID)
    return axes.imshow(change, cmap="magma_r", vmin=0, vmax=top)


def _scale(figure: Figure, image: AxesImage, beside: list[Axes], label: str) -> None:
    """A slim legend of an image's colours."""
    bar = figure.colorbar(image, ax=beside, shrink=min(1.0, 1.6 / figure.get_figheight() + 0.3), aspect=18, pad=0.02)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=7, length=2, color=SOFT, labelcolor=INK)
    bar.set_label(label, fontsize=7.5, color=INK)


def animation(frames: ArrayLike, *, kind: str = "gif", scale: int | None = None, milliseconds: int = 120) -> bytes:
    """All rows side by side, there and back again, as an endless GIF or WebP.

    Args:
        frames: [row, frame, height, width, channel] in [0, 1].
        kind: gif or webp, which is smaller and keeps all colours.
        scale: whole-number enlargement; by default to about 200 pixels a side.
        milliseconds: per frame.
    """
    from PIL import Image

    pictures = (np.rint(_rgb(frames) * 255)).astype(np.uint8)
    order = [*range(pictures.shape[1]), *range(pictures.shape[1] - 2, 0, -1)]
    times = scale or max(1, round(200 / max(pictures.shape[2:4])))
    sheets = [np.concatenate(list(pictures[:, index]), axis=1) for index in order]
    images = [
        Image.fromarray(sheet).resize((sheet.shape[1] * times, sheet.shape[0] * times), Image.Resampling.NEAREST)
        for sheet in sheets
    ]
    buffer = io.BytesIO()
    # The ends stand still for a moment, to be looked at.
    waits = [milliseconds * (6 if index in (0, pictures.shape[1] - 1) else 1) for index in order]
    images[0].save(buffer, kind.upper(), save_all=True, append_images=images[1:], duration=waits, loop=0, lossless=True)
    return buffer.getvalue()


def alignment_plot(base: ArrayLike, others: ArrayLike, names: Sequence[str], *, base_name: str, heading: str) -> bytes:
    """How other scores move along the counterfactuals of one: base on x, the others on y, a PNG.

    Thin lines are single images, thick ones their mean. A flat line is independence; one with the slope of the dotted
    diagonal is alignment, one that climbs to the left is opposition.

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
    dress(axes, x_label=f"score of {base_name} (hollow: counterfactual)", y_label="score of the others")
    axes.plot([0, 1], [0, 1], color=SOFT, linewidth=0.8, linestyle=":", label=literal(f"{base_name} itself"))
    axes.plot([], [], color=SOFT, linewidth=0.6, label="single images, thin")
    for head, (name, color, marker) in enumerate(zip(names, colors(len(names)), markers(len(names)), strict=True)):
        for image in range(len(x)):
            axes.plot(x[image], y[image, :, head], color=color, linewidth=0.6, alpha=0.3)
        axes.plot(
            x.mean(axis=0), y[:, :, head].mean(axis=0), color=color, marker=marker, markersize=4, label=literal(name)
        )
        axes.plot(x[:, -1].mean(), y[:, -1, head].mean(), color=color, marker=marker, markersize=7, mfc="white")
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
    refused: ArrayLike | None = None,
) -> bytes:
    """Matrices side by side on one scale from −1 to 1, as Fig. 2 of the counterfactual alignment paper: a PNG.

    Args:
        panels: (name, [row, column]) each; NaN is drawn grey, values beyond ±1 in the end colours with their number.
        rows: names of the rows (base classifiers).
        columns: names of the columns (downstream classifiers).
        heading: title.
        marked: [row, column] cells of the first panel that are framed.
        refused: [row, column] cells of the first panel that are no evidence: grey and struck out, their number small.
    """
    # Numbers fit into the cells of small matrices; of large ones the colours are left.
    cell = 0.5 if len(columns) <= 12 else (0.42 if len(columns) <= 24 else 0.22)
    longest = min(max(len(text) for text in (*rows, *columns)), 40)
    missing = any(np.isnan(np.asarray(values, np.float64)).any() for _, values in panels)
    struck = None if refused is None else np.asarray(refused, bool)
    told = [*(["grey: undefined"] if missing else []), *(["struck out: refused"] if _any(struck) else [])]
    headline = heading + (f" ({'; '.join(told)})" if told else "")
    width = 0.09 * longest + sum(0.35 + cell * len(columns) for _ in panels) + 0.8
    figure = new_figure(max(width, 0.09 * len(headline)), max(cell * len(rows) + 0.09 * longest + 0.95, 2.7))
    grid = figure.subplots(1, len(panels), squeeze=False)[0]
    for number, (axes, (name, values)) in enumerate(zip(grid, panels, strict=True)):
        table = np.asarray(values, np.float64)
        image = _heat(axes, table, cell >= 0.4, struck if number == 0 else None)
        axes.set_xticks(range(len(columns)), [_short(text) for text in columns], rotation=90, fontsize=8)
        axes.set_yticks(range(len(rows)), [_short(text) for text in rows] if number == 0 else [], fontsize=8)
        axes.set_title(literal(name), fontsize=9, color=INK, loc="left")
        if number == 0 and marked is not None:
            _frames(axes, np.asarray(marked, bool))
    _scale(figure, image, list(grid), "1 aligned, −1 opposed")
    title(figure, headline)
    return png(figure)


def _short(text: str) -> str:
    return literal(text if len(text) <= 40 else f"{text[:39]}…")


def _any(cells: NDArray[np.bool_] | None) -> bool:
    return cells is not None and bool(cells.any())


def _heat(axes: Axes, table: Floats, with_numbers: bool, struck: NDArray[np.bool_] | None = None) -> AxesImage:
    refused = np.zeros(table.shape, np.bool_) if struck is None else struck
    axes.set_facecolor("#C9CED4")
    shown = np.ma.masked_where(refused | np.isnan(table), table)
    image = axes.imshow(shown, cmap="RdBu_r", vmin=-1, vmax=1, aspect="equal")
    axes.tick_params(length=0, labelcolor=INK)
    for side in axes.spines.values():
        side.set_visible(False)
    for (row, column), value in np.ndenumerate(table):
        if refused[row, column]:
            axes.plot([column - 0.4, column + 0.4], [row + 0.4, row - 0.4], color=SOFT, linewidth=0.8)
        if with_numbers or np.isnan(value):
            # Adding 0 takes the sign off what rounds to 0.
            text = "–" if np.isnan(value) else f"{round(value, 2) + 0.0:.2f}".replace("-", "−")
            ink = "white" if abs(value) > 0.6 and not refused[row, column] else INK
            size, ink = (5.5, SOFT) if refused[row, column] else (7, ink)
            axes.text(column, row, text, ha="center", va="center", fontsize=size, color=ink)
    return image


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
    shown = "\n".join(literal(line) for line in text.split("\n"))
    axes.set_xlabel(shown, fontsize=7, color=INK, labelpad=2, linespacing=1.1)
