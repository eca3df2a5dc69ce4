"""Windows and grids against sums over pixels."""

import numpy as np
import pytest

from fairaudit.errors import DataError
from fairaudit.measures.regions.windows import apart, boxed, grid_shares, windows


def test_window_sums_are_sums_of_their_cells():
    shapes = windows(8, [1, 2, 3])
    grids = np.random.default_rng(0).normal(size=(2, 3, 8, 8))
    found = shapes.sums(grids)
    assert found.shape == (2, 3, len(shapes.bounds))
    for number, (top, left, bottom, right) in enumerate(shapes.bounds):
        np.testing.assert_allclose(
            found[..., number], grids[..., top:bottom, left:right].sum(axis=(-2, -1)), atol=1e-12
        )


def test_windows_stay_inside_and_are_different():
    shapes = windows()
    assert shapes.bounds.min() == 0
    assert shapes.bounds.max() == 16
    assert len(np.unique(shapes.bounds, axis=0)) == len(shapes.bounds)
    np.testing.assert_allclose(shapes.area(), np.prod(shapes.bounds[:, 2:] - shapes.bounds[:, :2], axis=1) / 256)


def test_fractions_are_x_before_y():
    shapes = windows(4, [1])
    wide = [tuple(box) for box in shapes.fractions()]
    assert (0.25, 0.5, 0.75, 0.75) in wide  # row 2, columns 1 and 2


@pytest.mark.parametrize("size", [(16, 16), (32, 48), (20, 33), (5, 7)])
@pytest.mark.parametrize("kind", ["signed", "positive", "absolute"])
def test_grid_keeps_the_sum_whatever_the_size(size, kind):
    maps = np.random.default_rng(1).normal(size=(3, *size))
    grid = grid_shares(maps, cells=8, kind=kind)
    assert grid.shape == (3, 8, 8)
    wanted = maps.sum(axis=(1, 2)) / np.abs(maps).sum(axis=(1, 2)) if kind == "signed" else np.ones(3)
    np.testing.assert_allclose(grid.sum(axis=(1, 2)), wanted, rtol=1e-5, atol=1e-6)


def test_grid_cells_are_block_sums_where_sizes_divide():
    maps = np.abs(np.random.default_rng(2).normal(size=(2, 12, 8)))
    grid = grid_shares(maps, cells=4, kind="positive")
    for row in range(4):
        for column in range(4):
            block = maps[:, 3 * row : 3 * row + 3, 2 * column : 2 * column + 2].sum(axis=(1, 2))
            np.testing.assert_allclose(grid[:, row, column], block / maps.sum(axis=(1, 2)), rtol=1e-6)


def test_maps_without_weight_are_undefined_and_bad_ones_refused():
    assert np.isnan(grid_shares(np.zeros((1, 4, 4)))).all()
    assert np.isnan(grid_shares(-np.ones((1, 4, 4)), kind="positive")).all()
    for kind in ("positive", "absolute", "signed"):
        assert np.isnan(grid_shares(np.ones((1, 4, 4)), kind=kind)).all()
    with pytest.raises(DataError, match="finite"):
        grid_shares(np.full((1, 4, 4), np.nan))
    with pytest.raises(DataError, match=r"\[4, 4\]"):
        grid_shares(np.zeros((4, 4)))


def test_apart_keeps_the_first_and_stops_at_the_limit():
    shapes = windows(16, [4])
    kept = apart(shapes, range(len(shapes.bounds)), limit=3, overlap=0.0)
    assert len(kept) == 3
    assert kept[0] == 0
    for a in kept:
        for b in kept:
            if a != b:
                sides = np.minimum(shapes.bounds[a, 2:], shapes.bounds[b, 2:]) - np.maximum(
                    shapes.bounds[a, :2], shapes.bounds[b, :2]
                )
                assert (sides <= 0).any()


def test_boxes_become_the_windows_that_they_came_from():
    shapes = windows(16, [2, 3, 8])
    np.testing.assert_array_equal(boxed(shapes.fractions().tolist()).bounds, shapes.bounds)
