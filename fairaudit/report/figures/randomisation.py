"""Cascading randomisation: how much of a method's maps is left as layers are drawn anew from the output down."""

from __future__ import annotations

from collections.abc import Mapping

from fairaudit.report.figures.style import INK, SOFT, colors, dress, literal, markers, new_figure, png, title

LIMIT = 0.5
"""Rank correlation above which maps are said to survive."""


def randomisation_curves(cascades: Mapping[str, Mapping[str, float]], *, heading: str) -> bytes:
    """A PNG: a line per method, from the whole model (1) over ever more layers drawn anew to none of it.

    Args:
        cascades: method → last layer drawn anew, from the output down → mean rank correlation, in [−1, 1].
        heading: title of the figure.

    Raises:
        ValueError: there is no method.
    """
    if not cascades:
        raise ValueError("a figure of randomisation needs at least one method")
    layers = list(next(iter(cascades.values())))
    figure = new_figure(5.6, 3.4)
    title(figure, heading)
    axes = figure.subplots()
    axes.axhspan(LIMIT, 1.05, color=SOFT, alpha=0.12, linewidth=0)
    axes.text(len(layers), LIMIT + 0.02, "survives", ha="right", va="bottom", fontsize=7.5, color=SOFT)
    series = zip(cascades.items(), colors(len(cascades)), markers(len(cascades)), strict=True)
    for (name, found), color, marker in series:
        axes.plot([1.0, *found.values()], color=color, marker=marker, markersize=4, label=literal(name))
    dress(axes, y_label="mean rank correlation of maps", grid="y")
    axes.set_xticks(range(len(layers) + 1), ["the model", *(literal(f"… {name}") for name in layers)])
    axes.set_xlabel("layers randomised, from the output down to …", fontsize=8.5, color=INK)
    axes.set_ylim(min(-0.2, *(min(found.values()) - 0.05 for found in cascades.values())), 1.05)
    axes.legend(fontsize=7.5, frameon=False, loc="best")
    return png(figure)
