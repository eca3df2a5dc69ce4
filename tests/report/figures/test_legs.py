"""The figure of legs: drawn, repeatable, also with numbers that do not exist."""

import io

import numpy as np
import pytest
from PIL import Image

from fairaudit.report.figures.legs import Panel, Point, legs_figure

POINTS = [Point(name="vanilla", value=0.4, low=0.3, high=0.5), Point(name="ffw", value=None)]


def size(png):
    return Image.open(io.BytesIO(png)).size


def test_it_is_drawn_and_repeats():
    panels = [Panel(title=f"leg {number}", points=POINTS) for number in range(4)]
    image = legs_figure(panels, heading="Legs")
    assert legs_figure(panels, heading="Legs") == image
    # Four legs take a second line of panels.
    assert size(image)[1] > 1.5 * size(legs_figure(panels[:3], heading="Legs"))[1]


def test_every_model_is_a_line():
    one = [Panel(title="leg", points=[Point(name=str(n), value=n / 9, low=0, high=1) for n in range(9)])]
    image = np.asarray(Image.open(io.BytesIO(legs_figure(one, heading="x"))).convert("RGB"))
    assert len(np.unique(image.reshape(-1, 3), axis=0)) > 20


def test_nothing_to_show_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        legs_figure([], heading="x")
