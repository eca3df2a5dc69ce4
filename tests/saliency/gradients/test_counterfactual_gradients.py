"""CGI against captum where the path is straight, and against the sum written out where it is not."""

from __future__ import annotations

from dataclasses import dataclass

import captum.attr
import numpy as np
import pytest
import torch
from torch import Tensor

from fairaudit.saliency.gradients.counterfactual_gradients import CounterfactualGradients
from fairaudit.saliency.gradients.line_integral import Refinement
from fairaudit.saliency.gradients.path import Straight
from fairaudit.saliency.gradients.saturation import saturation
from fairaudit.saliency.method import labelled

FINE = Refinement(tolerance=1e-4, local=1e-3, most=2048)


def recoloured(images: Tensor, attribute: Tensor) -> Tensor:
    """The counterfactual: two channels change places, the more so the higher the attribute's code."""
    swapped = images[:, [1, 0, 2]]
    return torch.lerp(images, swapped, (0.5 + 0.5 * attribute.to(images))[:, None, None, None])


@dataclass
class Recolouring:
    """A straight recolouring, as the published program does on coloured digits."""

    def path(self, classifier, images, target, attribute):
        return Straight(
            baseline=classifier.normalise(recoloured(images, attribute)), inputs=classifier.normalise(images)
        )


@dataclass
class Bent:
    """From the counterfactual to the image, odd columns late: γ_i(t) = x′_i + t^k_i (x_i − x′_i), k = 1 or 3."""

    start: Tensor
    end: Tensor
    straight: bool = False

    def _at(self, image: Tensor, t: Tensor) -> Tensor:
        power = torch.ones(self.end.shape[-1])
        power[1::2] = 3
        share = t.to(self.end)[:, None] ** power.to(self.end)
        return self.start[image] + share[:, None, None, :] * (self.end - self.start)[image]

    def points(self, image: Tensor, t: Tensor) -> Tensor:
        return self._at(image, t)

    def moves(self, image: Tensor, start: Tensor, stop: Tensor) -> Tensor:
        return self._at(image, stop) - self._at(image, start)


@dataclass
class Bending:
    def path(self, classifier, images, target, attribute):
        return Bent(classifier.normalise(recoloured(images, attribute)), classifier.normalise(images))


def method(pathway, codes, target=None):
    made = CounterfactualGradients(pathway=pathway, attribute_name="colour", refinement=FINE)
    return labelled(made, torch.ones_like(codes) if target is None else target, {"colour": codes})


def test_on_a_straight_recolouring_it_is_integrated_gradients_with_the_counterfactual_as_reference(small):
    classifier, images, classes = small.model(), small.images(4), small.classes(4)
    codes = torch.tensor([0, 1, 1, 0])
    found = method(Recolouring(), codes).attribute(classifier, images, classes)
    oracle = captum.attr.IntegratedGradients(classifier.module).attribute(
        classifier.normalise(images),
        baselines=classifier.normalise(recoloured(images, codes)),
        target=classes,
        n_steps=2000,
        internal_batch_size=500,
    )
    expected = oracle.sum(1)
    assert ((found.maps - expected).abs().max() / expected.abs().max()).item() < 0.01


def test_along_a_bent_path_it_is_the_sum_over_the_tangent_and_adds_up(small):
    classifier, images, classes = small.model(), small.images(3), small.classes(3)
    codes = torch.tensor([1, 1, 0])
    found = method(Bending(), codes).attribute(classifier, images, classes)
    start, end = classifier.normalise(recoloured(images, codes)), classifier.normalise(images)
    for row in range(3):
        path = Bent(start, end)
        steps = torch.linspace(0, 1, 1501, dtype=torch.float64)
        points = path.points(torch.full((1501,), row), steps).requires_grad_()
        values = classifier.module(points)[:, int(classes[row])]
        (slopes,) = torch.autograd.grad(values.sum(), points)
        expected = (0.5 * (slopes[1:] + slopes[:-1]) * points.detach().diff(dim=0)).sum(dim=0).sum(dim=0)
        assert ((found.maps[row] - expected).abs().max() / expected.abs().max()).item() < 0.02
        change = (values[-1] - values[0]).item()
        assert found.maps[row].sum().item() == pytest.approx(change, rel=1e-3)
    assert found.residual is not None
    assert found.residual.max() < 1e-3
    straight = method(Recolouring(), codes).attribute(classifier, images, classes)
    assert (straight.maps - found.maps).abs().max() / found.maps.abs().max() > 0.01  # the chord is another map


