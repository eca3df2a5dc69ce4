"""Equation 8: the clamp forward, the unclamped derivative backward, and what the printed equation would do instead."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fairaudit.pruning.gates import START, gate, keep

TAUS = (2.0, 1.0, 0.5, 0.125)
FINITE = st.floats(-20, 20, allow_nan=False)


def slope(m, tau):
    value = torch.tensor(m, dtype=torch.float64, requires_grad=True)
    (found,) = torch.autograd.grad(gate(value, tau), value)
    return found.item()


@pytest.mark.parametrize("tau", TAUS)
def test_forward_is_the_closed_form(tau):
    for m in (-3.0, -0.4, -1e-3, 0.0, 0.2, 5.0):
        expected = 1.0 if m >= 0 else 2 / (1 + math.exp(-m / tau))
        assert gate(torch.tensor(m, dtype=torch.float64), tau).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("tau", TAUS)
def test_backward_below_zero_is_the_finite_difference(tau):
    for m in (-2.0, -0.7, -0.05):
        step = 1e-6
        ends = [gate(torch.tensor(m + side * step, dtype=torch.float64), tau).item() for side in (1, -1)]
        assert slope(m, tau) == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-6)


@given(m=FINITE, tau=st.sampled_from(TAUS))
def test_backward_is_even_and_never_negative(m, tau):
    assert slope(m, tau) == pytest.approx(slope(-m, tau), rel=1e-9, abs=1e-300)
    assert slope(m, tau) >= 0


@pytest.mark.parametrize("tau", TAUS)
def test_backward_is_largest_at_zero_where_it_is_half_over_tau(tau):
    assert slope(0.0, tau) == pytest.approx(0.5 / tau)
    assert slope(0.1, tau) < slope(0.0, tau)


@pytest.mark.parametrize("tau", TAUS)
def test_backward_is_that_of_the_unclamped_curve(tau):
    m = torch.linspace(-3, 3, 25, dtype=torch.float64, requires_grad=True)
    (found,) = torch.autograd.grad(gate(m, tau).sum(), m)
    (expected,) = torch.autograd.grad((2 * torch.sigmoid(m / tau)).sum(), m)
    torch.testing.assert_close(found, expected)


def test_the_printed_equation_with_a_straight_through_step_would_not_move():
    # d/dm [Θ(−m) 2σ + Θ(m)] with Θ' := 1 is 1 − 2σ(m/τ) + [m < 0] (2/τ) σ (1 − σ): 0 at 0, negative above.
    m = torch.tensor([0.0, 0.5, 2.0], dtype=torch.float64)
    printed = 1 - 2 * torch.sigmoid(m)
    assert printed[0] == 0
    assert (printed[1:] < 0).all()
    assert slope(0.0, 1.0) == 0.5


def test_forward_starts_at_exactly_one():
    assert gate(torch.full((5,), START), 1e-6).tolist() == [1.0] * 5


@given(st.lists(FINITE, min_size=1, max_size=20))
def test_a_cold_gate_is_the_mask(values):
    m = torch.tensor(values, dtype=torch.float64)
    m = torch.where(m.abs() < 1e-3, torch.zeros_like(m), m)
    assert torch.equal(gate(m, 1e-6) > 0.5, keep(m))


@pytest.mark.parametrize("tau", [0.0, -1.0, float("nan")])
def test_a_temperature_that_is_none_is_refused(tau):
    with pytest.raises(ValueError, match="temperature"):
        gate(torch.zeros(1), tau)
