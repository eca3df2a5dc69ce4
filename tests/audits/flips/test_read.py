"""When generated flips are refused as evidence, and what is said of them."""

import numpy as np
import pytest

from fairaudit.audits.flips.read import DRAWN, _mean, _notes, refused
from fairaudit.generators.checks import Tolerance

LIMIT = Tolerance().drift


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({}, None),  # exact twins are always evidence
        ({"drift": [LIMIT, np.nan]}, None),
        ({"drift": [LIMIT + 0.1, LIMIT + 0.3]}, "reconstruction alone moves the score"),
        ({"drift": [0.0], "drawn": [1.0, 2 * DRAWN - 1.0, np.nan]}, None),  # a mean of exactly the least share
        ({"drift": [0.0], "drawn": [DRAWN - 0.1]}, "shows in 70%"),
        ({"drift": [np.nan]}, None),
    ],
)
def test_what_refuses_generated_images(columns, words):
    found = refused({name: np.array(values) for name, values in columns.items()})
    assert found is None if words is None else words in found


def test_a_mean_of_what_is_known():
    assert _mean(np.array([1.0, np.nan, 3.0])) == 2.0
    assert _mean(np.array([np.nan])) is _mean(None) is None


def test_notes_count_what_is_left_out_and_say_what_was_not_checked():
    effect = np.array([0.1, np.nan, np.nan, 0.2])
    (note,) = _notes("tie", "twins", {"attribute_flip_effect": effect}, None)
    assert note == "2 of 4 images have no flipped tie (twins) and are left out of its effect."
    columns = {"attribute_flip_effect": effect[:1], "drift": np.array([0.25])}
    made, refusal = _notes("tie", "cvae", columns, "too far")
    assert "moves the score by 0.250 on average; whether its pictures show" in made
    assert refusal == "Flips of tie by cvae are refused as evidence: too far."
    (made,) = _notes("tie", "cvae", {**columns, "drawn": np.array([0.9])}, None)
    assert "the new value shows in 90% of its pictures" in made
