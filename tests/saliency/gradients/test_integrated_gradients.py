import pytest
import torch
from captum.attr import IntegratedGradients as CaptumIntegratedGradients

from fairaudit.saliency.gradients.baselines import reference
from fairaudit.saliency.gradients.blur import blurred
from fairaudit.saliency.gradients.integrated_gradients import BlurIntegratedGradients, IntegratedGradients, relative_gap
from fairaudit.saliency.gradients.line_integral import Refinement


def dense(classifier, images, classes, points, steps):
    """Σ ∂F/∂x(middle of the step) ⊙ step over many steps of any path, written out with autograd."""
    total = torch.zeros_like(images)
    for k in range(steps):
        before, middle, after = (points(t) for t in (k / steps, (k + 0.5) / steps, (k + 1) / steps))
        middle = middle.clone().requires_grad_()
        value = small_sum(classifier, middle, classes)
        (gradient,) = torch.autograd.grad(value, middle)
        total += gradient * (after - before)
    return total.sum(1)


def small_sum(classifier, inputs, classes):
    logits = classifier.module(inputs)
    return sum(logits[i, int(c)] for i, c in enumerate(classes))


@pytest.mark.parametrize("kind", ["plain", "residual"])
@pytest.mark.parametrize("baseline", ["black", "mean", "blur"])
def test_relevance_sums_to_the_difference_of_evidence(small, kind, baseline):
    classifier, images, classes = small.model(kind), small.images(), small.classes()
    found = IntegratedGradients(baseline=baseline).attribute(classifier, images, classes)
    ends = [small.explained(classifier, some, classes) for some in (reference(images, baseline), images)]
    gap = (found.maps.sum((1, 2)) - (ends[1] - ends[0])).abs()
    scale = torch.maximum((ends[1] - ends[0]).abs(), 0.1 * torch.maximum(ends[0].abs(), ends[1].abs()))
    assert (gap <= 0.01 * scale).all()
    torch.testing.assert_close(found.residual, gap / scale)


def test_one_round_is_captums_gauss_legendre(small):
    classifier, images, classes = small.model(), small.images(), small.classes()
    found = IntegratedGradients(refinement=Refinement(nodes=8, most=8)).attribute(classifier, images, classes)
    inputs, start = classifier.normalise(images), classifier.normalise(torch.zeros_like(images))
    wanted, delta = CaptumIntegratedGradients(classifier.module).attribute(
        inputs, start, target=classes, n_steps=8, return_convergence_delta=True
    )
    torch.testing.assert_close(found.maps, wanted.sum(1))
    ends = [small.explained(classifier, some, classes) for some in (torch.zeros_like(images), images)]
    torch.testing.assert_close(found.residual, delta.abs() / (ends[1] - ends[0]).abs())
    assert found.evaluations == 3 * (8 + 2)


@pytest.mark.parametrize("kind", ["plain", "residual"])
def test_a_fine_tolerance_comes_to_the_dense_integral(small, kind):
    classifier, images, classes = small.model(kind), small.images(), small.classes()
    start, end = classifier.normalise(torch.zeros_like(images)), classifier.normalise(images)
    wanted = dense(classifier, images, classes, lambda t: start + t * (end - start), 200)
    fine = Refinement(tolerance=1e-9, local=1e-3, most=150)
    found = IntegratedGradients(refinement=fine).attribute(classifier, images, classes).maps
    assert ((found - wanted).norm() / wanted.norm()).item() < 0.02


def test_a_linear_model_has_a_closed_form(small):
    classifier, images = small.linear(), small.images(2, height=5, width=7)
    weights = classifier.module[1].weight.view(4, 3, 5, 7)[[2, 0]]
    found = IntegratedGradients().attribute(classifier, images, torch.tensor([2, 0]))
    torch.testing.assert_close(found.maps, (weights * images / classifier.std).sum(1))
    assert found.residual.max() < 1e-10
    # Complete after the first round: eight gradients and the values at both ends.
    assert found.evaluations == 2 * (8 + 2)


def test_a_batch_is_its_images_one_by_one(small):
    classifier, images, classes = small.model("residual"), small.images(4), small.classes(4)
    together = IntegratedGradients().attribute(classifier, images, classes)
    alone = [IntegratedGradients().attribute(classifier, images[i : i + 1], classes[i : i + 1]) for i in range(4)]
    torch.testing.assert_close(together.maps, torch.cat([one.maps for one in alone]))
    torch.testing.assert_close(together.residual, torch.cat([one.residual for one in alone]), atol=1e-9, rtol=1e-6)
    assert together.evaluations == sum(one.evaluations for one in alone)


def test_no_images_give_no_maps(small):
    found = IntegratedGradients().attribute(small.model(), small.images(2)[:0], small.classes(0))
    assert found.maps.shape == (0, 12, 16)
    assert found.evaluations == 0


def test_the_limit_on_nodes_holds_and_the_gap_that_is_left_is_told(small):
    classifier, images, classes = small.model("residual"), small.images(), small.classes()
    found = IntegratedGradients(refinement=Refinement(tolerance=0, local=0, most=11)).attribute(
        classifier, images, classes
    )
    assert found.evaluations == 3 * (11 + 2)
    assert (found.residual > 0).all()


def test_blur_ig_sums_to_the_difference_to_the_blurred_image(small):
    classifier, images, classes = small.model("residual"), small.images(), small.classes()
    found = BlurIntegratedGradients(sigma=3.0).attribute(classifier, images, classes)
    start = blurred(images, torch.full((3,), 3.0, dtype=torch.float64))
    ends = [small.explained(classifier, some, classes) for some in (start, images)]
    scale = torch.maximum((ends[1] - ends[0]).abs(), 0.1 * torch.maximum(ends[0].abs(), ends[1].abs()))
    assert ((found.maps.sum((1, 2)) - (ends[1] - ends[0])).abs() <= 0.01 * scale).all()
    assert (found.residual <= 0.01).all()


def test_blur_ig_comes_to_the_dense_line_integral(small):
    classifier, images, classes = small.model("plain"), small.images(), small.classes()

    def points(t):
        sigma = torch.full((3,), 2.0 * (1 - t), dtype=torch.float64)
        return classifier.normalise(blurred(images, sigma))

    wanted = dense(classifier, images, classes, points, 120)
    fine = Refinement(tolerance=1e-9, local=1e-3, most=100)
    found = BlurIntegratedGradients(sigma=2.0, refinement=fine).attribute(classifier, images, classes).maps
    assert ((found - wanted).norm() / wanted.norm()).item() < 0.03


def test_the_gap_of_nothing_is_zero_and_of_something_over_nothing_infinite():
    gap = relative_gap(torch.tensor([0.0, 1.0]), torch.tensor([0.0, 0.0]), torch.tensor([0.0, 0.0]))
    assert gap.tolist() == [0.0, float("inf")]
