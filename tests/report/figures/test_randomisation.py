import pytest

from fairaudit.report.figures.randomisation import randomisation_curves

CASCADES = {
    "lrp": {"fc": 0.62, "layer3.conv": 0.2, "layer1.conv": 0.05, "stem": -0.02},
    "edges": {"fc": 1.0, "layer3.conv": 0.98, "layer1.conv": 0.97, "stem": 0.97},
}


def test_the_figure_shows_every_method_and_is_the_same_again():
    first, again = (randomisation_curves(CASCADES, heading="Forgetting") for _ in range(2))
    assert first.startswith(b"\x89PNG")
    assert first == again
    assert first != randomisation_curves({"lrp": CASCADES["lrp"]}, heading="Forgetting")


def test_no_method_no_figure():
    with pytest.raises(ValueError, match="at least one method"):
        randomisation_curves({}, heading="Forgetting")
