"""Edits: a fold equals the edit of the features, an inserted layer acts at every place, the model stays."""

import pytest
import torch

from fairaudit.errors import MethodError
from fairaudit.mitigation.edits import HeadEdit, Inserted, Weights, edited, head_layer, values_of
from fairaudit.mitigation.features import features_of, folded


def test_a_fold_equals_the_edit_of_the_features(task):
    found = features_of(task, task.choose)
    draw = torch.Generator().manual_seed(0)
    size = found.values.shape[1]
    matrix, offset = torch.rand(size, size, generator=draw).double(), torch.rand(size, generator=draw).double()
    edit = folded(found, matrix, offset)
    wanted = (found.values @ matrix.t() + offset) @ found.weight.t() + found.bias
    images = task.choose.samples.images
    assert torch.allclose(edited(task.split, edit)(images)[1].double(), wanted, atol=1e-4)


def test_an_inserted_layer_acts_at_every_place_and_only_there(task):
    images = task.choose.samples.images[:5]
    layer = task.split.layers[1]
    channels = task.split.weight(layer).shape[0]
    kept = []
    plain = edited(task.split, Inserted(layer=layer, weight=torch.eye(channels), bias=torch.zeros(channels)))
    assert torch.allclose(plain(images)[1], task.split.module(images)[1], atol=1e-6)
    doubled = edited(task.split, Inserted(layer=layer, weight=2 * torch.eye(channels), bias=torch.ones(channels)))
    handle = doubled.get_submodule("mitigation").register_forward_hook(lambda _m, given, out: kept.append((given, out)))
    doubled(images)
    handle.remove()
    (before,), after = kept[0]
    assert torch.allclose(after, 2 * before + 1, atol=1e-5)


def test_the_model_itself_stays(task):
    before = {name: value.clone() for name, value in task.split.module.state_dict().items()}
    layer = head_layer(task.split)
    edited(task.split, HeadEdit(weight=layer.weight * 0, bias=layer.bias * 0))
    assert all(torch.equal(value, before[name]) for name, value in task.split.module.state_dict().items())


def test_only_what_moved_is_written(task):
    own = dict(task.split.module.named_parameters())
    name = next(iter(own))
    found = values_of(task.split, Weights(values={**own, name: own[name] + 1}))
    assert list(found) == [name]


def test_an_unknown_layer_is_refused(task):
    with pytest.raises(MethodError, match="does not exist"):
        edited(task.split, Inserted(layer="nowhere", weight=torch.eye(2), bias=torch.zeros(2)))
