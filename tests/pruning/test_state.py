"""A search between two epochs comes back from its file, and one of another search is not taken."""

import pytest
import torch
from torch import nn

from fairaudit.errors import ModelError
from fairaudit.pruning.bias_head import BiasHead
from fairaudit.pruning.state import SearchState, load_state, save_state


class Gates(nn.Module):
    def __init__(self, value):
        super().__init__()
        self.values = nn.ParameterList([nn.Parameter(torch.full((2, 3), value))])


def state(value=0.0, steps=0):
    gates, head = Gates(value), BiasHead(4, 2)
    found = SearchState(gates=gates, heads=[head], gate_optimiser=torch.optim.Adam(gates.parameters()),
                        head_optimisers=[torch.optim.Adam(head.parameters())])  # fmt: skip
    for _ in range(steps):
        for module, optimiser in ((gates, found.gate_optimiser), (head, found.head_optimisers[0])):
            for parameter in module.parameters():
                parameter.grad = torch.ones_like(parameter)
            optimiser.step()
    return found


def test_everything_that_the_next_epoch_depends_on(tmp_path):
    first = state(0.5, steps=3)
    first.level, first.epoch, first.stale, first.best, first.agreed, first.done = 2, 7, 1, 0.25, True, True
    save_state(tmp_path / "s", first, "key")
    again = state()
    assert load_state(tmp_path / "s", again, "key")
    assert (again.level, again.epoch, again.stale, again.best, again.agreed, again.done) == (2, 7, 1, 0.25, True, True)
    for one, two in ((first.gates, again.gates), (first.heads[0], again.heads[0])):
        assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    for found in (first, again):  # the optimisers' moments too: one more step is the same
        for parameter in found.gates.parameters():
            parameter.grad = torch.full_like(parameter, 0.3)
        found.gate_optimiser.step()
    assert torch.equal(first.gates.values[0], again.gates.values[0])


def test_without_a_file_there_is_nothing_and_infinity_is_kept(tmp_path):
    assert not load_state(tmp_path / "none", state(), "key")
    save_state(tmp_path / "s", state(), "key")
    again = state()
    again.best = 1.0
    load_state(tmp_path / "s", again, "key")
    assert again.best == float("inf")


def test_checkpoints_of_others_are_refused(tmp_path):
    save_state(tmp_path / "s", state(), "key")
    with pytest.raises(ModelError, match="other data, another model or other settings"):
        load_state(tmp_path / "s", state(), "other")
    (tmp_path / "s").write_bytes(b"half")
    with pytest.raises(ModelError, match="--fresh"):
        load_state(tmp_path / "s", state(), "key")
