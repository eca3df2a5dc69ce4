"""Maps and masks that fit, the weights of every convention by hand, and slices that are a partition."""

import numpy as np
import pytest

from fairaudit.errors import DataError
from fairaudit.measures.regions import weights
from fairaudit.measures.regions.weights import EVEN, arrange, blocks, even, weigh

MAP = np.array([[3.0, 0.0, -1.0, -4.0]])


@pytest.mark.parametrize(
    ("convention", "wanted", "neutral"),
    [
        ("positive", [3, 0, 0, 0], 0.0),
        ("absolute", [3, 0, 1, 4], 0.0),
        ("paper", [7 / 8, 1 / 2, 3 / 8, 0], 0.5),  # (R + 4) / 8
    ],
)
def test_weights_by_hand(convention, wanted, neutral):
    found, zero = weigh(MAP, convention)
    np.testing.assert_allclose(found, [wanted])
    assert (found.dtype, zero.tolist()) == (np.float64, [neutral])
    assert MAP[0, 3] == -4.0  # the map itself stays


@pytest.mark.parametrize("convention", weights.CONVENTIONS)
def test_a_map_that_prefers_no_place_has_no_weight(convention):
    found, zero = weigh(np.array([[2.0, 2.0], [0.0, 0.0]]), convention)
    assert np.isnan(found).all() if convention == "paper" else not found.any()
    assert np.isnan(zero).all() == (convention == "paper")


@pytest.mark.parametrize("convention", weights.CONVENTIONS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_told_with_its_map(convention, bad):
    maps = np.array([[1.0, 2.0], [1.0, bad]])
    with pytest.raises(DataError, match=r"map 8 \(counted from 0\)"):
        weigh(maps, convention, first=7)


def test_rounding_is_no_preference():
    assert even(np.array([[1.0, 1.0 + EVEN / 2], [1.0, 1.0 + 2 * EVEN], [-1.0, 1.0]])).tolist() == [True, False, False]


@pytest.mark.parametrize(("images", "pixels"), [(10, 1), (10, 2**17), (3, 2**20), (0, 5), (4, 0)])
def test_slices_are_a_partition(images, pixels):
    parts = list(blocks(images, pixels))
    assert [row for part in parts for row in range(images)[part]] == list(range(images))
    assert all((part.stop - part.start) * pixels <= max(2**18, pixels) for part in parts)


def test_what_does_not_fit_is_refused():
    maps, masks = np.zeros((2, 3, 4), int), np.ones((2, 3, 4), bool)
    values, inside = arrange(maps, masks[0])
    assert (values.dtype, inside.shape) == (np.float64, (1, 3, 4))
    with pytest.raises(DataError, match="must be boolean"):
        arrange(maps, masks.astype(int))
    for wrong in (masks[:, :2], np.ones((3, 3, 4), bool), masks[None]):
        with pytest.raises(DataError, match="do not fit"):
            arrange(maps, wrong)
