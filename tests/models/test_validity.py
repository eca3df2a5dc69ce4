"""The allow-list: valid families on simple models, and the reason where they are not."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from fairaudit.errors import MethodError
from fairaudit.models.lift.lift import lift
from fairaudit.models.validity import methods_for, require


class Lambda(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def reasons(*layers):
    torch.manual_seed(0)
    images = torch.randn(2, 3, 8, 8)
    return dict(methods_for(lift(nn.Sequential(*layers).eval(), images), images))


def conv():
    return nn.Conv2d(3, 3, 3, padding=1)


POOL = (nn.AdaptiveAvgPool2d(1), nn.Flatten())


def test_a_plain_network_takes_all():
    assert reasons(conv(), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2), *POOL) == dict.fromkeys(
        ("gradient", "lrp", "gradcam")
    )


def test_normalisation_inside_the_model_takes_all():
    inside = Lambda(lambda x: (x / 255 - torch.tensor([0.4, 0.5, 0.6]).view(3, 1, 1)) / 0.2)
    assert reasons(inside, conv(), nn.ReLU(), *POOL)["lrp"] is None


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.Softmax(dim=1), "a model that returns logits"),
        (Lambda(lambda x: x * x.abs()), "neither of which is a gate"),
        (Lambda(lambda x: x @ x), "has to be the softmax of an attention"),
        (Lambda(lambda x: x.pow(2)), "1 pow"),
    ],
)
def test_lrp_is_refused_with_the_operation(layer, text):
    found = reasons(conv(), layer, *POOL)
    assert text in found["lrp"]
    assert found["gradient"] is None


@pytest.mark.parametrize(
    "layer",
    [
        nn.GroupNorm(1, 3),
        nn.LayerNorm((8, 8)),
        nn.Mish(),
        Lambda(lambda x: x * x.mean((2, 3), keepdim=True).sigmoid()),
        Lambda(lambda x: x * torch.sigmoid(x)),
        Lambda(lambda x: 1 - x),
        Lambda(lambda x: x.repeat(1, 1, 2, 1)),
        Lambda(lambda x: torch.where(torch.ones(8, 8).tril().bool(), x, 0.0)),
        Lambda(lambda x: x.masked_fill(x < 0, 0.0)),
        Lambda(lambda x: x * x.sigmoid() * x.relu()),
        Lambda(lambda x: x.relu() * (x * x.softmax(3).sum(2, keepdim=True)).sum(3, keepdim=True).expand_as(x)),
        Lambda(lambda x: -x.roll(1, 2)),
        Lambda(lambda x: x - x.mean((2, 3), keepdim=True)),
        Lambda(lambda x: x / (x.pow(2).mean(1, keepdim=True) + 1).sqrt()),
        Lambda(lambda x: (x @ x).softmax(-1) @ x),
        Lambda(lambda x: torch.einsum("ncij,ncjk->ncik", x.softmax(-1), x)),
        Lambda(lambda x: F.scaled_dot_product_attention(x.pow(3), x.sin(), x)),  # queries and keys need no rule
        Lambda(lambda x: F.interpolate(x, scale_factor=2, mode="bilinear")),
    ],
)
def test_lrp_is_valid(layer):
    assert reasons(conv(), layer, *POOL)["lrp"] is None


def test_temperature_scaling_takes_all():
    found = reasons(conv(), nn.ReLU(), *POOL, Lambda(lambda x: x / torch.tensor([1.7])))
    assert found == dict.fromkeys(("gradient", "lrp", "gradcam"))


def test_no_gradient_refuses_all():
    assert "0 everywhere" in reasons(conv(), Lambda(torch.round), *POOL)["gradient"]


def test_probabilities_have_a_gradient_though_their_sum_has_none():
    found = reasons(conv(), *POOL, nn.Softmax(dim=1))
    assert found["gradient"] is None
    assert "without a softmax" in found["lrp"]


def test_gradcam_needs_a_map_of_convolutions():
    assert "no convolution" in reasons(nn.Flatten(), nn.Linear(192, 2))["gradcam"]
    assert "no convolution" in reasons(nn.Conv2d(3, 2, 8), nn.Flatten())["gradcam"]


def test_require_names_what_is_valid():
    found = {"gradient": None, "lrp": "it has operations without a rule", "gradcam": None}
    require("gradient", found, method="saliency", model="m.pt")
    with pytest.raises(MethodError) as caught:
        require("lrp", found, method="lrp", model="m.pt")
    assert "lrp is not valid for this model" in str(caught.value)
    assert "Valid here: gradient, gradcam, perturbation methods" in str(caught.value)


def test_a_model_that_answers_one_thing_is_said_to():
    layer = nn.Linear(3, 2)
    with torch.no_grad():
        layer.weight.zero_()
    found = reasons(conv(), nn.ReLU(), *POOL, layer)
    assert all("answers every image with the same numbers" in reason for reason in found.values())
    steps = Lambda(lambda x: (x > 0).float().mean((2, 3)))
    assert "same numbers" not in str(reasons(steps)["gradient"])
