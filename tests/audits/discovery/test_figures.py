"""The difference that windows are drawn over, by hand, and what is said of a window."""

import numpy as np

from fairaudit.audits.discovery.figures import WitnessedWindow, _colours, difference, drawings
from fairaudit.measures.images.means import Labels
from fairaudit.measures.regions.discovery import FoundWindow
from fairaudit.measures.regions.window_effect import WindowEffect


def labels(codes, values=("0", "1")):
    return Labels(name="Tie colour", values=values, codes=np.asarray(codes))


def test_of_two_groups_the_last_less_the_first():
    grids = np.array([[[1.0, 2.0]], [[3.0, 4.0]], [[10.0, 0.0]], [[99.0, 99.0]], [[np.nan, 1.0]]])
    found = difference(labels([0, 0, 1, -1, 1]), grids)  # the unknown one and the one with NaN are left out
    assert found.tolist() == [[10.0 - 2.0, 0.0 - 3.0]]


def test_of_more_groups_the_largest_less_the_smallest():
    grids = np.array([[[1.0, 5.0]], [[4.0, 5.0]], [[2.0, 8.0]]])
    assert difference(labels([0, 1, 2], ("a", "b", "c")), grids).tolist() == [[3.0, 3.0]]
    assert difference(labels([0, 0, 0]), grids).tolist() == [[0.0, 0.0]]  # one group has no difference


def window(effect=None):
    found = FoundWindow(box=(0.1, 0.2, 0.3, 0.4), statistic=0.5, p_value=0.01, area_share=0.04, mean_share=0.1,
                        group_shares=(0.1, 0.2), contrast=0.1, where=None)  # fmt: skip
    return WitnessedWindow(found=found, effect=effect, counts=True)


def test_a_window_in_words():
    effect = WindowEffect(value=0.25, low=0.125, high=0.375, other=0.5, same=0.25, n=9)
    assert window().label() == "η² 0.50, p 0.0100"
    assert window(effect).label() == "η² 0.50, p 0.0100; effect on the score 0.250 [0.125, 0.375]"
    assert window(effect).sentence(2).startswith("window 2 at x 0.10 to 0.30, y 0.20 to 0.40")
    unknown = WindowEffect(value=0.25, low=float("nan"), high=float("nan"), other=0.5, same=0.25, n=1)
    assert window(unknown).effect_words() == "effect on the score unknown"


def test_only_found_windows_of_several_groups_are_drawn():
    grids = np.zeros((2, 1, 1))
    (drawn,) = drawings("some_metric", "LRP", labels([0, 1]), grids, [window()], None)
    assert drawn.name == "some-metric-tie-colour-lrp.png"
    assert "red and blue: mean share of 1 less 0" in drawn.caption
    assert list(drawings("m", "lrp", labels([0, 1]), grids, [], None)) == []
    assert list(drawings("m", "lrp", labels([0, 0], ("a",)), grids, [window()], None)) == []
    assert "spread" in _colours(labels([0, 1, 2], ("a", "b", "c")))
