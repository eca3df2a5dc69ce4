import torch
from torch import nn

from fairaudit.errors import LiftError
from fairaudit.saliency.prepare import prepared, prepared_or_raw


def test_it_computes_the_same_without_batch_norm_and_in_place(small):
    classifier, images = small.model("residual"), small.images()
    module = prepared(classifier, images)
    inputs = classifier.normalise(images)
    torch.testing.assert_close(module(inputs), classifier.module(inputs))
    assert not any(isinstance(part, nn.BatchNorm2d) for part in module.modules())
    assert not any(getattr(part, "inplace", False) for part in module.modules())
    assert any(isinstance(part, nn.BatchNorm2d) for part in classifier.module.modules())
    assert classifier.module.relu1.inplace


def test_it_is_made_once(small):
    classifier, images = small.model(), small.images()
    assert prepared(classifier, images) is prepared(classifier, images)


def test_a_model_that_cannot_be_lifted_is_used_as_it_is(small):
    class Opaque(small.Double):
        def lifted(self, example):
            raise LiftError("It cannot be lifted")

    classifier = Opaque(module=small.model().module, outputs=4)
    assert prepared_or_raw(classifier, small.images()) is classifier.module


def test_weights_need_no_gradient(small):
    module = prepared(small.model(), small.images())
    assert not any(weight.requires_grad for weight in module.parameters())
    assert all(torch.isfinite(weight).all() for weight in module.parameters())
