import pytest
import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile
from zennit.rules import AlphaBeta, Epsilon, Flat, Gamma, Norm, ZPlus

from fairaudit.saliency.lrp.rules import Even, Favoured, Plus, PlusMinus, Proportional

PAIRS = {
    "plus": (Plus, ZPlus),
    "plus_minus": (PlusMinus, lambda: AlphaBeta(alpha=2, beta=1)),
    "favoured": (Favoured, lambda: Gamma(gamma=0.25)),
    "proportional": (Proportional, Epsilon),
    "even": (Even, Flat),
}
LAYERS = {
    "conv": lambda: nn.Conv2d(4, 6, 3, padding=1),
    "strided": lambda: nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 0), bias=False),
    "dilated": lambda: nn.Conv2d(4, 6, 3, dilation=2),
    "grouped": lambda: nn.Conv2d(4, 6, 3, groups=2),
    "reflecting": lambda: nn.Conv2d(4, 6, 3, padding=1, padding_mode="reflect"),
    "transposed": lambda: nn.ConvTranspose2d(4, 6, 3, stride=2),
    "linear": lambda: nn.Linear(8, 5),
}


def passed(rule, layer, x, relevance):
    handle = rule.register(layer)
    try:
        leaf = x.clone().requires_grad_()
        (below,) = torch.autograd.grad(layer(leaf), leaf, relevance)
    finally:
        handle.remove()
    return below


@pytest.mark.parametrize("sign", ["positive", "mixed"])
@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("rule", PAIRS)
def test_rules_are_zennits(small, rule, layer, sign):
    module = small.seeded(LAYERS[layer]())
    generator = torch.Generator().manual_seed(1)
    shape = (3, 8) if layer == "linear" else (3, 4, 7, 8)
    x = torch.randn(shape, generator=generator, dtype=torch.float64)
    x = x.relu() if sign == "positive" else x
    relevance = torch.randn(module(x).shape, generator=generator, dtype=torch.float64)
    mine, theirs = (make() for make in PAIRS[rule])
    torch.testing.assert_close(
        passed(mine, module, x, relevance), passed(theirs, module, x, relevance), rtol=1e-9, atol=1e-9
    )


@pytest.mark.parametrize("layer", [nn.AvgPool2d(2), nn.AdaptiveAvgPool2d((2, 3))])
def test_pooling_is_zennits_norm(layer):
    generator = torch.Generator().manual_seed(1)
    x = torch.randn((2, 3, 6, 6), generator=generator, dtype=torch.float64)
    relevance = torch.randn(layer(x).shape, generator=generator, dtype=torch.float64)
    torch.testing.assert_close(passed(Proportional(), layer, x, relevance), passed(Norm(), layer, x, relevance))


def convolutions(rule, layer, x):
    relevance = torch.ones_like(layer(x))
    with profile(activities=[ProfilerActivity.CPU], acc_events=True) as seen:
        passed(rule, layer, x, relevance)
    counts = {event.key: event.count for event in seen.key_averages()}
    return counts.get("aten::convolution", 0), counts.get("aten::convolution_backward", 0)


def test_plus_needs_one_convolution_and_one_backward_beside_the_forward_pass(small):
    layer = small.seeded(nn.Conv2d(4, 6, 3)).float()
    x = torch.rand(1, 4, 8, 8)
    assert convolutions(Plus(), layer, x) == (2, 1)
    assert convolutions(ZPlus(), layer, x) == (3, 3)


def test_a_layer_that_is_not_explained_is_left_alone(small):
    layer = small.seeded(nn.Conv2d(4, 6, 3))
    x = torch.rand(1, 4, 8, 8, dtype=torch.float64)
    wanted = layer(x)
    handle = Plus().register(layer)
    torch.testing.assert_close(layer(x), wanted, rtol=0, atol=0)
    handle.remove()
