"""The balance of evidence against a loop, and its sign, scale and additivity."""

import numpy as np
import pytest

from fairaudit.errors import DataError
from fairaudit.measures.regions.signed_share import signed_share


def draw():
    generator = np.random.default_rng(0)
    return generator.normal(size=(6, 5, 8)), generator.random((6, 5, 8)) < 0.4


def test_agrees_with_a_loop():
    maps, masks = draw()
    for n, found in enumerate(signed_share(maps, masks)):
        pixels = [(float(maps[n, i, j]), masks[n, i, j]) for i in range(5) for j in range(8)]
        wanted = sum(value for value, inside in pixels if inside) / sum(abs(value) for value, _ in pixels)
        assert found == pytest.approx(wanted)


def test_sign_scale_and_disjoint_regions():
    maps, masks = draw()
    share = signed_share(maps, masks)
    np.testing.assert_allclose(signed_share(-8 * maps, masks), -share)
    whole = signed_share(maps, np.ones((5, 8), bool))
    np.testing.assert_allclose(share + signed_share(maps, ~masks), whole)


def test_map_of_zeros_and_bad_values():
    assert np.isnan(signed_share(np.zeros((1, 2, 2)), np.ones((2, 2), bool)))
    assert np.isnan(signed_share(np.ones((1, 2, 2)), np.eye(2, dtype=bool)))
    assert signed_share([[[1.0, -1.0], [1.0, 1.0]]], [[True, False], [False, False]]) == [0.25]
    with pytest.raises(DataError, match="map 0"):
        signed_share(np.full((1, 2, 2), np.nan), np.ones((2, 2), bool))
