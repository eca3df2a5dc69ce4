"""The projection of two parameters by hand and by autograd: what is left of the task is orthogonal to the adversary."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from fairaudit.mitigation.methods.zhang_al import projected


@given(st.integers(0, 1000), st.floats(0, 3))
def test_equals_the_definition_on_two_parameters(seed, strength):
    draw = torch.Generator().manual_seed(seed)
    w = torch.randn(2, generator=draw, dtype=torch.float64, requires_grad=True)
    x, y, a = (torch.randn(5, generator=draw, dtype=torch.float64) for _ in range(3))
    out = w[0] * x + w[1]
    (g_y,) = torch.autograd.grad((out - y).square().mean(), w, retain_graph=True)
    (g_a,) = torch.autograd.grad((0.7 * out - a).square().mean(), w)
    unit = g_a / g_a.norm()
    wanted = g_y - (g_y @ unit) * unit - strength * g_a
    assert torch.allclose(projected(g_y, g_a, strength), wanted, atol=1e-10)
    assert abs(float(projected(g_y, g_a, 0.0) @ g_a)) < 1e-8 * (1 + float(g_y.norm() * g_a.norm()))


def test_without_a_gradient_of_the_adversary_it_is_the_tasks():
    g = torch.tensor([1.0, -2.0])
    assert torch.equal(projected(g, torch.zeros(2), 1.0), g)
