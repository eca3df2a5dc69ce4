"""Sums become functions with the same numbers, and only where they are asked for."""

import pytest
import torch
from torch import nn

from fairaudit.models.lift.lift import lift
from fairaudit.models.lift.sums import PLAIN, with_sums


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 1)

    def forward(self, x):
        y = self.first(x) + x
        return (self.second(y) + y + 1).mean((2, 3))


@pytest.fixture
def graph():
    torch.manual_seed(0)
    return lift(Residual().eval(), torch.randn(2, 3, 8, 8)).module


def words(module):
    return [str(node.target) for node in module.graph.nodes if node.op == "call_module"]


def test_the_same_numbers_without_a_stack(graph):
    plain = with_sums(graph, lambda node: PLAIN)
    images = torch.randn(5, 3, 8, 8)
    torch.testing.assert_close(plain(images), graph(images), rtol=0, atol=0)
    assert len(words(graph)) == len(words(plain)) + 2
    assert not any(node.target is torch.stack for node in plain.graph.nodes)
    assert any(node.target is torch.stack for node in graph.graph.nodes)
    assert plain.get_submodule("first") is graph.get_submodule("first")


def test_one_is_left_where_it_is_hooked(graph):
    kept = next(name for name in words(graph) if "sum" in name)
    made = with_sums(graph, lambda node: None if node.target == kept else (torch.sub, ()))
    assert [name for name in words(made) if "sum" in name] == [kept]
    images = torch.randn(2, 3, 8, 8)
    first = graph.get_submodule("first")(images) + images
    wanted = (graph.get_submodule("second")(first) - first + 1).mean((2, 3))
    torch.testing.assert_close(made(images), wanted)
