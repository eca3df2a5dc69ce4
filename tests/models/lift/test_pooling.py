"""Activations, pooling and reshapes become modules with the numbers they had; against torch's own functions."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from fairaudit.models.lift.lift import lift
from fairaudit.models.lift.pooling import _clamp, _elu, pair


class Call(nn.Module):
    """One function on the images, then a mean."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x).flatten(1)


CASES = [
    ("ReLU", lambda x: torch.relu(x)),
    ("ReLU", lambda x: x.clamp_min(0)),
    ("ReLU6", lambda x: F.relu6(x)),
    ("ReLU6", lambda x: x.clamp(0, 6)),
    ("Hardtanh", lambda x: x.clamp(-0.5, 0.75)),
    ("GELU", lambda x: F.gelu(x, approximate="tanh")),
    ("GELU", lambda x: F.gelu(x)),
    ("SiLU", lambda x: F.silu(x)),
    ("ELU", lambda x: F.elu(x, 0.3)),
    ("SELU", lambda x: F.selu(x)),
    ("Mish", lambda x: F.mish(x)),
    ("Tanh", lambda x: x.tanh()),
    ("Sigmoid", lambda x: x.sigmoid()),
    ("Softplus", lambda x: F.softplus(x, 2.0, 1.0)),
    ("LeakyReLU", lambda x: F.leaky_relu(x, 0.3)),
    ("Hardswish", lambda x: F.hardswish(x)),
    ("Hardsigmoid", lambda x: F.hardsigmoid(x)),
    ("MaxPool2d", lambda x: F.max_pool2d(x, 3, 2, 1, ceil_mode=True)),
    ("MaxPool2d", lambda x: F.max_pool2d(x, (2, 3))),
    ("AvgPool2d", lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False)),
    ("AdaptiveAvgPool2d", lambda x: F.adaptive_avg_pool2d(x, (2, 3))),
    ("AdaptiveAvgPool2d", lambda x: x.mean((-1, -2))),
    ("AdaptiveAvgPool2d", lambda x: x.mean((2, 3), keepdim=True)),
    ("AdaptiveMaxPool2d", lambda x: F.adaptive_max_pool2d(x, 2)),
    ("Flatten", lambda x: x.view(x.size(0), -1)),
    ("Flatten", lambda x: x.reshape(x.shape[0], 216)),
]


@pytest.mark.parametrize(("kind", "function"), CASES, ids=[f"{kind}{number}" for number, (kind, _) in enumerate(CASES)])
def test_an_operation_becomes_its_module(kind, function):
    torch.manual_seed(0)
    model, images = Call(function), torch.randn(2, 3, 8, 9)
    lifted = lift(model, images)
    assert lifted.kinds.get(kind) == 1
    other = torch.randn(3, 3, 8, 9)
    torch.testing.assert_close(lifted.module(other), model(other), atol=1e-5, rtol=1e-5)


def test_dropout_in_evaluation_mode_is_removed():
    lifted = lift(
        nn.Sequential(nn.Dropout(0.5), nn.Flatten(), nn.Linear(216, 2), nn.Dropout(0.5)).eval(), torch.randn(2, 3, 8, 9)
    )
    assert lifted.kinds == {"Flatten": 1, "Linear": 1}


def test_a_reused_in_place_activation_becomes_one_module_per_call():
    relu = nn.ReLU(inplace=True)
    model = nn.Sequential(
        nn.Conv2d(3, 3, 1), relu, nn.Conv2d(3, 3, 1), relu, nn.AdaptiveAvgPool2d(1), nn.Flatten()
    ).eval()
    lifted = lift(model, torch.randn(2, 3, 8, 9))
    found = [module for module in lifted.module.modules() if isinstance(module, nn.ReLU)]
    assert len(found) == 2
    assert not any(module.inplace for module in found)


def test_pairs():
    assert pair([2]) == (2, 2)
    assert pair((2, 3)) == (2, 3)
    assert pair("same") == "same"


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [(0, None, nn.ReLU), (0, 6, nn.ReLU6), (-1, 1, nn.Hardtanh), (None, 1, None), (1, None, None)],
)
def test_a_clamp_is_the_activation_that_it_equals(low, high, wanted):
    found = _clamp({"min": low, "max": high})
    assert (None if found is None else type(found)) is wanted


def test_an_elu_of_other_scales_stays():
    assert _elu({"scale": 1, "input_scale": 1, "alpha": 0.5}).alpha == 0.5
    assert _elu({"scale": 1.05, "input_scale": 1, "alpha": 1.67}) is None
