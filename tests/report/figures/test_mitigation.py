"""Figures of the comparison are pictures, the same twice, and refuse to be empty."""

import pytest

from fairaudit.report.figures.mitigation import Series, VariantPlace, along, changes, outcome_and_reason

SERIES = [
    Series(name="eo-mi", x=[0.0, 1.0, 10.0], y=[[0.5, 0.6, None], [0.1, 0.2, 0.3]]),
    Series(name="vanilla", x=[1.0], y=[[0.4], [0.2]], level=True),
    Series(name="empty", x=[1.0], y=[[None], [None]]),
]
PLACES = [
    VariantPlace(name="$a$", outcome=0.5, reason=3.0),
    VariantPlace(name="b", outcome=0.1, reason=1.0, degenerate=True),
]


@pytest.mark.parametrize("logarithmic", [False, True])
def test_lines_along_lambda(logarithmic):
    made = [along(SERIES, panels=["one", "two"], x_label="λ", heading="h", logarithmic=logarithmic) for _ in range(2)]
    assert made[0][:4] == b"\x89PNG"
    assert made[0] == made[1]


def test_places_and_changes():
    assert outcome_and_reason(PLACES, heading="h")[:4] == b"\x89PNG"
    assert changes(PLACES, heading="h", note="0.5 [0, 1]")[:4] == b"\x89PNG"


def test_nothing_to_draw_is_refused():
    with pytest.raises(ValueError, match="series"):
        along([], panels=["one"], x_label="λ", heading="h")
    with pytest.raises(ValueError, match="method"):
        changes([], heading="h", note="")
    with pytest.raises(ValueError, match="unchanged"):
        outcome_and_reason([], heading="h")
