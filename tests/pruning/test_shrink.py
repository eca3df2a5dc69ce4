"""The smaller model computes what the masked one does, and is smaller by what can be counted by hand."""

import pytest
import torch
from torch import nn

from fairaudit.models.lift.lift import lift
from fairaudit.pruning.encoder import split
from fairaudit.pruning.gated import gated_weights, run_with
from fairaudit.pruning.shrink import shrink


def run(split, images, factors):
    return run_with(split, images, gated_weights(split, factors))


def count(module):
    return sum(value.numel() for value in module.parameters())


@pytest.mark.parametrize("seed", range(6))
def test_it_computes_the_same(cut, images, seed):
    draw = torch.Generator().manual_seed(seed)
    masks = {name: torch.rand(cut.weight(name).shape[0], generator=draw) < 0.6 for name in cut.layers}
    small = shrink(cut, masks)
    wanted = run(cut, images, {name: mask.float() for name, mask in masks.items()})[1]
    torch.testing.assert_close(small.module(images)[1], wanted)
    assert small.kept_whole == ()
    for name, mask in masks.items():
        assert small.module.get_submodule(name).weight.shape[0] == max(1, int(mask.sum()))


def test_the_size_is_what_hand_arithmetic_says(cut, images):
    masks = {"0": torch.tensor([True, True, False, False]), "3": torch.arange(6) < 5, "8": torch.arange(5) < 3}
    small = shrink(cut, masks)
    # conv 2·9+2, norm 2·2, conv 5·2·9, norm 2·5, linear 3·5+3, linear 3·3+3
    assert count(small.module) == 20 + 4 + 90 + 10 + 18 + 12
    assert small.removed == {"0": 2, "3": 1, "8": 2}
    assert small.module(images[:2])[1].shape == (2, 3)


def test_a_flattened_map_loses_all_positions_of_a_unit(images):
    network = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(48, 2)).eval()
    found = split(lift(network, images).module)
    masks = {"0": torch.tensor([True, False, True])}
    small = shrink(found, masks)
    assert small.module.get_submodule("3").weight.shape == (2, 32)
    torch.testing.assert_close(small.module(images)[1], run(found, images, {"0": masks["0"].float()})[1])


def test_outputs_that_are_added_stay_as_zeros(images):
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second, self.head = nn.Conv2d(1, 4, 1), nn.Conv2d(4, 4, 1), nn.Linear(4, 2)

        def forward(self, images):
            hidden = self.first(images).relu()
            return self.head((hidden + self.second(hidden)).relu().mean((2, 3)))

    found = split(lift(Residual().eval(), images).module)
    masks = {name: torch.tensor([True, False, True, True]) for name in found.layers}
    small = shrink(found, masks)
    assert small.kept_whole == ("first", "second")
    torch.testing.assert_close(small.module(images)[1], run(found, images, {n: m.float() for n, m in masks.items()})[1])


def test_the_model_itself_stays(cut, images):
    before = cut.features(images)[1]
    shrink(cut, {name: torch.arange(cut.weight(name).shape[0]) > 0 for name in cut.layers})
    assert torch.equal(cut.features(images)[1], before)


def test_a_norm_behind_the_activation_keeps_its_layer_whole(images):
    network = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.BatchNorm2d(4), nn.Conv2d(4, 5, 3), nn.ReLU(), nn.Flatten(), nn.Linear(20, 2)
    ).eval()
    with torch.no_grad():  # a pruned unit leaves the norm as a constant that is not zero
        network[2].running_mean.fill_(0.3)
        network[2].bias.fill_(0.7)
    found = split(lift(network, images).module)
    masks = {name: torch.arange(found.weight(name).shape[0]) > 1 for name in found.layers}
    small = shrink(found, masks)
    assert small.kept_whole == ("0",)
    assert small.removed == {"3": 2}
    torch.testing.assert_close(small.module(images)[1], run(found, images, {n: m.float() for n, m in masks.items()})[1])
