"""Oracle: `scipy.optimize.brentq`, and zeros in closed form."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from fairaudit.measures.intervals.simultaneous import range_quantile
from fairaudit.measures.root import root

CURVES = (
    lambda x, zero: math.expm1(x - zero),
    lambda x, zero: math.atan(20 * (x - zero)),
    lambda x, zero: math.erf(x - zero),
    lambda x, zero: zero - x,
)


@pytest.mark.parametrize("curve", CURVES)
@given(zero=st.floats(-4.9, 4.9), within=st.sampled_from([1e-3, 1e-6, 1e-10]))
def test_it_takes_the_same_steps_as_scipy(curve, zero, within):
    ours, theirs = [], []

    def noted(steps):
        def function(x):
            steps.append(x)
            return curve(x, zero)

        return function

    found = root(noted(ours), -5.0, 5.0, within=within)
    expected = brentq(noted(theirs), -5.0, 5.0, xtol=within)
    assert abs(found - expected) <= 2 * within  # fused multiplications of a compiler may move the last bits
    assert len(ours) <= len(theirs) + 2
    assert abs(found - zero) <= 2 * within + 1e-14 or abs(curve(found, zero)) < 1e-300


def test_ends_that_are_zeros_and_ends_of_one_sign():
    assert root(lambda x: x, 0.0, 1.0, within=1e-9) == 0.0
    assert root(lambda x: x - 1, 0.0, 1.0, within=1e-9) == 1.0
    with pytest.raises(ValueError, match="one sign at 0 and 1"):
        root(lambda x: x + 1, 0.0, 1.0, within=1e-9)


@pytest.mark.parametrize(("groups", "rates"), [(2, 1), (3, 2), (12, 1), (8, 20)])
def test_a_quantile_of_the_range_is_as_scipy_finds_it(groups, rates, monkeypatch):
    found = range_quantile.__wrapped__(0.95, groups=groups, rates=rates)
    monkeypatch.setattr(
        "fairaudit.measures.intervals.simultaneous.root", lambda f, a, b, within: brentq(f, a, b, xtol=within)
    )
    assert found == pytest.approx(range_quantile.__wrapped__(0.95, groups=groups, rates=rates), abs=1e-11)
