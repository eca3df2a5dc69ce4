import math

import pytest

from fairaudit.report.figures.rectification import descent

STEPS = [(0.0, 0.4, 0.45), (-0.2, 0.2, 0.25), (-0.5, -0.01, 0.02), (-0.52, math.nan, -0.03)]


def test_the_descent_is_drawn_and_is_the_same_again():
    first, again = (descent(STEPS, kept=2, held_out=(0.42, 0.01), heading="Out of smiling") for _ in range(2))
    assert first.startswith(b"\x89PNG")
    assert first == again
    assert first != descent(STEPS, kept=1, held_out=(0.42, 0.01), heading="Out of smiling")
    assert first != descent(STEPS, kept=2, held_out=(math.nan, math.nan), heading="Out of smiling")


def test_no_step_no_figure():
    with pytest.raises(ValueError, match="at least one step"):
        descent([], kept=0, held_out=(0.0, 0.0), heading="Nothing")
