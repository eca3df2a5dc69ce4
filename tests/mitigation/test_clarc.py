"""The projection and the added concept, and that both change one direction only."""

from dataclasses import replace

import pytest
import torch

from fairaudit.mitigation.cav import Concept, concept, watched
from fairaudit.mitigation.edits import Weights, edited
from fairaudit.mitigation.layers import best_layer, candidate_layers
from fairaudit.mitigation.methods.a_clarc import adding
from fairaudit.mitigation.methods.p_clarc import inserted, projection
from fairaudit.mitigation.methods.rr_clarc import sensitivity
from fairaudit.mitigation.registry import METHODS
from fairaudit.mitigation.samples import Samples


def planted(size=8):
    draw = torch.Generator().manual_seed(3)
    v = torch.randn(size, generator=draw).double()
    return Concept(layer=None, vector=v / v.norm(), without=torch.randn(size, generator=draw).double(),
                   having=torch.randn(size, generator=draw).double(), accuracy=1.0)  # fmt: skip


def test_a_projection_is_idempotent_and_leaves_the_rest():
    found = planted()
    matrix, offset = projection(found)
    h = torch.randn(5, 8, generator=torch.Generator().manual_seed(4)).double()
    once = h @ matrix.t() + offset
    assert torch.allclose(once @ matrix.t() + offset, once)
    assert torch.allclose(once @ found.vector, (found.without @ found.vector).expand(5))
    rest = torch.eye(8).double() - torch.outer(found.vector, found.vector)
    assert torch.allclose(once @ rest, h @ rest)


def test_the_inserted_projection_equals_a_hook(task):
    layer = task.split.layers[1]
    found = replace(planted(task.split.weight(layer).shape[0]), layer=layer)
    images = task.choose.samples.images[:6]
    module = edited(task.split, inserted(found))
    hook = adding(replace(found, having=found.without), 1.0, images)
    handle = task.split.module.get_submodule(layer).register_forward_hook(hook)
    try:
        wanted = task.split.module(images)[1]
    finally:
        handle.remove()
    assert torch.allclose(module(images)[1], wanted, atol=1e-5)


def test_the_penalty_is_the_squared_directional_derivative(task):
    import copy

    layer = task.split.layers[1]
    channels = task.split.weight(layer).shape[0]
    v = planted(channels).vector
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


def test_behind_a_convolution_the_concept_is_gone_and_the_mean_score_is_kept(task):
    edit = METHODS["p-clarc-conv"].fit(replace(task, strength=1.0)).edit
    vector = concept(task, task.debias, layer=edit.layer).vector
    module, kept = edited(task.split, edit), []
    with watched(module, "mitigation", kept):
        logits = module(task.debias.samples.images)[1]
    along = torch.einsum("nchw,c->nhw", kept[0].double(), vector)
    assert float((along - along.mean()).abs().max()) < 1e-4
    share = task.debias.target.double().mean()
    assert abs(float(task.head.scores(logits)[:, 1].mean()) - float(share)) < 1e-3


@pytest.mark.parametrize("kind", ["mean", "logistic"])
def test_layers_are_tried_as_deep_as_asked_for(task, kind):
    assert candidate_layers(replace(task, layers=1)) == candidate_layers(replace(task, layers=9))[:1]
    tried = []

    def fit(layer):
        tried.append(layer)
        return Weights(values={})

    found = best_layer(replace(task, layers=9, cav=kind), fit)
    assert tried == candidate_layers(replace(task, layers=9))
    assert found.facts["layer_from_the_end"] == 0.0  # among equals the last one


def test_after_a_clarc_nothing_is_inserted_and_no_hook_stays(task):
    short = replace(task, strength=1.0, layers=1, train=replace(task.train, epochs=1))
    found = METHODS["a-clarc"].fit(short)
    assert isinstance(found.edit, Weights)
    module = edited(short.split, found.edit)
    assert [name for name, _ in module.named_modules()] == [name for name, _ in short.split.module.named_modules()]
    for each in (*module.modules(), *short.split.module.modules()):
        assert not each._forward_hooks
        assert not each._forward_pre_hooks
