"""New weights: seeded, everywhere a module can draw them, and without touching anybody else's random numbers."""

import torch
from torch import nn

from fairaudit.models.lift.reset import reset_weights


def test_every_module_that_can_starts_anew():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 2))
    with torch.no_grad():
        for value in network.state_dict().values():
            value.fill_(7)
    network.register_parameter("own", nn.Parameter(torch.ones(1)))
    state = torch.get_rng_state()
    assert reset_weights(network, seed=1) == ("own",)
    assert torch.equal(torch.get_rng_state(), state)
    assert network[1].running_mean.tolist() == [0, 0]
    assert network[1].weight.tolist() == [1, 1]
    assert (network[0].weight != 7).all()
    assert network.own.item() == 1
    first = network[3].weight.clone()
    reset_weights(network, seed=1)
    assert torch.equal(network[3].weight, first)
    reset_weights(network, seed=2)
    assert not torch.equal(network[3].weight, first)
