"""The projection and the added concept, and that both change one direction only."""

from dataclasses import replace

import pytest
import torch

from fairaudit.mitigation.cav import Concept, concept, watched
from fairaudit.mitigation.edits import edited
from fairaudit.mitigation.methods import p_clarc
from fairaudit.mitigation.methods.a_clarc import adding
from fairaudit.mitigation.methods.p_clarc import inserted, projection
from fairaudit.mitigation.registry import METHODS


def test_a_projection_is_idempotent_and_leaves_the_rest(some_concept):
    found = some_concept()
    matrix, offset = projection(found)
    h = torch.randn(5, 8, generator=torch.Generator().manual_seed(4)).double()
    once = h @ matrix.t() + offset
    assert torch.allclose(once @ matrix.t() + offset, once)
    assert torch.allclose(once @ found.vector, (found.without @ found.vector).expand(5))
    rest = torch.eye(8).double() - torch.outer(found.vector, found.vector)
    assert torch.allclose(once @ rest, h @ rest)


def test_the_inserted_projection_equals_a_hook(task, some_concept):
    layer = task.split.layers[1]
    found = replace(some_concept(task.split.weight(layer).shape[0]), layer=layer)
    images = task.choose.samples.images[:6]
    module = edited(task.split, inserted(found))
    hook = adding(replace(found, having=found.without), 1.0, images)
    handle = task.split.module.get_submodule(layer).register_forward_hook(hook)
    try:
        wanted = task.split.module(images)[1]
    finally:
        handle.remove()
    assert torch.allclose(module(images)[1], wanted, atol=1e-5)


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


def test_the_reported_cosine_is_that_of_concept_and_last_layer(linear, monkeypatch):
    """The last layer reads (1, ½) and the concept is the first feature: cos = 1 / √1.25; then it is not read at all."""
    v = torch.tensor([1.0, 0.0]).double()
    found = Concept(layer=None, vector=v, without=0 * v, having=v, accuracy=0.75)
    monkeypatch.setattr(p_clarc, "concept", lambda *_, **__: found)
    made = p_clarc.p_clarc(linear)
    assert made.facts["concept_head_cosine"] == pytest.approx(1.25**-0.5)
    assert made.facts["concept_accuracy"] == 0.75
    assert made.edit.weight.tolist() == [[0.0, 0.5]]
    # Its bias gives the rows their share of the target again: the mean score is the mean target.
    scores = torch.sigmoid(linear.debias.samples.images[:, 1, 0, 0].double() * 0.5 + made.edit.bias)
    assert float(scores.mean()) == pytest.approx(float(linear.debias.target.double().mean()), abs=1e-5)
