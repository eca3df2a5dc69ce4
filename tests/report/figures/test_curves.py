import io

import numpy as np
import pytest
from PIL import Image

from fairaudit.report.figures.curves import PrecisionRecall, ReliabilityCurve, Roc, precision_recall, reliability, roc
from fairaudit.report.figures.style import SERIES

SCORE = (np.arange(10) + 0.5) / 10


def group(name="a", **fields):
    return ReliabilityCurve(**{"name": name, "score": SCORE, "rate": SCORE, "count": np.full(10, 7), **fields})


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


def test_bands_are_drawn_for_a_few_groups_and_left_out_for_many():
    x = np.linspace(0, 1, 20)
    curve = {"fpr": x, "tpr": x**0.3}
    band = (x, x**0.3 - 0.1, x**0.3)
    assert roc([Roc(name="a", **curve, band=band)], heading="x") != roc([Roc(name="a", **curve)], heading="x")
    many = [Roc(name=str(i), **curve, band=band) for i in range(8)]
    assert roc(many, heading="x") == roc([Roc(name=str(i), **curve) for i in range(8)], heading="x")


def test_precision_against_recall_has_a_colour_per_group_and_bands():
    x = np.linspace(0.05, 1, 20)
    groups = [
        PrecisionRecall(name=n, recall=x, precision=1 - x / k, low=x * 0, high=x * 0 + 1)
        for n, k in (("a", 2), ("b", 3))
    ]
    content = precision_recall(groups, heading="x")
    assert min(pixels(content, color) for color in SERIES[:2]) > 500
    narrow = [PrecisionRecall(name="a", recall=x, precision=x, low=x, high=x)]
    wide = [PrecisionRecall(name="a", recall=x, precision=x, low=x / 2, high=x)]
    assert precision_recall(narrow, heading="x") != precision_recall(wide, heading="x")


@pytest.mark.parametrize("draw", [reliability, roc, precision_recall])
def test_nothing_to_draw_is_an_error(draw):
    with pytest.raises(ValueError, match="at least one group"):
        draw([], heading="x")
