"""Slopes hand down what the rules on relevance do, layer by layer and over whole networks."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from fairaudit.models.lift.products import Attend
from fairaudit.saliency.lrp import method as lrp
from fairaudit.saliency.lrp.composites import Kind, rules_for
from fairaudit.saliency.lrp.graph import with_constant_gates
from fairaudit.saliency.lrp.method import Lrp
from fairaudit.saliency.lrp.rules import Passed
from fairaudit.saliency.lrp.signed import TINY, Attending, Gamma, Normalised
from fairaudit.saliency.lrp.slopes import ConstantSpread, ConstantWeights, GammaSlope, LateRatio, Ratio, plan_for
from fairaudit.saliency.prepare import layered
from tests.saliency.lrp.test_composites import ENDS, randomised
from tests.saliency.lrp.test_signed import by_rule, double
from tests.saliency.planted_networks import NETWORKS

LAYERS = [
    (nn.GELU(), (2, 5), Passed(), Ratio()),
    (nn.Sigmoid(), (2, 5), Passed(), Ratio()),
    (nn.SiLU(), (2, 5), Passed(), LateRatio()),
    (nn.LayerNorm(6), (2, 5, 6), Normalised(epsilon=TINY), ConstantSpread()),
    (nn.LayerNorm((4, 6), elementwise_affine=False), (2, 3, 4, 6), Normalised(epsilon=TINY), ConstantSpread()),
    (nn.GroupNorm(2, 4), (2, 4, 5, 6), Normalised(epsilon=TINY), ConstantSpread()),
    (nn.Linear(7, 5), (4, 3, 7), Gamma(0.05), GammaSlope(0.05)),
    (nn.Conv2d(4, 6, 3, padding=1), (2, 4, 8, 9), Gamma(0.25), GammaSlope(0.25)),
]


@pytest.mark.parametrize(("layer", "shape", "rule", "hook"), LAYERS)
def test_a_layers_relevance_is_its_slope_times_its_input(layer, shape, rule, hook):
    layer = double(layer)
    x = torch.randn(shape, dtype=torch.float64)
    slope = torch.randn_like(layer(x))
    relevance = by_rule(rule.copy(), layer, x, layer(x) * slope)
    torch.testing.assert_close(x * by_rule(hook.copy(), layer, x, slope), relevance)


def test_attention(small):
    torch.manual_seed(0)
    query, key, values = torch.randn(3, 2, 4, 5, 6, dtype=torch.float64)
    layer = Attend()
    slope = torch.randn_like(values)
    wanted = by_rule(Attending(epsilon=TINY), layer, values, layer(values, query, key) * slope, query, key)
    found = by_rule(ConstantWeights(), layer, values, slope, query, key)
    torch.testing.assert_close(values * found, wanted)


def test_nothing_is_handed_through_a_zero():
    x = torch.tensor([0.0, -0.0, 1.0, -2.0], dtype=torch.float64)
    found = by_rule(Ratio(), nn.ReLU(), x, torch.ones_like(x))
    torch.testing.assert_close(found, torch.tensor([0.0, 0.0, 1.0, 0.0], dtype=torch.float64))


class GroupNormed(nn.Module):
    """Normalised inside, two branches, activations of several kinds, a gate, pooling."""

    def __init__(self):
        super().__init__()
        self.stem, self.norm = nn.Conv2d(3, 8, 3, 2, 1), nn.GroupNorm(2, 8)
        self.left, self.right = nn.Conv2d(8, 8, 3, padding=1), nn.Conv2d(8, 8, 1)
        self.gate, self.head = nn.Conv2d(8, 8, 1), nn.Linear(8, 1)

    def forward(self, x):
        x = (x / 2 + 0.1 - torch.tensor([0.4, 0.5, 0.6], dtype=x.dtype).view(3, 1, 1)) / 0.25
        x = self.norm(self.stem(x)).relu()
        x = F.max_pool2d(F.silu(self.left(x)) + torch.sigmoid(self.right(x)), 2)
        x = x * torch.sigmoid(self.gate(x.mean((2, 3), keepdim=True)))
        return self.head(F.pad(x, (1, 1, 0, 0)).mean((2, 3)))


def network(family):
    torch.manual_seed(0)
    return randomised(family) if family in NETWORKS else GroupNormed().eval().double().requires_grad_(False)


@pytest.mark.parametrize("family", [*NETWORKS, "group norms"])
@pytest.mark.parametrize("composite", ["epsilon", "gamma"])
def test_whole_networks(small, monkeypatch, family, composite):
    classifier = small.Double(module=network(family), outputs=1)
    images, classes = small.images(2, height=32, width=32), torch.zeros(2, dtype=torch.long)
    if family == "vit":
        images = small.images(2, height=64, width=64)
    graph = with_constant_gates(layered(classifier, images))
    kind = Kind(name=composite, bias_free=False, signed=True, ledger=None)
    plan = plan_for(rules_for(kind, graph, ENDS.double()), graph)
    assert plan is not None
    assert plan.relevance == (composite == "gamma")
    found = Lrp(composite=composite).attribute(classifier, images, classes)
    monkeypatch.setattr(lrp, "plan_for", lambda rules, graph: None)
    wanted = Lrp(composite=composite).attribute(classifier, images, classes)
    scale = float(wanted.maps.abs().max())
    torch.testing.assert_close(found.maps, wanted.maps, rtol=0, atol=1e-6 * scale)
    torch.testing.assert_close(found.conservation, wanted.conservation, rtol=0, atol=1e-5)


class PastTheStem(nn.Module):
    """The images go on beside the first layer."""

    def __init__(self):
        super().__init__()
        self.stem, self.other, self.norm = nn.Conv2d(3, 4, 3), nn.Conv2d(3, 4, 3), nn.GroupNorm(2, 4)

    def forward(self, x):
        return self.norm(self.stem(x) + self.other(x)).mean((2, 3))


def test_relevance_and_slopes_do_not_meet(small):
    classifier, images = small.Double(module=PastTheStem().double().eval(), outputs=4), small.images()
    graph = with_constant_gates(layered(classifier, images))
    kinds = [Kind(name=name, bias_free=False, signed=True, ledger=None) for name in ("epsilon", "gamma")]
    plans = [plan_for(rules_for(kind, graph, ENDS.double()), graph) for kind in kinds]
    assert plans[0] is not None
    assert plans[1] is None
    assert Lrp().attribute(classifier, images, small.classes()).maps.isfinite().all()


def test_other_rules_have_no_slopes(small):
    classifier, images = small.model("residual"), small.images()
    graph = with_constant_gates(layered(classifier, images))
    kind = Kind(name="epsilon_plus", bias_free=False, signed=True, ledger=None)
    assert plan_for(rules_for(kind, graph, ENDS.double()), graph) is None
