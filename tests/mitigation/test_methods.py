"""Every method on a tiny planted shortcut: a usable edit, the same twice, and the gap falls where it should."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
import torch

from fairaudit.errors import MethodError
from fairaudit.mitigation.edits import Edit, GroupThresholds, Noted, Weights, edited
from fairaudit.mitigation.registry import EVERY, METHODS
from fairaudit.mitigation.samples import InMemory, cell_counts

TRAINED_AT_A_LAYER = ("a-clarc", "rr-clarc")


def fitted(task, name, **changes):
    method = METHODS[name]
    found = method.fit(replace(task, strength=method.strength, **changes))
    return found.edit if isinstance(found, Noted) else found


def gap_and_worst(task, edit, part):
    """Largest difference of the groups' rates within a class, and the worst cell."""
    with torch.no_grad():
        logits = edited(task.split, edit)(part.samples.images)[1]
    right = (task.head.decide(task.head.scores(logits)) == part.samples.target).double()
    cell = part.samples.attribute * 2 + part.samples.target
    rates = [float(right[cell == c].mean()) for c in range(4)]
    return max(abs(rates[0] - rates[2]), abs(rates[1] - rates[3])), min(rates)


@pytest.fixture(scope="module")
def edits(task):
    return {name: fitted(task, name) for name in EVERY}


@pytest.fixture(scope="module")
def vanilla(task, report):
    return gap_and_worst(task, Weights(values={}), report)


def test_the_shortcut_is_there(vanilla):
    assert vanilla[0] > 0.4


@pytest.mark.parametrize("name", EVERY)
def test_every_method_gives_a_finite_edit(edits, task, name):
    if isinstance(edits[name], GroupThresholds):
        return
    with torch.no_grad():
        logits = edited(task.split, edits[name])(task.choose.samples.images)[1]
    assert torch.isfinite(logits).all()


@pytest.mark.parametrize("name", EVERY)
def test_every_method_answers_with_an_edit_that_moves_decisions_or_logits(edits, task, name):
    assert isinstance(edits[name], get_args(Edit))
    if isinstance(edits[name], GroupThresholds):  # a rule on the scores
        return
    with torch.no_grad():
        before, after = (
            edited(task.split, edit)(task.choose.samples.images)[1] for edit in (Weights(values={}), edits[name])
        )
    assert not torch.equal(before, after)


@pytest.mark.parametrize("name", EVERY)
def test_the_weight_of_a_method_is_one_that_a_search_tries(name):
    method = METHODS[name]
    assert not method.strengths or method.strength in method.strengths


@pytest.mark.parametrize("name", ["fine-tune", "groupdro", "laftr", "lff", "dfr", "zhang-al", "replace-region"])
def test_the_same_seed_gives_the_same_bytes(edits, task, name):
    again = fitted(task, name)
    first, second = (edited(task.split, edit).state_dict() for edit in (edits[name], again))
    assert all(torch.equal(value, second[key]) for key, value in first.items())


@pytest.mark.parametrize(
    "name", ["fine-tune-balanced", "reweight", "resample", "groupdro", "eo-mi", "replace-region", "cia"]
)
def test_the_gap_falls_by_a_third(edits, task, report, vanilla, name):
    gap, worst = gap_and_worst(task, edits[name], report)
    assert gap < vanilla[0] * 2 / 3
    assert worst > vanilla[1]


@pytest.mark.parametrize("name", ["replace-region", "region-gradient", "prior-training"])
def test_methods_of_regions_need_one(task, name):
    bare = InMemory(samples=replace(task.debias.samples, masks=None), classes=2, groups=2)
    with pytest.raises(MethodError, match="needs a region"):
        fitted(task, name, debias=bare)


def test_cia_needs_frames(task):
    bare = InMemory(samples=replace(task.debias.samples, frames=None), classes=2, groups=2)
    with pytest.raises(MethodError, match="attribute changed"):
        fitted(task, "cia", debias=bare)


@pytest.mark.parametrize("name", ["dfr", "leace", "ffw", "fine-tune-balanced"])
def test_methods_of_balanced_rows_need_some(task, name):
    with pytest.raises(MethodError, match="balanced rows"):
        fitted(task, name, balanced=None)


def test_nothing_of_a_hook_is_left(edits, task):
    for name in TRAINED_AT_A_LAYER:
        module = edited(task.split, edits[name])
        assert not any(child._forward_hooks for child in module.modules())
        assert {key for key, _ in module.named_modules()} == {key for key, _ in task.split.module.named_modules()}


def test_cells_are_counted_by_hand(task):
    samples = task.choose.samples
    wanted = np.zeros(4, int)
    for a, t in zip(samples.attribute.tolist(), samples.target.tolist(), strict=True):
        wanted[a * 2 + t] += 1
    assert cell_counts(task.choose).tolist() == wanted.tolist()


@pytest.mark.parametrize(("name", "change"), [("cia", "frames"), ("cia-cvae", "drawn")])
def test_augmentation_needs_counterfactuals(task, name, change):
    bare = InMemory(samples=replace(task.debias.samples, frames=None), classes=2, groups=2)
    changed = {"frames": {"debias": bare}, "drawn": {"drawn": None}}[change]
    with pytest.raises(MethodError, match="needs"):
        fitted(task, name, **changed)
