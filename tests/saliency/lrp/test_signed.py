"""Rules for numbers of either sign: γ is zennit's, norms and attention are gradient × input with what is constant."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from zennit.core import Composite
from zennit.rules import Gamma as ZennitGamma

from fairaudit.models.lift.products import Attend
from fairaudit.saliency.lrp.rules import Ledger, bias_of
from fairaudit.saliency.lrp.signed import Attending, Gamma, Normalised


def by_rule(rule, layer, x, relevance, *others):
    composite = Composite(module_map=lambda _context, _name, module: rule if module is layer else None)
    leaf = x.clone().requires_grad_()
    with composite.context(layer):
        return torch.autograd.grad(layer(leaf, *others), leaf, relevance)[0]


def double(layer, seed=0):
    torch.manual_seed(seed)
    layer = layer.double().requires_grad_(False)
    for weight in layer.parameters():
        nn.init.normal_(weight)
    return layer


LAYERS = [
    (nn.Linear(7, 5), (4, 3, 7)),
    (nn.Linear(7, 5, bias=False), (4, 7)),
    (nn.Conv2d(4, 6, 3, stride=2, padding=1, groups=2), (2, 4, 8, 9)),
    (nn.Conv2d(3, 5, (2, 3), dilation=2), (2, 3, 8, 9)),
]


@pytest.mark.parametrize(("layer", "shape"), LAYERS)
@pytest.mark.parametrize("bias_free", [False, True])
def test_gamma_is_zennits(layer, shape, bias_free):
    layer = double(layer)
    x = torch.randn(shape, dtype=torch.float64)
    relevance = torch.randn_like(layer(x))
    zero = ["bias"] if bias_free else []
    wanted = by_rule(ZennitGamma(gamma=0.25, stabilizer=1e-12, zero_params=zero), layer, x, relevance)
    torch.testing.assert_close(by_rule(Gamma(0.25, bias_free=bias_free), layer, x, relevance), wanted)


@pytest.mark.parametrize(("layer", "shape"), LAYERS)
def test_relevance_and_what_biases_take_add_up(layer, shape):
    layer, ledger = double(layer), Ledger()
    x = torch.randn(shape, dtype=torch.float64)
    relevance = torch.randn_like(layer(x))
    below = by_rule(Gamma(0.25, ledger=ledger), layer, x, relevance)
    assert float(below.sum()) + ledger.absorbed == pytest.approx(float(relevance.sum()), rel=1e-6)


def with_constant_spread(layer, x):
    """The norm, with what it divides by held constant."""
    if isinstance(layer, nn.LayerNorm):
        axes = tuple(range(-len(layer.normalized_shape), 0))
        centred = x - x.mean(axes, keepdim=True)
        spread = (x.var(axes, correction=0, keepdim=True) + layer.eps).sqrt().detach()
        return centred / spread * layer.weight + layer.bias
    groups = x.reshape(len(x), layer.num_groups, -1)
    spread = (groups.var(-1, correction=0, keepdim=True) + layer.eps).sqrt().detach()
    normed = ((groups - groups.mean(-1, keepdim=True)) / spread).view_as(x)
    shape = (1, -1, *[1] * (x.ndim - 2))
    return normed * layer.weight.view(shape) + layer.bias.view(shape)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [(nn.LayerNorm(6), (2, 5, 6)), (nn.LayerNorm((4, 6)), (2, 3, 4, 6)), (nn.GroupNorm(2, 4), (2, 4, 5, 6))],
)
def test_norms_are_input_times_gradient_with_a_constant_spread(layer, shape):
    layer, ledger = double(layer), Ledger()
    x = torch.randn(shape, dtype=torch.float64)
    slope = torch.randn(shape, dtype=torch.float64)  # relevance of the output is output × slope
    found = by_rule(Normalised(epsilon=1e-12, ledger=ledger), layer, x, layer(x) * slope)
    leaf = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(with_constant_spread(layer, leaf), leaf, slope)
    torch.testing.assert_close(found, x * gradient)
    taken = float((bias_of(layer, x) * slope).sum())
    assert ledger.absorbed == pytest.approx(taken)
    assert float(found.sum()) + taken == pytest.approx(float((layer(x) * slope).sum()))


def test_attention_is_values_times_gradient_with_constant_weights():
    torch.manual_seed(0)
    query, key, values = torch.randn(3, 2, 4, 5, 6, dtype=torch.float64)
    layer = Attend()
    output = layer(values, query, key)
    slope = torch.randn_like(output)
    found = by_rule(Attending(epsilon=1e-12), layer, values, output * slope, query, key)
    leaf = values.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(F.scaled_dot_product_attention(query, key, leaf), leaf, slope)
    torch.testing.assert_close(found, values * gradient)
    torch.testing.assert_close(found.sum(), (output * slope).sum())
