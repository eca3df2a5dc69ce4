"""A necktie planted in a transformer, a ConvNeXt and an EfficientNet is found by LRP; the even network is cleared."""

import warnings
from functools import lru_cache

import pytest
import torch

from fairaudit.data.synthetic.draw import draw
from fairaudit.demo.make import Recipe, demo_scenes
from fairaudit.measures.regions.faithfulness import above
from fairaudit.saliency.gradcam import GradCam
from fairaudit.saliency.lrp.method import Lrp
from fairaudit.saliency.random_map import RandomMap
from fairaudit.saliency.trust.faithfulness import faithfulness
from tests.saliency.planted_networks import NETWORKS, Smiles, planted

COUNT = 32


@lru_cache(maxsize=1)
def faces():
    """Images, the pixels a necktie may touch, and who smiles."""
    scene = demo_scenes(seed=1, recipe=Recipe(train_images=8, test_images=COUNT))["test"]
    drawing = draw(scene, masks=("necktie",))
    images = torch.from_numpy(drawing.images).float() / 255
    return images, torch.from_numpy(drawing.masks["necktie"]).float(), torch.from_numpy(scene.labels["smiling"])


def decided(classifier, images):
    with torch.no_grad():
        return (classifier.module(images)[:, 0] > 0).long()


def lift_in(maps, masks):
    """Share of absolute relevance in the masks over their share of the area, mean over images; 1 is chance."""
    share = (maps.abs() * masks).sum((1, 2)) / maps.abs().sum((1, 2))
    return float((share / masks.mean((1, 2))).mean())


@pytest.mark.parametrize("family", list(NETWORKS))
def test_a_planted_necktie_is_found_and_the_even_network_cleared(family):
    images, masks, _ = faces()
    found = {}
    for data in ("biased", "balanced"):
        classifier = Smiles(planted(family, data), images[:2])
        found[data] = lift_in(Lrp().attribute(classifier, images, decided(classifier, images)).maps, masks)
    assert found["biased"] > 1.2
    assert found["balanced"] < 0.9
    assert found["biased"] > 1.7 * found["balanced"]


def test_the_even_networks_know_a_smile():
    images, _, smiling = faces()
    for family in NETWORKS:
        classifier = Smiles(planted(family, "balanced"), images[:2])
        assert float((decided(classifier, images) == smiling).float().mean()) > 0.9


@pytest.mark.parametrize("family", list(NETWORKS))
def test_deletion_in_the_order_of_relevance_beats_the_random_map(family):
    images = faces()[0][:16]
    classifier = Smiles(planted(family, "biased"), images[:2])
    classes = decided(classifier, images)
    maps = {
        "": Lrp().attribute(classifier, images, classes).maps,
        "_random": RandomMap().attribute(classifier, images, classes).maps,
    }
    areas = faithfulness(classifier, images, classes, maps, steps=7)
    tests = [above(areas["_random"][kind], areas[""][kind], seed=0) for kind in ("deletion_auc", "deletion_auc_blur")]
    assert min(test.p_value for test in tests) <= 0.025


@pytest.mark.parametrize("family", list(NETWORKS))
def test_scripts_are_explained_as_the_network_is(family):
    images, _, _ = faces()
    few, classes = images[:3], torch.tensor([0, 1, 1])
    network = planted(family, "biased")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scripted = torch.jit.script(network)
    for method in (Lrp(), GradCam()):
        wanted, found = (method.attribute(Smiles(m, few), few, classes).maps for m in (network, scripted))
        assert float((wanted - found).abs().max()) <= 1e-4 * float(wanted.abs().max())


def test_gradcam_on_patches_draws_maps_and_cannot_gate():
    images, _, _ = faces()
    transformer, convolutional = (Smiles(planted(family, "biased"), images[:2]) for family in ("vit", "convnext"))
    assert "patches" in GradCam().doubts(transformer, images)[0]
    assert GradCam().doubts(convolutional, images) == []
