"""The added concept, by hand, and that nothing of it stays."""

from dataclasses import replace

import torch

from fairaudit.mitigation.cav import Concept
from fairaudit.mitigation.edits import Weights, edited
from fairaudit.mitigation.methods.a_clarc import adding
from fairaudit.mitigation.registry import METHODS


def test_after_a_clarc_nothing_is_inserted_and_no_hook_stays(task):
    short = replace(task, strength=1.0, layers=1, train=replace(task.train, epochs=1))
    found = METHODS["a-clarc"].fit(short)
    assert isinstance(found.edit, Weights)
    module = edited(short.split, found.edit)
    assert [name for name, _ in module.named_modules()] == [name for name, _ in short.split.module.named_modules()]
    for each in (*module.modules(), *short.split.module.modules()):
        assert not each._forward_hooks
        assert not each._forward_pre_hooks


def test_the_concept_is_added_by_hand():
    """v = (1, 0), z = (3, 7): h' = (h₀ - α (h₀ - 3), h₁) at every place."""
    v, z = torch.tensor([1.0, 0.0]).double(), torch.tensor([3.0, 7.0]).double()
    found = Concept(layer="x", vector=v, without=z, having=z, accuracy=1.0)
    output = torch.tensor([[[[9.0, 1.0]], [[5.0, 6.0]]]])
    hook = adding(found, 0.5, output)
    assert hook(None, None, output).tolist() == [[[[6.0, 2.0]], [[5.0, 6.0]]]]
    assert adding(found, 1.0, output)(None, None, output[:, :, 0, 0]).tolist() == [[3.0, 5.0]]
