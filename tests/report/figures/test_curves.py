import io

import numpy as np
import pytest
from PIL import Image

from fairaudit.report.figures.curves import Reliability, Roc, reliability, roc
from fairaudit.report.figures.style import SERIES

SCORE = (np.arange(10) + 0.5) / 10


def group(name="a", **fields):
    return Reliability(**{"name": name, "score": SCORE, "rate": SCORE, "count": np.full(10, 7), **fields})


def pixels(content, color):
    image = np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)
    wanted = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
    return int((np.abs(image - wanted).sum(axis=2) < 12).sum())


def test_every_group_has_its_colour():
    content = reliability([group("a"), group("b $x$", rate=SCORE**2)], heading="Reliability")
    assert min(pixels(content, color) for color in SERIES[:2]) > 500
    assert pixels(content, SERIES[2]) == 0


def test_empty_bins_are_left_out_without_a_warning():
    half = np.where(np.arange(10) < 5, SCORE, np.nan)
    content = reliability([group(score=half, rate=half, count=np.where(np.arange(10) < 5, 7, 0))], heading="x")
    assert 0 < pixels(content, SERIES[0]) < pixels(reliability([group()], heading="x"), SERIES[0])


def test_intervals_are_drawn():
    with_ends = reliability([group(low=SCORE - 0.05, high=SCORE + 0.2)], heading="x")
    assert with_ends != reliability([group()], heading="x")


def test_roc_draws_curves_and_where_the_model_decides():
    x = np.linspace(0, 1, 20)
    curve = Roc(name="a", fpr=x, tpr=x**0.3, auc=0.77)
    pointed = Roc(name="a", fpr=x, tpr=x**0.3, auc=0.77, point=(0.6, 0.2))
    assert pixels(roc([pointed], heading="x"), SERIES[0]) > pixels(roc([curve], heading="x"), SERIES[0]) + 50


@pytest.mark.parametrize("draw", [reliability, roc])
def test_nothing_to_draw_is_an_error(draw):
    with pytest.raises(ValueError, match="at least one group"):
        draw([], heading="x")
