"""Adjusted p values against the definitions by hand and the families they control."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from fairaudit.measures.intervals.multiple import benjamini_hochberg, holm

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=12)


@given(P_VALUES, st.floats(0.001, 0.5))
def test_holm_rejects_what_its_steps_reject(p_values, level):
    ranked = sorted(p_values)
    rejected = 0
    while rejected < len(ranked) and ranked[rejected] <= level / (len(ranked) - rejected):
        rejected += 1
    adjusted = np.sort(holm(p_values))
    # Equality at the limit may round either way, so only clear cases are compared.
    clear = np.abs(adjusted - level) > 1e-9
    assert ((adjusted <= level)[clear] == (np.arange(len(ranked)) < rejected)[clear]).all()


@given(P_VALUES)
def test_benjamini_hochberg_equals_scipy(p_values):
    np.testing.assert_allclose(benjamini_hochberg(p_values), false_discovery_control(p_values))


@given(P_VALUES)
def test_adjusting_keeps_the_order_and_never_lowers(p_values):
    for adjust in (holm, benjamini_hochberg):
        adjusted = adjust(p_values)
        order = np.argsort(p_values, kind="stable")
        assert (np.diff(adjusted[order]) >= -1e-12).all()
        assert (adjusted >= np.array(p_values) - 1e-12).all()
        assert (adjusted <= 1).all()


def test_a_missing_p_value_stays_missing_and_does_not_count():
    assert holm([0.02, np.nan, 0.03])[[0, 2]].tolist() == pytest.approx([0.04, 0.04])
    assert np.isnan(benjamini_hochberg([0.02, np.nan])[1])
    assert holm([]).shape == (0,)


@pytest.mark.parametrize("p_values", [[1.2], [-0.1], [[0.1]]])
def test_what_is_no_p_value_is_refused(p_values):
    with pytest.raises(ValueError, match="p values"):
        holm(p_values)
