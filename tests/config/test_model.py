"""Outputs that are picked: one, several, or a range."""

import pytest
from pydantic import ValidationError

from fairaudit.config.model import ModelConfig


@pytest.mark.parametrize(
    ("pick", "several"),
    [
        (None, False),
        (3, False),
        ("smiling", False),
        ("7:9", True),
        (" 7 : 9 ", True),
        (["a", 2], True),
        ("a:b", False),
        ("7:", False),
    ],
)
def test_several_outputs_are_a_list_or_a_range(pick, several):
    assert ModelConfig(pick=pick).picks_several is several


@pytest.mark.parametrize("threshold", [0.0, 1.0, float("nan")])
def test_a_threshold_lies_inside(threshold):
    with pytest.raises(ValidationError):
        ModelConfig(threshold=threshold)
