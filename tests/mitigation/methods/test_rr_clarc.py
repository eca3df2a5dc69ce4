"""The penalty of the directional derivative, against a difference quotient."""

import copy

import torch

from fairaudit.mitigation.methods.rr_clarc import sensitivity
from fairaudit.mitigation.samples import Samples


def test_the_penalty_is_the_squared_directional_derivative(task, some_concept):
    layer = task.split.layers[1]
    channels = task.split.weight(layer).shape[0]
    v = some_concept(channels).vector
    samples = task.choose.samples
    batch = Samples(images=samples.images[:3], target=samples.target[:3], attribute=samples.attribute[:3])
    module = copy.deepcopy(task.split.module).double()
    batch = Samples(images=batch.images.double(), target=batch.target, attribute=batch.attribute)
    for parameter in module.parameters():
        parameter.requires_grad_(True)
    _, penalty = sensitivity(module, task.head, batch, layer=layer, vector=v)
    step = 1e-6

    def moved(by):
        handle = module.get_submodule(layer).register_forward_hook(lambda _m, _i, out: out + by * v.view(1, -1, 1, 1))
        try:
            return (module(batch.images)[1] * task.head.seed(batch.target)).sum(1)
        finally:
            handle.remove()

    slope = (moved(step) - moved(-step)) / (2 * step)
    assert torch.allclose(penalty, slope.square().mean(), rtol=1e-4)
    penalty.backward()
    first = module.get_parameter(f"{task.split.layers[1]}.weight")
    assert first.grad is None or torch.isfinite(first.grad).all()
