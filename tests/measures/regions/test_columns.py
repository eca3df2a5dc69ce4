"""Columns of a region: chance from controls by hand, and signed beside absolute changes."""

import numpy as np
import pytest

from fairaudit.measures.regions.change import region_change
from fairaudit.measures.regions.columns import change_columns, region_columns


def test_chance_is_the_mean_of_the_controls_that_exist():
    maps = np.array([[[4.0, 2.0, 1.0, 1.0]], [[4.0, 2.0, 1.0, 1.0]], [[4.0, 2.0, 1.0, 1.0]]])
    mask = np.array([[True, False, False, False]])
    controls = np.zeros((3, 2, 1, 4), bool)
    controls[0, 0, 0, 1] = controls[0, 1, 0, 2] = controls[1, 0, 0, 1] = True
    found = region_columns(maps, mask, controls, convention="positive")
    np.testing.assert_allclose(found["control_rrf"], [(2 / 8 + 1 / 8) / 2, 2 / 8, np.nan])
    np.testing.assert_allclose(found["control_rrf_lift"], [0.75, 1.0, np.nan])
    np.testing.assert_allclose(found["rrf_lift"], 2.0)
    np.testing.assert_allclose(found["signed_share"] + found["signed_rest"], 1.0)


def test_one_mask_for_all_images_is_a_mask_for_each():
    generator = np.random.default_rng(0)
    maps, mask = generator.normal(size=(5, 4, 6)), generator.random((4, 6)) < 0.4
    each = np.broadcast_to(mask, maps.shape)
    controls = np.roll(each, 1, axis=2)[:, None]
    one, many = (region_columns(maps, m, controls, convention="paper") for m in (mask, each))
    for name in one:
        np.testing.assert_array_equal(one[name], many[name])


@pytest.mark.parametrize(("name", "scale"), [("", "absolute"), ("_signed", "paper")])
def test_changes_are_of_both_scales(name, scale):
    before, after = np.random.default_rng(1).normal(size=(2, 7, 5, 5))
    mask = np.eye(5, dtype=bool)
    found, wanted = change_columns(before, after, mask), region_change(before, after, mask, scale=scale)
    np.testing.assert_array_equal(found[f"adr{name}"], wanted.adr)
    np.testing.assert_array_equal(found[f"dif{name}"], wanted.dif)
