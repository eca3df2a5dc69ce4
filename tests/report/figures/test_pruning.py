"""Figures of pruning: pictures with something on them, the same bytes every time, and refusals."""

import io

import numpy as np
import pytest
from PIL import Image

from fairaudit.report.figures.pruning import LayerBar, SweepPoint, gamma_sweep, layer_sparsity

BARS = [LayerBar(name=f"features.{number}", weights=1000 * number + 9, share=number / 4) for number in range(5)]
POINTS = [SweepPoint(gamma=gamma, task=0.9 - gamma / 100, bias=0.2, sparsity=0.5) for gamma in (10.0, 0.0, 2.0)]


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


@pytest.mark.parametrize(
    "draw",
    [lambda: layer_sparsity(BARS, heading="Layers"), lambda: gamma_sweep(POINTS, chance=0.1, heading="γ")],
    ids=["layers", "sweep"],
)
def test_a_figure_is_drawn_and_repeats(draw):
    image = pixels(draw())
    assert image.shape[0] > 200
    assert len(np.unique(image.reshape(-1, 3), axis=0)) > 20
    assert draw() == draw()


def test_more_pruned_weights_are_more_ink():
    blue = [0, 114, 178]
    inks = [
        int((pixels(layer_sparsity([LayerBar(name="a", weights=9, share=share)], heading="x")) == blue).all(2).sum())
        for share in (0.1, 0.4, 0.8)
    ]
    assert inks == sorted(set(inks))


def test_the_order_of_gammas_does_not_matter():
    assert gamma_sweep(POINTS, chance=0.1, heading="g") == gamma_sweep(POINTS[::-1], chance=0.1, heading="g")


def test_nothing_to_draw_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        layer_sparsity([], heading="x")
    with pytest.raises(ValueError, match="at least one"):
        gamma_sweep([], chance=0.1, heading="x")
