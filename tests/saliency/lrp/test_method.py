import dataclasses

import pytest
import torch
import zennit.composites as zc
from torch import nn
from zennit.layer import Sum

from fairaudit.errors import MethodError
from fairaudit.saliency.lrp import method as lrp
from fairaudit.saliency.lrp.method import Lrp
from fairaudit.saliency.prepare import layered

NAMES = ("epsilon", "epsilon_plus", "epsilon_plus_flat", "epsilon_alpha2_beta1", "epsilon_gamma_box")


def zennits(name, classifier):
    """zennit's composite of that name."""
    if name == "epsilon":
        return zc.LayerMapComposite([*zc.layer_map_base(), (zc.Linear, zc.Epsilon())])
    if name == "epsilon_gamma_box":
        low, high = (classifier.normalise(torch.full((1, 3, 1, 1), v, dtype=torch.float64)) for v in (0.0, 1.0))
        return zc.EpsilonGammaBox(low, high)
    return zc.COMPOSITES[name]()


@pytest.mark.parametrize("kind", ["plain", "residual"])
@pytest.mark.parametrize("name", NAMES)
def test_it_is_zennits(small, name, kind):
    classifier, images, classes = small.model(kind), small.images(), small.classes()
    found = Lrp(composite=name).attribute(classifier, images, classes)
    with zennits(name, classifier).context(layered(classifier, images)) as module:
        inputs = classifier.normalise(images).requires_grad_()
        logits = module(inputs)
        (wanted,) = torch.autograd.grad(logits, inputs, logits.detach() * classifier.seed(classes))
    torch.testing.assert_close(found.maps, wanted.sum(1), rtol=1e-9, atol=1e-12)
    value = small.explained(classifier, images, classes)
    torch.testing.assert_close(found.conservation, wanted.sum((1, 2, 3)) / value)


@pytest.mark.parametrize("kind", ["plain", "residual"])
@pytest.mark.parametrize("name", NAMES)
def test_without_biases_relevance_is_conserved(small, name, kind):
    # The plain network has no bias at all; the residual one gets them from batch norm, and they are left out.
    classifier, images, classes = small.model(kind, bias=False), small.images(), small.classes()
    found = Lrp(composite=name, bias_free=kind == "residual").attribute(classifier, images, classes)
    torch.testing.assert_close(found.conservation, torch.ones(3, dtype=torch.float64), rtol=0, atol=0.03)


def test_leaving_biases_out_changes_nothing_where_there_are_none(small):
    classifier, images, classes = small.model(bias=False), small.images(), small.classes()
    for name in NAMES:
        maps = [
            Lrp(composite=name, bias_free=free).attribute(classifier, images, classes).maps for free in (True, False)
        ]
        torch.testing.assert_close(*maps)


@pytest.mark.parametrize("name", NAMES)
def test_epsilon_zero_bias_share_is_zennits_zero_params(small, name):
    classifier, images, classes = small.model(), small.images(), small.classes()
    found = Lrp(composite=name, bias_free=True).attribute(classifier, images, classes).maps
    extra = {"zero_params": "bias"}
    if name == "epsilon":
        composite = zc.LayerMapComposite([*zc.layer_map_base(), (zc.Linear, zc.Epsilon(**extra))])
    elif name == "epsilon_gamma_box":
        ends = (classifier.normalise(torch.full((1, 3, 1, 1), v, dtype=torch.float64)) for v in (0.0, 1.0))
        composite = zc.EpsilonGammaBox(*ends, **extra)
    else:
        composite = zc.COMPOSITES[name](**extra)
    with composite.context(layered(classifier, images)) as module:
        inputs = classifier.normalise(images).requires_grad_()
        logits = module(inputs)
        (wanted,) = torch.autograd.grad(logits, inputs, logits.detach() * classifier.seed(classes))
    # Gamma looks at the sign of the output, which zennit keeps the bias in.
    torch.testing.assert_close(found, wanted.sum(1), rtol=1e-7, atol=1e-9)


def test_the_explained_class_decides_the_sign(small):
    class Flipped(small.Double):
        def seed(self, classes):
            return -super().seed(classes)

    classifier, images, classes = small.model("residual"), small.images(), small.classes()
    other = Flipped(module=classifier.module, outputs=4)
    maps = [Lrp().attribute(one, images, classes).maps for one in (classifier, other)]
    torch.testing.assert_close(maps[0], -maps[1])


def test_a_batch_is_its_images_one_by_one(small):
    classifier, images, classes = small.model("residual"), small.images(4), small.classes(4)
    together = Lrp().attribute(classifier, images, classes).maps
    alone = [Lrp().attribute(classifier, images[i : i + 1], classes[i : i + 1]).maps for i in range(4)]
    torch.testing.assert_close(together, torch.cat(alone))


def hooks(module):
    return sum(
        len(part._forward_hooks) + len(part._forward_pre_hooks) + len(part._backward_hooks) for part in module.modules()
    )


def test_hooks_are_gone_after_success_and_after_failure(small, monkeypatch):
    classifier, images, classes = small.model("residual"), small.images(), small.classes()
    module = layered(classifier, images)
    Lrp().attribute(classifier, images, classes)
    assert hooks(module) == 0
    seen = []

    def fails(module, inputs, seeds, plan):
        seen.append(hooks(module))
        raise RuntimeError("broken")

    monkeypatch.setattr(lrp, "_pass", fails)
    with pytest.raises(RuntimeError, match="broken"):
        Lrp().attribute(classifier, images, classes)
    assert seen[0] > 0
    assert hooks(module) == 0


def test_the_model_computes_what_it_did_before(small):
    classifier, images, classes = small.model("residual"), small.images(), small.classes()
    weights = {name: value.clone() for name, value in classifier.module.state_dict().items()}
    before = classifier.module(classifier.normalise(images))
    for name in NAMES:
        Lrp(composite=name).attribute(classifier, images, classes)
    torch.testing.assert_close(classifier.module(classifier.normalise(images)), before, rtol=0, atol=0)
    for name, value in classifier.module.state_dict().items():
        torch.testing.assert_close(value, weights[name], rtol=0, atol=0)


class Odd(nn.Module):
    def __init__(self, step):
        super().__init__()
        self.conv, self.head, self.step = nn.Conv2d(3, 4, 3), nn.Linear(4, 4), step

    def forward(self, x):
        x = self.conv(x).relu().mean((2, 3))
        return self.head(x.pow(2) if self.step == "power" else x * x)


@pytest.mark.parametrize(("step", "named"), [("power", "pow"), ("product", "mul")])
def test_steps_without_a_rule_are_refused_by_name(small, step, named):
    classifier = small.Double(module=small.seeded(Odd(step)), outputs=4)
    with pytest.raises(MethodError, match=named):
        Lrp().attribute(classifier, small.images(), small.classes())


def test_additions_of_branches_are_modules_that_share_relevance(small):
    classifier, images = small.model("residual"), small.images()
    assert [type(part) for part in layered(classifier, images).modules()].count(Sum) == 1


def test_settings_are_fields():
    assert [field.name for field in dataclasses.fields(Lrp)][:3] == ["composite", "bias_free", "reduction"]
