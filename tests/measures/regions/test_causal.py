"""The causal check per image, against arithmetic by hand."""

import numpy as np
import pytest

from fairaudit.measures.regions.causal import PAIRED, excess, suitable_fill


def test_excess_is_the_size_less_the_controls_size():
    columns = {"causal_shift": np.array([0.75, 0.25, 0.5]), "causal_shift_control": np.array([0.25, 0.5, np.nan])}
    assert excess(columns)[:2].tolist() == [0.5, -0.25]
    assert np.isnan(excess(columns)[2])


@pytest.mark.parametrize(("share", "fill"), [(0.01, "inpaint"), (0.5, "inpaint"), (0.51, "swap"), (1.0, "swap")])
def test_a_region_of_more_than_half_the_image_is_swapped(share, fill):
    assert suitable_fill(share) == fill


def test_names_with_controls_are_unique():
    assert len(set(PAIRED)) == len(PAIRED)
