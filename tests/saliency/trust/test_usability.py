import dataclasses

import numpy as np
import torch
from torch import nn

from fairaudit.errors import LiftError
from fairaudit.saliency.gradients.gradient import InputXGradient
from fairaudit.saliency.gradients.guided_ig import GuidedIntegratedGradients
from fairaudit.saliency.gradients.integrated_gradients import IntegratedGradients
from fairaudit.saliency.lrp.method import Lrp
from fairaudit.saliency.method import Attribution
from fairaudit.saliency.random_map import RandomMap
from fairaudit.saliency.trust.trial import UsabilityLimits
from fairaudit.saliency.trust.usability import chance_areas, judge_method


def bright(small):
    """A network that says how bright the left half is, and images with a bright or dark left half."""

    class Left(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.relu, self.pool = nn.Conv2d(3, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d((1, 2))
            self.head = nn.Linear(4, 2)

        def forward(self, x):
            return self.head(self.pool(self.relu(self.conv(x))).flatten(1))

    module = small.seeded(Left())
    module.conv.weight.fill_(1.0)
    module.conv.weight[1] = -1.0
    module.conv.bias.fill_(0.01)
    # Pooled: bright left, bright right, dark left, dark right.
    module.head.weight.copy_(torch.tensor([[0.0, 0, 4, 0], [4.0, 0, 0, 0]]))
    module.head.bias.fill_(0.0)
    classifier = small.Double(module=module, outputs=2, mean=0.5, std=0.5)
    images = small.images(12, height=8, width=8)
    classes = torch.arange(12) % 2
    images[:, :, :, :4] = 0.5 * images[:, :, :, :4] + 0.5 * classes.view(-1, 1, 1, 1)
    return classifier, images, classes


def test_an_honest_method_is_usable_and_tells_what_was_measured(small):
    found = judge_method(IntegratedGradients(baseline="mean"), *bright(small), steps=8)
    assert found.reasons == ()
    assert found.facts["completeness_gap"].max() <= 0.05
    assert {"randomisation_similarity", "stability", "deletion_auc", "deletion_auc_random"} <= set(found.facts)
    assert found.facts["stability"].shape == (8,)  # the same twice on the first eight: no more are asked
    assert all(values.shape == (12,) for name, values in found.facts.items() if name != "stability")


def test_lrp_is_judged_by_its_bias_free_conservation(small):
    found = judge_method(Lrp(), *bright(small), steps=8, limits=UsabilityLimits(similarity=1.1))
    assert not [reason for reason in found.reasons if "conserved" in reason]
    assert abs(found.facts["conservation_ratio_bias_free"] - 1).max() < 0.05
    strict = judge_method(Lrp(), *bright(small), steps=8, limits=UsabilityLimits(conservation=0.0))
    assert any("not conserved" in reason for reason in strict.reasons)


def test_the_control_never_votes(small):
    found = judge_method(RandomMap(), *bright(small))
    assert found.reasons
    assert "control" in found.reasons[0]


@dataclasses.dataclass(frozen=True)
class Fixed:
    """Maps that follow no model."""

    maps: torch.Tensor
    name: str = "fixed"
    family: str = "gradient"

    def attribute(self, classifier, images, classes, *, seed=0):
        return Attribution(maps=self.maps[: len(images)], evaluations=0)


def test_a_map_that_survives_randomisation_or_loses_at_deletion_is_unusable(small):
    classifier, images, classes = bright(small)
    right_half = torch.arange(8.0).expand(12, 8, 8).double()
    found = judge_method(Fixed(right_half), classifier, images, classes, steps=8)
    assert found.reasons
    assert any("survive randomisation" in reason for reason in found.reasons)
    assert any("no better than the random map" in reason for reason in found.reasons)


def test_an_incomplete_method_is_unusable(small):
    found = judge_method(GuidedIntegratedGradients(steps=1), small.model("residual"), small.images(), small.classes())
    assert any("incomplete" in reason for reason in found.reasons)


def test_a_noisy_method_is_unusable(small):
    class Noisy(RandomMap):
        pass

    noisy = Noisy(name="noisy", family="gradient")
    found = judge_method(noisy, *bright(small), steps=4)
    assert any("from run to run" in reason for reason in found.reasons)


def test_a_model_that_cannot_be_lifted_leaves_randomisation_untested(small):
    classifier, images, classes = bright(small)

    class Opaque(small.Double):
        def lifted(self, example):
            raise LiftError("It cannot be lifted")

    opaque = Opaque(module=classifier.module, outputs=2, mean=0.5, std=0.5)
    found = judge_method(InputXGradient(), opaque, images, classes, steps=4)
    assert any("could not be tested" in reason for reason in found.reasons)


def test_constant_maps_are_unusable(small):
    classifier, images, classes = bright(small)
    found = judge_method(Fixed(torch.zeros(12, 8, 8)), classifier, images, classes, steps=4)
    assert "all maps are constant" in found.reasons
    assert UsabilityLimits().most == 0.9


def test_every_depth_is_told_and_the_last_one_judges(small):
    method = InputXGradient()
    shallow, deep = (judge_method(method, *bright(small), steps=4, stages=stages) for stages in (1, 2))
    assert list(deep.cascade) == ["head", "conv"]
    assert list(shallow.cascade) == ["conv"]
    assert deep.cascade["conv"] == shallow.cascade["conv"] == deep.facts["randomisation_similarity"].mean()
    assert deep.reasons == shallow.reasons


class _Unlabelled:
    """Integrated gradients that do not know some images: no map and no residual there."""

    name, family, reduction = "unlabelled", "gradient", "sum"

    def __init__(self, missing, blind=False):
        self.missing, self.blind, self.own = missing, blind, IntegratedGradients(baseline="mean")

    def labelled(self, target, attributes):
        return self

    def attribute(self, classifier, images, classes, *, seed=0):
        found = self.own.attribute(classifier, images, classes, seed=seed)
        maps = images.sum(1) if self.blind else found.maps.clone()
        residual = found.residual.clone()
        maps[self.missing], residual[self.missing] = 0.0, float("nan")
        return dataclasses.replace(found, maps=maps, residual=residual)


def test_images_without_a_label_speak_neither_for_nor_against_a_method(small):
    missing = torch.arange(12) % 4 == 3
    found = judge_method(_Unlabelled(missing), *bright(small), steps=8)
    assert found.reasons == ()
    blind = judge_method(_Unlabelled(torch.arange(12) % 3 > 0, blind=True), *bright(small), steps=8)
    assert any("survive randomisation" in reason for reason in blind.reasons), blind.reasons
    none = judge_method(_Unlabelled(torch.ones(12, dtype=torch.bool)), *bright(small), steps=8)
    assert none.reasons == ("not one of the images that it was tried on has a map",)


def test_a_few_images_are_enough_for_randomisation_and_the_random_map_is_shared(small):
    """Judged the same as on all images; what the method has to beat is made once for several methods."""
    classifier, images, classes = bright(small)
    made = []

    def chance():
        if not made:
            made.append(chance_areas(classifier, images, classes, steps=8))
        return made[0]

    method = IntegratedGradients(baseline="mean")
    whole = judge_method(method, classifier, images, classes, steps=8)
    few = judge_method(method, classifier, images, classes, steps=8, fewer=6, chance=chance)
    judge_method(InputXGradient(), classifier, images, classes, steps=8, fewer=6, chance=chance)
    assert len(made) == 1
    assert not few.reasons
    assert not whole.reasons
    assert few.facts["randomisation_similarity"].shape == few.facts["stability"].shape == (6,)
    for name in ("deletion_auc", "deletion_auc_random", "completeness_gap"):
        np.testing.assert_array_equal(few.facts[name], whole.facts[name])


def test_a_method_with_random_numbers_is_asked_about_all_images(small):
    class Noisy(RandomMap):
        pass

    found = judge_method(Noisy(name="noisy", family="gradient"), *bright(small), steps=4)
    assert found.facts["stability"].shape == (12,)
