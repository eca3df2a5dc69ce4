import io

import numpy as np
import pytest
from PIL import Image

from fairaudit.report.figures.style import SERIES
from fairaudit.report.figures.thresholds import Scores, distributions, sweep

GRID = np.linspace(0, 1, 11)


def pixels(content, color):
    image = np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)
    wanted = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
    return int((np.abs(image - wanted).sum(axis=2) < 12).sum())


def test_every_disparity_has_its_colour_and_the_used_threshold_is_marked():
    gaps = {"one": GRID / 2, "other": GRID**2}
    content = sweep(GRID, 1 - GRID / 3, gaps, heading="Threshold")
    assert min(pixels(content, color) for color in SERIES[:2]) > 500
    assert pixels(content, SERIES[2]) == 0
    marked = [sweep(GRID, 1 - GRID / 3, gaps, heading="Threshold", used=used) for used in (0.2, 0.8)]
    assert len({content, *marked}) == 3


def test_a_disparity_that_does_not_exist_everywhere_is_drawn_where_it_does():
    half = np.where(GRID < 0.5, GRID, np.nan)
    whole = pixels(sweep(GRID, GRID, {"one": GRID}, heading="x"), SERIES[0])
    assert 0 < pixels(sweep(GRID, GRID, {"one": half}, heading="x"), SERIES[0]) < whole


def test_scores_of_a_group_without_positives_are_drawn_on_one_side_only():
    counts = np.arange(1, 6)
    both = distributions([Scores(name="a", negative=counts, positive=counts)], heading="x", names=("no", "yes"))
    left = distributions([Scores(name="a", negative=counts, positive=counts * 0)], heading="x", names=("no", "yes"))
    assert 0 < pixels(left, SERIES[0]) < pixels(both, SERIES[0])


@pytest.mark.parametrize("gaps", [{}, {"one": GRID[:-1]}])
def test_a_sweep_needs_a_disparity_at_every_threshold(gaps):
    with pytest.raises(ValueError, match="a sweep needs"):
        sweep(GRID, GRID, gaps, heading="x")


def test_no_group_has_no_scores():
    with pytest.raises(ValueError, match="at least one group"):
        distributions([], heading="x", names=("no", "yes"))
