import numpy as np
import torch

from fairaudit.saliency.gradients.guided_ig import GuidedIntegratedGradients
from fairaudit.saliency.gradients.integrated_gradients import IntegratedGradients


def slow(classifier, image, name, steps, fraction):
    """The published algorithm for one image in NumPy, with the mean gradient of each step's ends."""

    def gradient(point):
        x = torch.tensor(point).view_as(image).requires_grad_()
        return torch.autograd.grad(classifier.module(x)[0, name], x)[0].numpy().ravel()

    end = classifier.normalise(image).numpy().ravel()
    at = classifier.normalise(torch.zeros_like(image)).numpy().ravel().copy()
    relevance, whole = np.zeros_like(end), np.abs(end - at).sum()
    here = gradient(at)
    for step in range(1, steps + 1):
        before, left = at.copy(), whole * (1 - step / steps)
        while np.abs(end - at).sum() > left * (1 + 1e-12) + 1e-12:
            waiting = np.flatnonzero(at != end)
            size = np.sort(np.abs(here[waiting]))
            limit = size[int(np.ceil(fraction * len(size))) - 1]
            chosen = waiting[np.abs(here[waiting]) <= limit]
            share = (np.abs(end - at).sum() - left) / np.abs(end - at)[chosen].sum()
            if share >= 1:
                at[chosen] = end[chosen]
            else:
                at[chosen] += share * (end - at)[chosen]
        ahead = gradient(at)
        relevance += (at - before) * 0.5 * (here + ahead)
        here = ahead
    return relevance.reshape(image.shape).sum(1)


def test_it_follows_the_published_algorithm(small):
    classifier, images, classes = small.model("residual"), small.images(2), small.classes(2)
    found = GuidedIntegratedGradients(steps=12, fraction=0.3).attribute(classifier, images, classes)
    for i in range(2):
        wanted = slow(classifier, images[i : i + 1], int(classes[i]), 12, 0.3)
        np.testing.assert_allclose(found.maps[i].numpy(), wanted[0], atol=1e-8)


def test_on_a_linear_model_every_path_gives_the_same(small):
    classifier, images = small.linear(), small.images(2, height=5, width=7)
    found = GuidedIntegratedGradients(steps=7).attribute(classifier, images, torch.tensor([1, 2]))
    wanted = IntegratedGradients().attribute(classifier, images, torch.tensor([1, 2])).maps
    torch.testing.assert_close(found.maps, wanted)
    assert found.residual.max() < 1e-9


def test_more_steps_leave_a_smaller_gap(small):
    classifier, images, classes = small.model("residual"), small.images(4), small.classes(4)
    gaps = [
        GuidedIntegratedGradients(steps=steps).attribute(classifier, images, classes).residual.mean().item()
        for steps in (5, 200)
    ]
    assert gaps[1] < 0.5 * gaps[0]


def test_an_image_equal_to_its_reference_gets_nothing(small):
    classifier, black = small.model(), torch.zeros(1, 3, 12, 16, dtype=torch.float64)
    found = GuidedIntegratedGradients(steps=3).attribute(classifier, black, small.classes(1))
    assert found.maps.abs().max() == 0
    assert found.residual.item() == 0
