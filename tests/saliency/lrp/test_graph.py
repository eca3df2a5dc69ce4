"""Gates and attention weights are constants in the graph in which relevance is handed down."""

import pytest
import torch
from torch import nn

from fairaudit.models.lift.lift import lift
from fairaudit.saliency.lrp.graph import held_constant, is_signed, with_constant_gates
from fairaudit.saliency.lrp.method import Lrp
from tests.saliency.conftest import Double


class Gated(nn.Module):
    def __init__(self, activation):
        super().__init__()
        self.conv, self.squeeze, self.activation = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 1), activation

    def forward(self, x):
        x = self.activation(self.conv(x))
        return (x * self.squeeze(x.mean((2, 3), keepdim=True)).sigmoid()).mean((2, 3))


def gradient(module, x):
    leaf = x.clone().requires_grad_()
    return torch.autograd.grad(module(leaf).sum(), leaf)[0]


def test_the_gradient_is_that_with_a_constant_gate():
    torch.manual_seed(0)
    model, images = Gated(nn.ReLU()).eval().requires_grad_(False), torch.randn(2, 3, 6, 6)
    cut = with_constant_gates(lift(model, images).module)
    torch.testing.assert_close(cut(images), model(images))
    gate = model.squeeze(model.conv(images).relu().mean((2, 3), keepdim=True)).sigmoid().detach()
    leaf = images.clone().requires_grad_()
    (wanted,) = torch.autograd.grad((model.conv(leaf).relu() * gate).mean((2, 3)).sum(), leaf)
    torch.testing.assert_close(gradient(cut, images), wanted)
    assert not torch.allclose(gradient(model, images), wanted)


def test_a_signal_that_gates_itself_keeps_one_way():
    model, images = nn.Sequential(Swish(), nn.Flatten()), torch.randn(2, 3, 4, 4)
    cut = with_constant_gates(lift(model, images).module)
    torch.testing.assert_close(gradient(cut, images), images.sigmoid())


def test_a_gelu_that_is_spelled_out_is_a_gate_as_in_onnx_files():
    model, images = nn.Sequential(SpelledGelu(), nn.Flatten()), torch.randn(2, 3, 4, 4)
    lifted = lift(model, images)
    assert lifted.kinds["SelfGatedProduct"] == 1
    cut = with_constant_gates(lifted.module)
    torch.testing.assert_close(cut(images), nn.functional.gelu(images).flatten(1))
    torch.testing.assert_close(gradient(cut, images), torch.special.ndtr(images))


class SpelledGelu(nn.Module):
    """x · Φ(x) by its error function, the way exporters write it."""

    def forward(self, x):
        return x * (torch.erf(x / 2**0.5) + 1) * 0.5


class Swish(nn.Module):
    def forward(self, x):
        return x * x.sigmoid()


def test_one_graph_per_module_that_shares_the_weights():
    graph = lift(Gated(nn.ReLU()).eval(), torch.randn(2, 3, 6, 6)).module
    assert with_constant_gates(graph) is with_constant_gates(graph)
    assert with_constant_gates(graph).conv.weight is graph.conv.weight


@pytest.mark.parametrize(
    ("model", "signed"),
    [
        (Gated(nn.ReLU()), False),
        (Gated(nn.SiLU()), True),
        (Gated(Swish()), True),  # the same activation, spelled out
        (nn.Sequential(nn.Conv2d(3, 4, 3), nn.SiLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()), False),
        (nn.Sequential(nn.Conv2d(3, 4, 3), Swish(), nn.AdaptiveAvgPool2d(1), nn.Flatten()), False),
        (nn.Sequential(nn.Conv2d(3, 4, 3), nn.GroupNorm(2, 4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()), True),
    ],
)
def test_which_networks_have_numbers_of_either_sign(model, signed):
    assert is_signed(lift(model.eval(), torch.randn(2, 3, 6, 6)).module) == signed


@pytest.mark.parametrize("composite", [None, "epsilon", "epsilon_plus"])
def test_an_activation_that_is_spelled_out_has_the_maps_of_its_module(composite):
    torch.manual_seed(0)
    images, maps = torch.randn(4, 3, 6, 6), []
    named, spelled = (Gated(activation).eval().requires_grad_(False) for activation in (nn.SiLU(), Swish()))
    spelled.load_state_dict(named.state_dict())
    method = Lrp(composite=composite) if composite else Lrp()
    for model in (named, spelled):
        maps.append(method.attribute(Double(model, outputs=4), images, torch.tensor([0, 1, 2, 3])).maps)
    torch.testing.assert_close(maps[0], maps[1])


def test_what_is_held_constant_is_said():
    graph = lift(Gated(nn.ReLU()).eval(), torch.randn(2, 3, 6, 6)).module
    assert held_constant(graph) == ["gates"]
    plain = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval()
    assert held_constant(lift(plain, torch.randn(2, 3, 6, 6)).module) == []


class Packed(nn.Module):
    """Attention over rows whose queries, keys and values are items of one list."""

    def __init__(self):
        super().__init__()
        self.packed = nn.Linear(6, 18)

    def forward(self, x):
        query, key, values = self.packed(x).unflatten(-1, (3, 6)).unbind(-2)
        return ((query @ key.transpose(-2, -1)).softmax(-1) @ values).mean((1, 2))


def test_items_of_a_list_go_their_own_ways():
    torch.manual_seed(0)
    model, images = Packed().eval().requires_grad_(False), torch.randn(2, 3, 6, 6)
    cut = with_constant_gates(lift(model, images).module)
    leaf = images.clone().requires_grad_()
    query, key, values = model.packed(leaf).unflatten(-1, (3, 6)).unbind(-2)
    weights = (query @ key.transpose(-2, -1)).softmax(-1).detach()
    (wanted,) = torch.autograd.grad((weights @ values).mean((1, 2)).sum(), leaf)
    torch.testing.assert_close(gradient(cut, images), wanted)
