import copy
import dataclasses

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from fairaudit.saliency.gradients.gradient import Gradient
from fairaudit.saliency.gradients.integrated_gradients import IntegratedGradients
from fairaudit.saliency.gradients.line_integral import Refinement
from fairaudit.saliency.lrp.method import Lrp
from fairaudit.saliency.method import Attribution
from fairaudit.saliency.prepare import layered
from fairaudit.saliency.random_map import RandomMap
from fairaudit.saliency.trust.sanity import Forgotten, _draw_anew, _in_one_round, layers_from_the_top, randomisation
from fairaudit.seeds import child_seed


class Edges:
    """A map of the image that never looks at the model."""

    name, family = "edges", "gradient"

    def attribute(self, classifier, images, classes, *, seed=0):
        return Attribution(maps=images.sum(1), evaluations=0)


def test_layers_go_from_the_head_to_the_stem(small):
    classifier, images = small.model("residual"), small.images()
    assert layers_from_the_top(layered(classifier, images)) == ["head", "conv", "stem"]


def test_a_map_of_the_image_alone_survives(small):
    found = randomisation(Edges(), small.model("residual"), small.images(), small.classes(), stages=3)
    assert found.layers == ("head", "conv", "stem")
    np.testing.assert_allclose(found.rank, 1)
    np.testing.assert_allclose(found.final(), 1)


def test_the_gradient_does_not(small):
    found = randomisation(Gradient(), small.model("plain"), small.images(8), small.classes(8), stages=2)
    assert found.rank.shape == (2, 8)
    assert abs(found.final().mean()) < 0.3


def test_the_model_is_left_as_it_was(small):
    classifier, images, classes = small.model("residual"), small.images(), small.classes()
    before = Gradient().attribute(classifier, images, classes).maps
    randomisation(Gradient(), classifier, images, classes)
    torch.testing.assert_close(Gradient().attribute(classifier, images, classes).maps, before, rtol=0, atol=0)


def test_the_same_seed_gives_the_same_answer(small):
    runs = [
        randomisation(Gradient(), small.model(), small.images(), small.classes(), seed=seed).rank for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])


def test_constant_maps_survive_nothing(small):
    class Flat(Edges):
        def attribute(self, classifier, images, classes, *, seed=0):
            return Attribution(maps=torch.zeros_like(images[:, 0]), evaluations=0)

    found = randomisation(Flat(), small.model(), small.images(), small.classes())
    assert np.isnan(found.rank).all()
    assert found.final().tolist() == [0, 0, 0]


def test_the_control_is_the_same_map_whatever_the_model(small):
    found = randomisation(RandomMap(), small.model(), small.images(), small.classes())
    np.testing.assert_allclose(found.final(), 1)


def test_the_cascade_names_every_depth_from_the_top(small):
    found = randomisation(Gradient(), small.model("residual"), small.images(), small.classes(), stages=3)
    cascade = found.cascade()
    assert list(cascade) == ["head", "conv", "stem"]
    for stage, value in enumerate(cascade.values()):
        assert value == pytest.approx(
            np.mean([spearmanr(*pair).statistic for pair in pairs(small, found, stage)]), abs=1e-12
        )


def pairs(small, found, stage):
    """Maps of the model and of a copy forgotten by hand, image by image, flattened."""
    classifier, images, classes = small.model("residual"), small.images(), small.classes()
    own = Gradient().attribute(classifier, images, classes).maps
    module = copy.deepcopy(layered(classifier, images))
    for name in found.layers[: stage + 1]:
        _draw_anew(module.get_submodule(name), child_seed(0, "randomisation", name))
    forgotten = Forgotten(whole=classifier, graph=dataclasses.replace(classifier.lifted(images[:1]), module=module))
    maps = Gradient().attribute(forgotten, images, classes).maps
    return [(a.flatten().numpy(), b.flatten().numpy()) for a, b in zip(own, maps, strict=True)]


def test_an_integral_is_not_refined_on_a_network_of_noise(small):
    classifier, images, classes = small.model("residual"), small.images(), small.classes()
    method = IntegratedGradients(refinement=Refinement(tolerance=1e-6, most=64))
    coarse = _in_one_round(method)
    assert coarse.refinement.most == method.refinement.nodes == 8
    assert _in_one_round(Lrp()) == Lrp()
    full, rough = (m.attribute(classifier, images, classes) for m in (method, coarse))
    assert rough.evaluations <= 10 * len(images) < full.evaluations
