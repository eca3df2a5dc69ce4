"""Windows over a difference of relevance: PNGs that are the same every time, and refusals."""

import io

import numpy as np
import pytest
from PIL import Image

from fairaudit.report.figures.windows import found_windows

DRAW = np.random.default_rng(0)
IMAGE, MAP = DRAW.random((10, 14, 3)), DRAW.normal(size=(10, 14))
BOXES = [(0.1, 0.2, 0.5, 0.9), (0, 0, 1, 1)]
DRAWN = {
    "windows": lambda: found_windows(MAP, BOXES[:1], labels=["p 0.01"], heading="h", image=IMAGE),
    "faint": lambda: found_windows(MAP, BOXES, labels=["a", "b"], heading="h", faint=[False, True], signed=False),
    "nothing": lambda: found_windows(MAP, [], labels=[], heading="h"),
    "no images": lambda: found_windows(
        np.full((4, 4), np.nan), BOXES[:1], labels=["a"], heading="h", image=IMAGE[..., :1]
    ),
}


@pytest.mark.parametrize("name", DRAWN)
def test_every_figure_is_the_same_twice_and_not_blank(name):
    first = DRAWN[name]()
    assert first == DRAWN[name]()
    assert np.asarray(Image.open(io.BytesIO(first)).convert("RGB"), float).std() > 10


def test_a_window_that_does_not_count_is_drawn_otherwise():
    plain, faint = (found_windows(MAP, BOXES[:1], labels=["a"], heading="h", faint=[each]) for each in (False, True))
    assert plain != faint


def test_disagreeing_arguments_are_refused():
    with pytest.raises(ValueError, match="1 boxes"):
        found_windows(MAP, BOXES[:1], labels=[], heading="h")
    with pytest.raises(ValueError, match="1 boxes"):
        found_windows(MAP, BOXES[:1], labels=["a"], heading="h", faint=[])
