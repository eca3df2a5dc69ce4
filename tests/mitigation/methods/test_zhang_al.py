"""The projection of two parameters by hand and by autograd: what is left of the task is orthogonal to the adversary."""

import copy
import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from fairaudit.mitigation.methods import zhang_al
from fairaudit.mitigation.methods.zhang_al import projected
from fairaudit.mitigation.samples import InMemory
from fairaudit.pruning.train import TuneSettings


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


def steps_of(linear, loss_of, monkeypatch, *, unknown=0, batch_size=25):
    """The method's step on 60 rows, a copy of the model, and the adversary: linear in the log-odd and the target."""
    samples = linear.debias.samples
    attribute = torch.cat([torch.full((unknown,), -1), samples.attribute[unknown:]])
    part = InMemory(samples=replace(samples, attribute=attribute), classes=2, groups=2)
    adversary = torch.nn.Linear(3, 2)
    with torch.no_grad():
        adversary.weight.copy_(torch.tensor([[1.0, -0.5, 0.25], [-0.75, 0.5, 0.1]]))
    monkeypatch.setattr(zhang_al, "reader", lambda *_, **__: adversary)
    task = replace(linear, debias=part, strength=0.5, train=TuneSettings(batch_size=batch_size))
    _, more = loss_of(zhang_al, zhang_al.zhang_al, task)
    return more["gradients"], copy.deepcopy(linear.split.module), adversary, part.samples


def slopes(loss, module):
    parts = torch.autograd.grad(loss, list(module.parameters()), retain_graph=True)
    return torch.cat([part.flatten() for part in parts])


def both_slopes(module, adversary, samples, rows):
    """Of the cross-entropy of all rows, and of the adversary's on those whose attribute is known."""
    _, logits = module(samples.images[rows])
    target, attribute = samples.target[rows], samples.attribute[rows]
    own = F.binary_cross_entropy_with_logits(logits[:, 0], target.float())
    read = adversary(torch.cat([logits, torch.eye(2)[target]], dim=1))
    other = F.cross_entropy(read, attribute, ignore_index=-1)
    return slopes(own, module), slopes(other, module)


@pytest.mark.parametrize(("batch_size", "steps"), [(30, 2), (25, 3), (59, 1), (100, 1)])
def test_the_adversarys_part_grows_with_the_square_root_of_the_pass(linear, loss_of, monkeypatch, batch_size, steps):
    """60 rows are two steps of 30, three of 25, and one of 59 or 100: a row alone is no step."""
    step, module, adversary, samples = steps_of(linear, loss_of, monkeypatch, unknown=4, batch_size=batch_size)
    for number in range(3 * steps):
        rows = torch.arange(number, number + 20)
        own, other = both_slopes(module, adversary, samples, rows)
        step(module, rows)
        alpha = 0.5 * math.sqrt(1 + number // steps)
        left = torch.cat([parameter.grad.flatten() for parameter in module.parameters()])
        torch.testing.assert_close(left, own - (own @ other) / (other @ other) * other - alpha * other)


def test_the_adversary_learns_from_every_step_at_adams_rate(linear, loss_of, monkeypatch):
    step, module, adversary, _ = steps_of(linear, loss_of, monkeypatch)
    before = adversary.weight.detach().clone()
    step(module, torch.arange(20))
    moved = (adversary.weight - before).detach().abs()
    torch.testing.assert_close(moved, torch.full_like(moved, zhang_al.RATE), rtol=1e-2, atol=0)


def test_rows_of_unknown_attribute_alone_leave_the_tasks_gradient_and_the_adversary(linear, loss_of, monkeypatch):
    step, module, adversary, samples = steps_of(linear, loss_of, monkeypatch, unknown=20)
    step(module, torch.arange(30, 50))  # so that the adversary has something to go on with
    before, rows = copy.deepcopy(adversary.state_dict()), torch.arange(20)
    loss = F.binary_cross_entropy_with_logits(module(samples.images[rows])[1][:, 0], samples.target[rows].float())
    own = slopes(loss, module)
    step(module, rows)
    torch.testing.assert_close(torch.cat([parameter.grad.flatten() for parameter in module.parameters()]), own)
    assert all(torch.equal(value, before[name]) for name, value in adversary.state_dict().items())
