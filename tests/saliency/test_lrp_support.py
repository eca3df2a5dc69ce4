import torch
from torch import fx, nn

from fairaudit.saliency.lrp_support import step_name, unsupported


def steps(module):
    return unsupported(fx.symbolic_trace(module))


class Reshaped(nn.Module):
    def forward(self, x):
        return torch.cat([x.reshape(x.size(0), x.size(1) * 2, -1), x.flatten(2).permute(0, 2, 1)], dim=1)


class Gated(nn.Module):
    def forward(self, x):
        return (x * torch.sigmoid(x)).softmax(1)


def test_moving_values_about_needs_no_rule():
    assert steps(Reshaped()) == []


def test_what_multiplies_has_none():
    assert steps(Gated()) == ["sigmoid", "mul", "softmax"]


def test_attention_has_none():
    class Attending(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = nn.MultiheadAttention(4, 1)

        def forward(self, x):
            return self.attention(x, x, x)[0]

    assert steps(Attending()) == ["MultiheadAttention"]


def test_names_of_steps_are_plain():
    graph = fx.Graph()
    x = graph.placeholder("x")
    names = [step_name(graph.call_function(f, (x, x))) for f in (torch.add, torch.ops.aten.add.Tensor)]
    assert names == ["add", "add"]
    assert step_name(graph.call_method("add_", (x, x))) == "add"
