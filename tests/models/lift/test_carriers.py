"""Relevance reaches signals and values, and neither gates nor what attention weights are made of."""

import torch
from torch import nn

from fairaudit.models.lift.carriers import carriers, layer_of, word
from fairaudit.models.lift.lift import lift


class Gated(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.squeeze = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 1)

    def forward(self, x):
        x = self.conv(x)
        return (x * self.squeeze(x.mean((2, 3), keepdim=True)).sigmoid()).mean((2, 3))


def test_gates_are_not_reached():
    graph = lift(Gated().eval(), torch.randn(2, 3, 6, 6)).module
    reached = carriers(graph)
    assert all(reached.values())
    names = [str(node.target) for node in reached if node.op == "call_module"]
    assert "conv" in names
    assert "squeeze" not in names
    assert [type(layer_of(graph, node)).__name__ for node in reached][:2] == ["Conv2d", "GatedProduct"]


def test_what_cannot_be_passed_is_said():
    class Power(nn.Module):
        def forward(self, x):
            return x.pow(2).mean((2, 3))

    graph = lift(Power(), torch.randn(2, 3, 6, 6)).module
    assert {word(node) for node, passes in carriers(graph).items() if not passes} == {"pow"}
