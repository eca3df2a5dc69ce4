import torch
from captum.attr import GradientShap
from captum.attr import IntegratedGradients as CaptumIntegratedGradients

from fairaudit.saliency.gradients.expected_gradients import ExpectedGradients
from fairaudit.saliency.gradients.integrated_gradients import IntegratedGradients
from fairaudit.saliency.gradients.line_integral import Refinement


def test_a_linear_model_has_a_closed_form(small):
    classifier, images = small.linear(), small.images(2, height=5, width=7)
    references = small.images(4, height=5, width=7, seed=9)
    weights = classifier.module[1].weight.view(4, 3, 5, 7)[[2, 0]]
    found = ExpectedGradients(references=references).attribute(classifier, images, torch.tensor([2, 0]))
    wanted = weights * (images - references.mean(0)) / classifier.std
    torch.testing.assert_close(found.maps, wanted.sum(1))
    assert found.residual.max() < 1e-10


def test_it_is_the_mean_over_references_of_captums_integrated_gradients(small):
    classifier, images, classes = small.model(), small.images(2), small.classes(2)
    references = small.images(3, seed=5)
    method = ExpectedGradients(references=references, refinement=Refinement(nodes=6, most=6))
    found = method.attribute(classifier, images, classes).maps
    oracle = CaptumIntegratedGradients(classifier.module)
    inputs = classifier.normalise(images)
    each = [
        oracle.attribute(inputs, classifier.normalise(one[None]).expand_as(inputs), target=classes, n_steps=6)
        for one in references
    ]
    torch.testing.assert_close(found, torch.stack(each).mean(0).sum(1))


def test_the_residual_is_against_the_mean_evidence_of_the_references(small):
    classifier, images, classes = small.model("residual"), small.images(3), small.classes(3)
    references = small.images(4, seed=5)
    found = ExpectedGradients(references=references).attribute(classifier, images, classes)
    last = small.explained(classifier, images, classes)
    first = torch.stack([small.explained(classifier, one[None].expand_as(images), classes) for one in references]).mean(
        0
    )
    gap = (found.maps.sum((1, 2)) - (last - first)).abs()
    scale = torch.maximum((last - first).abs(), 0.01 * torch.maximum(last.abs(), first.abs()))
    torch.testing.assert_close(found.residual, gap / scale)
    assert found.residual.median() < 0.1


def test_an_image_is_not_its_own_reference(small):
    classifier, images, classes = small.model(), small.images(2), small.classes(2)
    found = ExpectedGradients().attribute(classifier, images, classes).maps
    other = ExpectedGradients(references=images[1:]).attribute(classifier, images[:1], classes[:1]).maps
    torch.testing.assert_close(found[:1], other)


def test_an_image_alone_is_compared_with_its_own_blur(small):
    classifier, image, name = small.model(), small.images(1), small.classes(1)
    settings = ExpectedGradients().refinement
    wanted = IntegratedGradients(baseline="blur", refinement=settings).attribute(classifier, image, name).maps
    torch.testing.assert_close(ExpectedGradients().attribute(classifier, image, name).maps, wanted)


def test_captums_gradient_shap_comes_to_it_with_many_draws(small):
    classifier, images, classes = small.model(), small.images(2), small.classes(2)
    references = small.images(3, seed=5)
    fine = Refinement(tolerance=1e-6, local=1e-3, most=64)
    found = ExpectedGradients(references=references, refinement=fine).attribute(classifier, images, classes).maps
    torch.manual_seed(0)
    wanted = GradientShap(classifier.module).attribute(
        classifier.normalise(images), baselines=classifier.normalise(references), n_samples=800, target=classes
    )
    # The mean of 800 draws is about 1/√800 = 4 % of one draw's spread off, and that spread is about the map's size.
    off = (found - wanted.sum(1)).flatten(1).norm(dim=1) / wanted.sum(1).flatten(1).norm(dim=1)
    assert off.max() < 0.1


def test_an_image_is_not_held_against_itself_among_given_references(small):
    classifier, images, classes = small.model(), small.images(2), small.classes(2)
    own = ExpectedGradients(references=images).attribute(classifier, images, classes).maps
    other = ExpectedGradients(references=images.flip(0)[:1]).attribute(classifier, images[:1], classes[:1]).maps
    torch.testing.assert_close(own[:1], other)
