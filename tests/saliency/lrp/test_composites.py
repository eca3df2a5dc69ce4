"""The rule of each layer, and whole networks of modern families against the authors' own package."""

import copy
import importlib.util
import sys
from types import MethodType, ModuleType

import numpy as np
import pytest
import torch
from torch import nn

from fairaudit.models.lift.lift import lift
from fairaudit.saliency.lrp.composites import Kind, rules_for
from fairaudit.saliency.lrp.method import Lrp
from tests.saliency.planted_networks import NETWORKS

ENDS = torch.tensor([0.0, 1.0]).view(2, 1, 1, 1).expand(2, 3, 1, 1)


def rules(model, name, *, signed):
    graph = lift(model.eval(), torch.randn(2, 3, 32, 32)).module
    kind = Kind(name=name, bias_free=False, signed=signed, ledger=None)
    return {path: type(rule).__name__ for path, rule in rules_for(kind, graph, ENDS).items()}


def test_a_relu_network_keeps_its_rules():
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    )
    found = rules(model, "epsilon_plus_flat", signed=False)
    assert list(found.values()) == ["Even", "Passed", "Plus", "Proportional", "Proportional"]


def test_a_network_of_either_sign_gets_gamma():
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.GroupNorm(2, 4), nn.GELU(), nn.Conv2d(4, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    )
    assert list(rules(model, "gamma", signed=True).values()) == [
        "Even",
        "Normalised",
        "Passed",
        "Gamma",
        "Proportional",
    ]


def randomised(family):
    torch.manual_seed(0)
    network = NETWORKS[family]()
    for name, weight in network.named_parameters():
        if weight.ndim == 1:
            weight.data += 0.1 * torch.randn_like(weight)
        if "head" in name and weight.ndim > 1:
            nn.init.normal_(weight, 0, 0.2)
    for buffer in network.buffers():
        if buffer.is_floating_point():
            buffer.add_(0.1 * torch.rand_like(buffer))
    return network.eval().double().requires_grad_(False)


@pytest.mark.parametrize("family", list(NETWORKS))
@pytest.mark.parametrize("composite", ["epsilon", "gamma"])
def test_every_layer_is_accounted_for(small, family, composite):
    classifier = small.Double(module=randomised(family), outputs=1)
    images, classes = small.images(2, height=64, width=64), torch.zeros(2, dtype=torch.long)
    ratio = Lrp(composite=composite).accounted(classifier, images, classes)
    torch.testing.assert_close(ratio, torch.ones(2, dtype=torch.float64), rtol=0, atol=1e-3)


def without_bias(module):
    for name, weight in module.named_parameters():
        if name.endswith("bias"):
            weight.zero_()
    return module


def test_without_biases_a_norm_network_conserves_relevance(small):
    classifier = small.Double(module=without_bias(randomised("convnext")), outputs=1)
    images, classes = small.images(2, height=64, width=64), torch.zeros(2, dtype=torch.long)
    for composite in ("epsilon", "gamma"):
        found = Lrp(composite=composite).attribute(classifier, images, classes).conservation
        torch.testing.assert_close(found, torch.ones(2, dtype=torch.float64), rtol=0, atol=1e-3)


def authors(model, x, seeds):
    """Input × gradient after the patches of the authors' package: σ and attention weights constant, GELU passed."""
    spec = importlib.util.find_spec("lxt")
    bare = ModuleType("lxt.efficient")  # its __init__ imports language models of one version of transformers
    bare.__path__ = [f"{spec.submodule_search_locations[0]}/efficient"]
    sys.modules.setdefault("lxt.efficient", bare)
    from lxt.efficient import patches

    model = copy.deepcopy(model)
    for layer in model.modules():
        if isinstance(layer, nn.LayerNorm):
            layer.forward = MethodType(patches.layer_norm_forward, layer)
        elif isinstance(layer, nn.GELU | nn.MultiheadAttention):
            gelu = isinstance(layer, nn.GELU)
            patch = patches.non_linear_forward if gelu else patches.cp_multi_head_attention_forward
            layer.original_forward, layer.forward = layer.forward, MethodType(patch, layer)
    x = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad((model(x) * seeds).sum(), x)
    return (x * gradient).sum(1).detach()


def test_epsilon_on_a_vision_transformer_is_what_its_authors_compute(small):
    pytest.importorskip("lxt", reason="needs the oracles extra")
    classifier = small.Double(module=randomised("vit"), outputs=1)
    images, classes = small.images(2, height=64, width=64), torch.zeros(2, dtype=torch.long)
    found = Lrp(composite="epsilon").attribute(classifier, images, classes).maps
    wanted = authors(classifier.module, classifier.normalise(images), classifier.seed(classes))
    for one, two in zip(found, wanted, strict=True):
        assert np.corrcoef(one.flatten(), two.flatten())[0, 1] > 0.9999
