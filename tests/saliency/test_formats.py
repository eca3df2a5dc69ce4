"""Every method gives one map of a network, whatever file format its module came from."""

import warnings

import pytest
import torch

from fairaudit.saliency.method import TakesLabels
from fairaudit.saliency.registry import METHODS, method

FORMATS = ("scripted", "traced", "frozen", "exported")


def as_format(module, inputs, form):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if form == "scripted":
            return torch.jit.script(module)
        if form == "traced":
            return torch.jit.trace(module, inputs, check_trace=False)
        if form == "frozen":
            return torch.jit.freeze(torch.jit.script(module))
        dynamic = ({0: torch.export.Dim("batch", min=1)},)
        return torch.export.export(module, (inputs,), dynamic_shapes=dynamic).module()


@pytest.fixture(scope="module", params=FORMATS)
def form(request):
    return request.param


def test_every_method_sees_the_same_network_in_every_format(small, form):
    classifier, images, classes = small.model("residual"), small.images(2), small.classes(2)
    module = as_format(classifier.module, classifier.normalise(images), form)
    other = small.Double(module=module, outputs=4)
    for name in METHODS:
        if isinstance(method(name), TakesLabels):
            continue  # its path is drawn by another model; tests/saliency/gradients/test_counterfactual_gradients.py
        wanted = method(name).attribute(classifier, images, classes, seed=1)
        found = method(name).attribute(other, images, classes, seed=1)
        assert torch.allclose(found.maps, wanted.maps, rtol=1e-6, atol=1e-9), name
        assert wanted.maps.abs().max() > 0
        assert found.evaluations == wanted.evaluations, name
