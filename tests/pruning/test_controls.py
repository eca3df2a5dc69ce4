"""Controls: equal size per layer, and each one changes what its name says and nothing else."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fairaudit.errors import ModelError
from fairaudit.models.lift.lift import lift
from fairaudit.pruning.controls import (
    fine_tuned,
    from_scratch,
    magnitude_masks,
    masked_weights,
    random_masks,
    retrained_head,
)
from fairaudit.pruning.encoder import split
from fairaudit.pruning.gated import run_with
from fairaudit.pruning.sparsity import layer_sparsity
from fairaudit.pruning.train import TuneSettings

BRIEF = TuneSettings(epochs=8, rate=5e-3)


def some_mask(cut, seed):
    draw = torch.Generator().manual_seed(seed)
    return {name: torch.rand(cut.weight(name).shape, generator=draw) < 0.6 for name in cut.layers}


@given(seed=st.integers(0, 50))
def test_every_layer_loses_as_many_weights(toy, seed):
    cut = toy[0]
    like = some_mask(cut, seed)
    wanted = [layer.pruned for layer in layer_sparsity(cut, like)]
    for masks in (magnitude_masks(cut, like), random_masks(cut, like, seed=seed)):
        assert [layer.pruned for layer in layer_sparsity(cut, masks)] == wanted


def test_magnitude_keeps_the_largest(toy):
    cut = toy[0]
    for name, mask in magnitude_masks(cut, some_mask(cut, 3)).items():
        size = cut.weight(name).abs()
        assert size[mask].min() >= size[~mask].max()


def test_random_masks_follow_their_seed(toy):
    cut = toy[0]
    like = some_mask(cut, 0)
    first, again, other = (random_masks(cut, like, seed=seed) for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


def loss(cut, examples, weights):
    with torch.no_grad():
        return torch.nn.functional.cross_entropy(run_with(cut, examples.images, weights)[1], examples.target).item()


def test_last_layer_retraining_changes_the_head_alone(toy):
    cut, head, fit, _, _ = toy
    learnt = retrained_head(cut, head, fit, BRIEF)
    own = dict(cut.module.named_parameters())
    assert {name for name in own if not torch.equal(own[name], learnt[name])} == {"5.weight", "5.bias"}
    assert loss(cut, fit, learnt) < loss(cut, fit, {})


@pytest.mark.parametrize("control", [fine_tuned, from_scratch])
def test_whole_networks_learn_without_changing_the_model(toy, control):
    cut, head, fit, _, _ = toy
    before = {name: value.clone() for name, value in cut.module.named_parameters()}
    learnt = control(cut, head, fit, TuneSettings(epochs=25, rate=5e-3))
    assert loss(cut, fit, learnt) < loss(cut, fit, {})
    assert all(torch.equal(value, before[name]) for name, value in cut.module.named_parameters())
    assert all(not parameter.requires_grad for parameter in cut.module.parameters())


def test_fine_tuning_starts_at_the_model_and_scratch_does_not(toy):
    cut, head, fit, _, _ = toy
    still = TuneSettings(epochs=1, rate=0.0)
    own = dict(cut.module.named_parameters())
    assert all(
        torch.equal(value, own[name]) for name, value in fine_tuned(cut, head, fit, still).items() if name in own
    )
    fresh = from_scratch(cut, head, fit, still)
    assert all(not torch.equal(fresh[name], own[name]) for name in own)


def test_a_named_bottleneck_has_no_last_layer(cnn, images):
    found = split(lift(cnn, images).module, "3")
    with pytest.raises(ModelError, match="last linear layer"):
        retrained_head(found, None, None, BRIEF)


def test_masked_weights_are_zero_where_masked(toy):
    cut = toy[0]
    masks = some_mask(cut, 1)
    for name, mask in masks.items():
        weight = masked_weights(cut, masks)[f"{name}.weight"]
        assert torch.equal(weight[mask], cut.weight(name)[mask])
        assert (weight[~mask] == 0).all()
