"""Guided backpropagation against captum's, on models with modules and through the lift; refused without a ReLU."""

import pytest
import torch
from captum.attr import GuidedBackprop
from torch import nn

from fairaudit.errors import MethodError
from fairaudit.saliency.gradients.gradient import Gradient
from fairaudit.saliency.gradients.guided_backpropagation import GuidedBackpropagation
from tests.saliency.planted_networks import Smiles


def network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 6, 3), nn.ReLU(), nn.Conv2d(6, 4, 3, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 6 * 6, 1)
    ).eval()


class Functional(nn.Module):
    """The same network with ReLUs that are functions, which hooks on modules do not see."""

    def __init__(self, network):
        super().__init__()
        self.first, _, self.second, _, _, self.last = network

    def forward(self, images):
        return self.last(self.second(self.first(images).relu()).relu().flatten(1))


@pytest.mark.filterwarnings("ignore:Setting backward hooks")
@pytest.mark.parametrize("kind", [lambda model: model, Functional], ids=["modules", "functions"])
def test_it_is_captums_whatever_way_relus_are_written(kind):
    model, images = network(), torch.rand(3, 3, 16, 16)
    wanted = GuidedBackprop(network()).attribute(images.clone().requires_grad_(), target=0).sum(1)
    classifier = Smiles(kind(model), images[:2])
    found = GuidedBackpropagation().attribute(classifier, images, torch.ones(3, dtype=torch.long))
    torch.testing.assert_close(found.maps, wanted)


def test_no_hook_is_left_and_the_gradient_stays_the_gradient():
    images, classes = torch.rand(2, 3, 16, 16), torch.tensor([0, 1])
    classifier = Smiles(network(), images)
    before = Gradient().attribute(classifier, images, classes).maps
    guided = GuidedBackpropagation().attribute(classifier, images, classes).maps
    torch.testing.assert_close(Gradient().attribute(classifier, images, classes).maps, before)
    assert not torch.allclose(guided, before)


def test_of_a_network_of_positive_weights_it_is_the_gradient():
    model, images = network(), torch.rand(2, 3, 16, 16)
    with torch.no_grad():
        for part in model.parameters():
            part.abs_()
    classifier, classes = Smiles(model, images), torch.ones(2, dtype=torch.long)
    gradient = Gradient().attribute(classifier, images, classes).maps
    torch.testing.assert_close(GuidedBackpropagation().attribute(classifier, images, classes).maps, gradient)


def test_a_model_without_a_relu_is_refused():
    model, images = (
        nn.Sequential(nn.Conv2d(3, 2, 3), nn.GELU(), nn.Flatten(), nn.Linear(2 * 36, 1)),
        torch.rand(2, 3, 8, 8),
    )
    with pytest.raises(MethodError, match="plain gradient"):
        GuidedBackpropagation().attribute(Smiles(model.eval(), images), images, torch.tensor([0, 1]))