def test_an_attribute_the_model_does_not_read_gets_no_relevance(small):
    class Still:
        def path(self, classifier, images, target, attribute):
            return Straight(baseline=classifier.normalise(images), inputs=classifier.normalise(images))

    found = method(Still(), torch.tensor([0, 1])).attribute(small.model(), small.images(2), small.classes(2))
    assert found.maps.abs().max() == 0
    assert found.residual.tolist() == [0, 0]


def test_images_of_unknown_attribute_or_target_have_no_map(small):
    classifier, images, classes = small.model(), small.images(4), small.classes(4)
    codes, target = torch.tensor([0, -1, 1, 1]), torch.tensor([1, 1, -1, 0])
    found = method(Recolouring(), codes, target).attribute(classifier, images, classes)
    known = torch.tensor([0, 3])
    alone = method(Recolouring(), codes[known], target[known]).attribute(classifier, images[known], classes[known])
    torch.testing.assert_close(found.maps[known], alone.maps)
    assert found.maps[1:3].abs().max() == 0
    assert torch.isnan(found.residual).tolist() == [False, True, True, False]


def test_labels_of_other_images_are_refused(small):
    with pytest.raises(ValueError, match="needs a pathway"):
        CounterfactualGradients().attribute(small.model(), small.images(2), small.classes(2))
    with pytest.raises(ValueError, match="labels of 3 images, not of 2"):
        method(Recolouring(), torch.tensor([0, 1, 1])).attribute(small.model(), small.images(2), small.classes(2))


def test_its_saturation_is_that_of_finite_differences_along_the_drawn_images(small):
    """The oracle draws the path itself, reads the score at its places, and takes slopes by differences of 1e-5."""
    classifier, images, classes = small.model(), small.images(3), small.classes(3)
    codes = torch.tensor([1, -1, 0])
    made = method(Bending(), codes)
    rows = made.known()
    assert rows.tolist() == [0, 2]
    found = saturation(
        classifier, images[rows], classes[rows], made.of(rows).path(classifier, images[rows]), points=129
    )
    start, end = classifier.normalise(recoloured(images, codes)), classifier.normalise(images)
    power = torch.ones(images.shape[-1])
    power[1::2] = 3

    def score(row, t):
        with torch.no_grad():
            share = t[:, None] ** power.double()
            points = start[row] + share[:, None, None, :] * (end - start)[row]
            return classifier.module(points)[:, int(classes[row])].numpy()

    t = torch.linspace(0, 1, 129, dtype=torch.float64)
    for place, row in enumerate(rows.tolist()):
        values = score(row, t)
        np.testing.assert_allclose(found.progress[place], (values - values[0]) / (values[-1] - values[0]), atol=1e-8)
        middle = (t[1:] + t[:-1]) / 2
        slope = np.abs(score(row, middle + 1e-5) - score(row, middle - 1e-5)) / 2e-5
        gathered = np.concatenate([[0.0], slope.cumsum()]) / slope.sum()
        np.testing.assert_allclose(found.gathered[place], gathered, atol=0.02)  # kinks between the places
        moves = sorted(np.abs(np.diff(values)), reverse=True)
        enough = int(np.searchsorted(np.cumsum(moves), 0.9 * sum(moves)))
        assert enough / 128 <= found.unsaturated[place] <= (enough + 1) / 128
