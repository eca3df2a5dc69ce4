import numpy as np

from fairaudit.saliency.heatmap import share_maps, sums_per_cell


def test_scales_do_not_depend_on_the_unit_of_relevance():
    maps = np.random.default_rng(0).normal(size=(5, 4, 6))
    np.testing.assert_allclose(share_maps(1e9 * maps), share_maps(maps))
    np.testing.assert_allclose(np.abs(share_maps(maps)).sum(axis=(1, 2)), 1)


def test_an_all_zero_map_is_undefined():
    maps = np.stack([np.zeros((2, 3)), np.ones((2, 3))])
    scaled = share_maps(maps)
    assert np.isnan(scaled[0]).all()
    assert np.isfinite(scaled[1]).all()


def test_sums_per_cell_add_over_any_split():
    generator = np.random.default_rng(0)
    maps, cells = generator.normal(size=(20, 3, 4)), generator.integers(-1, 3, size=20)
    maps[4] = np.nan
    sums, counts = sums_per_cell(maps, cells, 4)
    for cell in range(4):
        rows = [i for i in range(20) if cells[i] == cell and i != 4]
        assert counts[cell] == len(rows)
        np.testing.assert_allclose(sums[cell], sum((maps[i] for i in rows), np.zeros((3, 4))))
    first, second = sums_per_cell(maps[:7], cells[:7], 4), sums_per_cell(maps[7:], cells[7:], 4)
    np.testing.assert_allclose(first[0] + second[0], sums)
    np.testing.assert_array_equal(first[1] + second[1], counts)
