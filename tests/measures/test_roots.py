"""Zeros of functions against SciPy's, step by step, and against closed forms."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from fairaudit.measures.roots import root

FUNCTIONS = {
    "cubic": lambda a: lambda x: x**3 - a,
    "exponential": lambda a: lambda x: math.exp(x) - 1 - a,
    "kinked": lambda a: lambda x: math.copysign(math.sqrt(abs(x - a)), x - a),
    "logistic": lambda a: lambda x: 1 / (1 + math.exp(-8 * (x - a))) - 0.5,
}


@given(
    name=st.sampled_from(sorted(FUNCTIONS)),
    a=st.floats(0.01, 0.95),
    low=st.floats(-3, 0),
    high=st.floats(1, 4),
    within=st.sampled_from([1e-4, 1e-6, 1e-10]),
)
def test_every_step_is_scipys(name, a, low, high, within):
    own, theirs = [], []

    def noted(places):
        function = FUNCTIONS[name](a)
        return lambda x: (places.append(x), function(x))[1]

    found = root(noted(own), low, high, within=within)
    assert found == pytest.approx(brentq(noted(theirs), low, high, xtol=within), rel=1e-12, abs=1e-14)
    assert len(own) == len(theirs)


def test_a_zero_at_an_end_is_found_at_once():
    assert root(lambda x: x, 0.0, 1.0, within=1e-9) == 0.0
    assert root(lambda x: x - 1, 0.0, 1.0, within=1e-9) == 1.0


def test_ends_of_one_sign_are_refused():
    with pytest.raises(ValueError, match="same sign"):
        root(lambda x: x + 2, 0.0, 1.0, within=1e-9)


def test_a_function_that_is_too_flat_for_a_curve_is_halved():
    assert root(lambda x: (x - 0.3) ** 99, -3.0, 4.0, within=1e-4) == pytest.approx(0.3, abs=1e-3)
