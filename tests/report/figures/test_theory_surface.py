"""The surface of the theory as a figure: drawn, repeatable, and with the models where they are."""

import io

import numpy as np
import pytest
from PIL import Image

from fairaudit.report.figures.theory_surface import Mark, surface

MARKS = [
    Mark(name="vanilla", phi=0.7, needed=0.1, information=0.2),
    Mark(name="ffw gamma 10", phi=0.05, needed=0.1, information=0.8),
]


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def test_it_is_drawn_and_repeats():
    image = surface(MARKS, rho=0.9, classes=10, heading="Theory")
    assert pixels(image).shape[1] > pixels(image).shape[0] > 400
    assert surface(MARKS, rho=0.9, classes=10, heading="Theory") == image


def test_a_model_that_follows_the_bias_less_is_further_left():
    places = []
    for phi in (0.1, 0.8):
        marks = [
            Mark(name="a", phi=phi, needed=0.5, information=0.5),
            Mark(name="b", phi=0.8, needed=0.1, information=0.5),
        ]
        blue = np.abs(pixels(surface(marks, rho=0.5, classes=2, heading="x")) - [0, 114, 178]).sum(2) < 30
        upper = blue[: blue.shape[0] * 3 // 4, : blue.shape[1] // 2]  # the first panel, without the legend
        places.append(np.nonzero(upper)[1].mean())
    assert places[0] < places[1] - 50


def test_nothing_to_show_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        surface([], rho=0.9, classes=10, heading="x")
