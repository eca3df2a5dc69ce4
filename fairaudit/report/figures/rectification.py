"""How a rectification was found: the mean relative change step by step, as the paper's Fig. 10."""

from __future__ import annotations

from collections.abc import Sequence

from fairaudit.report.figures.style import INK, SOFT, colors, dress, markers, new_figure, png, title

Step = tuple[float, float, float]
"""β, and the mean relative change on the minibatch and on the validation images."""


def descent(steps: Sequence[Step], *, kept: int, held_out: tuple[float, float], heading: str) -> bytes:
    """A PNG: training and validation figures over the steps, the step that was kept, and what held-out images say.

    Args:
        steps: every step, NaN where no image has a relative change.
        kept: index of the step whose β was kept.
        held_out: mean relative change on held-out images before and after; NaN where undefined.
        heading: title of the figure.

    Raises:
        ValueError: there is no step.
    """
    if not steps:
        raise ValueError("a figure of a descent needs at least one step")
    places = range(len(steps))
    figure = new_figure(5.6, 3.4)
    title(figure, heading)
    axes = figure.subplots()
    axes.axhline(0, color=SOFT, linewidth=0.8)
    series = ((2, "validation images"), (1, "minibatch of the step"))
    for (column, name), color in zip(series, colors(2), strict=True):
        axes.plot(places, [step[column] for step in steps], color=color, linewidth=1.2, label=name)
    axes.axvline(kept, color=INK, linewidth=1, linestyle="--", label=f"kept: step {kept}, β = {steps[kept][0]:+.3f}")
    axes.plot([0, kept], held_out, linestyle="", marker=markers(2)[1], color=INK, mfc="white", label="held-out images")
    dress(axes, x_label="step", y_label="mean relative change", grid="y")
    axes.legend(fontsize=7.5, frameon=False, loc="best")
    return png(figure)
