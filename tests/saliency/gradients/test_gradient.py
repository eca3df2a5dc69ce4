import pytest
import torch
from captum.attr import InputXGradient as CaptumInputXGradient
from captum.attr import Saliency

from fairaudit.saliency.gradients.gradient import Gradient, InputXGradient


@pytest.mark.parametrize("kind", ["plain", "residual"])
def test_the_gradient_is_captums(small, kind):
    classifier, images, classes = small.model(kind), small.images(), small.classes()
    inputs = classifier.normalise(images).requires_grad_()
    wanted = Saliency(classifier.module).attribute(inputs, target=classes, abs=False)
    maps = Gradient().attribute(classifier, images, classes).maps
    torch.testing.assert_close(maps, wanted.sum(1))
    magnitudes = Gradient(reduction="abs_sum").attribute(classifier, images, classes).maps
    torch.testing.assert_close(magnitudes, wanted.abs().sum(1))


@pytest.mark.parametrize("kind", ["plain", "residual"])
def test_input_x_gradient_is_captums(small, kind):
    classifier, images, classes = small.model(kind), small.images(), small.classes()
    inputs = classifier.normalise(images).requires_grad_()
    wanted = CaptumInputXGradient(classifier.module).attribute(inputs, target=classes)
    torch.testing.assert_close(InputXGradient().attribute(classifier, images, classes).maps, wanted.sum(1))


def test_the_gradient_of_a_linear_model_is_its_weights(small):
    classifier, images = small.linear(), small.images(2, height=5, width=7)
    weights = classifier.module[1].weight.view(4, 3, 5, 7)
    maps = Gradient().attribute(classifier, images, torch.tensor([1, 3])).maps
    torch.testing.assert_close(maps, weights[[1, 3]].sum(1))


def test_one_gradient_per_image_is_counted(small):
    assert Gradient().attribute(small.model(), small.images(5), small.classes(5)).evaluations == 5
