"""Each kind of operation becomes its module, with the numbers it had; compared with torch's own functions."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from fairaudit.models.lift.lift import lift


class Call(nn.Module):
    """One function on the images, then a mean."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x).flatten(1)


CASES = [
    ("PReLU", lambda x: F.prelu(x, torch.tensor([0.1, 0.2, 0.3]))),
    ("Conv2d", lambda x: F.conv2d(x, torch.ones(2, 3, 3, 3), padding="same")),
    ("Conv2d", lambda x: F.conv2d(x, torch.ones(6, 1, 2, 2), torch.ones(6), 2, 1, 2, 3)),
    ("ConvTranspose2d", lambda x: F.conv_transpose2d(x, torch.ones(3, 2, 3, 3), None, 2, 1, 1)),
    ("ConvTranspose2d", lambda x: F.conv_transpose2d(x, torch.ones(3, 2, 3, 3), torch.ones(6), 1, 1, 0, 3, 2)),
    ("Linear", lambda x: F.linear(x, torch.ones(4, 9), torch.ones(4))),
    ("Linear", lambda x: torch.addmm(torch.ones(4), x.flatten(1), torch.ones(4, 216).t())),
    ("Linear", lambda x: x.flatten(1) @ torch.ones(216, 2)),
    (
        "BatchNorm2d",
        lambda x: F.batch_norm(x, torch.ones(3), torch.full((3,), 2.0), torch.full((3,), 3.0), None, eps=0.1),
    ),
    ("BatchNorm2d", lambda x: x / 255),
    ("BatchNorm2d", lambda x: torch.tensor([1.0, 2.0, 3.0]).view(3, 1, 1) * x),
    ("LayerNorm", lambda x: F.layer_norm(x, (9,), torch.full((9,), 2.0))),
    ("LayerNorm", lambda x: F.layer_norm(x, (8, 9))),
    ("GroupNorm", lambda x: F.group_norm(x, 3, torch.ones(3), torch.ones(3), 0.1)),
    ("GroupNorm", lambda x: F.instance_norm(x)),
    ("GroupNorm", lambda x: F.instance_norm(x.flatten(2), weight=torch.full((3,), 2.0), bias=torch.ones(3), eps=0.1)),
    ("Sum", lambda x: x.relu() + x.tanh()),
]


@pytest.mark.parametrize(("kind", "function"), CASES, ids=[f"{kind}{number}" for number, (kind, _) in enumerate(CASES)])
def test_an_operation_becomes_its_module(kind, function):
    torch.manual_seed(0)
    model, images = Call(function), torch.randn(2, 3, 8, 9)
    lifted = lift(model, images)
    assert lifted.kinds.get(kind) == 1
    other = torch.randn(3, 3, 8, 9)
    torch.testing.assert_close(lifted.module(other), model(other), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.relu() * x.abs(),  # two signals
        lambda x: torch.cat([x.softmax(1), x], 1),
        lambda x: x.flatten(1)[:, torch.tensor([2, 0, 1])],
        lambda x: torch.cat([torch.zeros(x.size(0), 1, 8, 9), x], 1),
        lambda x: torch.einsum("nchw,nchv->ncwv", x, x),
    ],
)
def test_other_operations_stay_as_they_are(function):
    model, images = Call(function), torch.randn(2, 3, 8, 9)
    lifted = lift(model, images)
    other = torch.randn(4, 3, 8, 9)
    torch.testing.assert_close(lifted.module(other), model(other))
    assert not {"Sum", "GatedProduct", "Mix"} & set(lifted.kinds)


def test_a_view_does_not_bind_the_graph_to_one_memory_order():
    shuffle = Call(lambda x: F.conv2d(x, torch.ones(4, 3, 1, 1)).view(x.size(0), 2, 2, 8, 9).transpose(1, 2))
    images = torch.randn(2, 3, 8, 9)
    lifted = lift(shuffle, images).module.to(memory_format=torch.channels_last)
    torch.testing.assert_close(lifted(images.contiguous(memory_format=torch.channels_last)), shuffle(images))


class Mixer(nn.Module):
    """Torch's multi-head attention over the rows of an image."""

    def __init__(self):
        super().__init__()
        self.own = nn.MultiheadAttention(12, 3, batch_first=True)

    def forward(self, x):
        tokens = x.mean(1)
        return self.own(tokens, tokens, tokens, need_weights=False)[0].mean(1)


def test_multi_head_attention_becomes_layers():
    torch.manual_seed(2)
    model, images = Mixer().eval(), torch.randn(2, 3, 5, 12)
    lifted = lift(model, images)
    assert lifted.kinds == {"Attend": 1, "Linear": 2, "LinearMap": 2}
    assert {"own.in_proj", "own.out_proj"} <= dict(lifted.module.named_modules()).keys()
    other = torch.randn(4, 3, 5, 12)
    torch.testing.assert_close(lifted.module(other), model(other))
