"""Figures of pruning: what was pruned in every layer, and task against bias along γ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fairaudit.report.figures.style import BLUE, SERIES, SOFT, dress, literal, new_figure, png, title


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerBar:
    """One layer."""

    name: str
    weights: int
    """Weights in all."""
    share: float
    """Share of them that is pruned, in [0, 1]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPoint:
    """One γ."""

    gamma: float
    task: float
    """Task accuracy, in [0, 1]."""
    bias: float
    """Accuracy of a freshly trained linear probe of the bias, in [0, 1]."""
    sparsity: float
    """Share of pruned weights, in [0, 1]."""


def layer_sparsity(layers: Sequence[LayerBar], *, heading: str) -> bytes:
    """A PNG: share of pruned weights per layer, in the order they compute, with the number of weights.

    Raises:
        ValueError: there is no layer.
    """
    if not layers:
        raise ValueError("a figure of sparsity needs at least one layer")
    figure = new_figure(6.2, 1.1 + 0.26 * len(layers))
    title(figure, heading)
    axes = figure.subplots()
    places = range(len(layers))
    axes.barh(places, [layer.share for layer in layers], color=BLUE, height=0.62)
    for place, layer in zip(places, layers, strict=True):
        axes.text(
            min(layer.share + 0.01, 0.86), place, f"{layer.share:.0%} of {layer.weights:,}", va="center", fontsize=7.5
        )
    axes.set_yticks(list(places), [literal(layer.name) for layer in layers])
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    dress(axes, x_label="share of weights pruned", grid="x")
    return png(figure)


def gamma_sweep(points: Sequence[SweepPoint], *, chance: float, heading: str) -> bytes:
    """A PNG: task accuracy, bias accuracy and sparsity against γ; the dashed line is chance for the bias.

    Raises:
        ValueError: there is no point.
    """
    if not points:
        raise ValueError("a sweep needs at least one γ")
    figure = new_figure(5.6, 3.4)
    title(figure, heading)
    axes = figure.subplots()
    ordered = sorted(points, key=lambda point: point.gamma)
    gammas = [point.gamma for point in ordered]
    for number, (name, values, marker) in enumerate(
        (
            ("task accuracy", [point.task for point in ordered], "o"),
            ("bias accuracy (linear probe)", [point.bias for point in ordered], "s"),
            ("sparsity", [point.sparsity for point in ordered], "^"),
        )
    ):
        axes.plot(gammas, values, color=SERIES[number], marker=marker, markersize=5, linewidth=1.4, label=name)
    axes.axhline(chance, color=SOFT, linewidth=1, linestyle=(0, (4, 3)))
    axes.set_xscale("symlog", linthresh=1.0)
    axes.set_xticks(gammas, [f"{gamma:g}" for gamma in gammas])
    axes.set_ylim(0, 1.02)
    axes.legend(fontsize=7.5, frameon=False)
    dress(axes, x_label="γ, weight of the information on the bias")
    return png(figure)
