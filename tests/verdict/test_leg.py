"""One quantity held against its limit: which side, and how many images would decide."""

import pytest

from fairaudit.verdict.leg import Leg


@pytest.mark.parametrize(
    ("low", "high", "side"),
    [(0.1, 0.2, "open"), (0.11, 0.2, "above"), (0.0, 0.1, "below"), (0.0, 0.11, "open"), (None, None, "absent")],
)
def test_the_side_of_the_limit(low, high, side):
    assert Leg(name="gap", low=low, high=high, limit=0.1, reason="none").side == side


def test_an_interval_that_shrinks_with_the_square_root_decides_with_so_many_images():
    """Half width 0.06 around 0.13: to leave 0.1 out it must shrink to 0.03, with four times the images."""
    assert (
        Leg(name="gap", low=0.07, high=0.19, limit=0.1, n=1000).needed()
        == "gap: about 4,000 images instead of 1,000 are likely to decide it"
    )


def test_an_interval_that_only_just_holds_its_limit_asks_for_clearly_more_images():
    """Half width 0.04 around 0.1395: two per cent more images would do on paper, which is no advice."""
    told = Leg(name="gap", low=0.0995, high=0.1795, limit=0.1, n=160).needed()
    assert "only just contains 0.1" in told
    assert "320 images instead of 160" in told
    assert "164" not in told


def test_an_estimate_on_its_limit_is_told_and_no_number_is_named():
    told = Leg(name="gap", low=0.05, high=0.1501, limit=0.1, n=400).needed()
    assert "not likely to decide" in told
    assert "instead of" not in told


def test_without_a_number_of_images_more_are_asked_for():
    assert Leg(name="gap", low=0.05, high=0.2, limit=0.1).needed() == "gap: more images are needed"
    assert Leg(name="gap", low=None, high=None, limit=0.1, reason="no twins").needed() == "gap: no twins"
