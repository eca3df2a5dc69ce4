import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fairaudit.ratio import ratio
from fairaudit.seeds import child_seed, generator

NUMBERS = st.just(0.0) | st.floats(1e-6, 1e6) | st.floats(-1e6, -1e-6)


@given(NUMBERS, NUMBERS)
def test_a_ratio_is_the_quotient_or_undefined(top, bottom):
    result = float(ratio(top, bottom))
    if bottom == 0:
        assert np.isnan(result)
    else:
        assert result == np.float64(top) / np.float64(bottom)


def test_nan_stays_undefined_and_shapes_broadcast():
    result = ratio([[1.0], [np.nan]], [2.0, 0.0])
    np.testing.assert_array_equal(result, [[0.5, np.nan], [np.nan, np.nan]])


def test_seeds_depend_on_every_name_and_its_place():
    assert len({child_seed(0, "a", "b"), child_seed(0, "b", "a"), child_seed(0, "ab"), child_seed(1, "a", "b")}) == 4
    assert 0 <= child_seed(2**40, "x", 3) < 2**63
    assert generator(1, "x").random() == generator(1, "x").random()
