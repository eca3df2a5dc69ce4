"""Numbers that follow the batch, found from two recordings."""

import pytest
import torch
from torch import nn

from fairaudit.errors import LiftError
from fairaudit.models.lift.align import Size, align, generalise, live_calls
from fairaudit.models.record import flat, names_of, record


def sizes(calls):
    return [leaf for call in calls for leaf in flat(call.args) if isinstance(leaf, Size)]


def recorded(function, *batches):
    return [record(function, torch.randn(batch, 3, 4, 4)) for batch in batches]


def test_factors_and_offsets_are_solved_from_two_batches():
    def model(x):
        n = x.size(0)
        return x.reshape(n * 3, 16).reshape(n, 48)[: 2 * n + 1]

    assert sizes(align(*recorded(model, 2, 3))) == [Size(3), Size(1), Size(2, 1)]


def test_numbers_that_do_not_follow_the_batch_stay():
    assert sizes(align(*recorded(lambda x: x.reshape(-1, 48).narrow(1, 4, 6), 2, 3))) == []


def test_other_operations_for_other_batches_are_refused():
    with pytest.raises(LiftError, match="the same operations for every batch size"):
        align(*recorded(lambda x: x.relu() if len(x) == 2 else x.tanh(), 2, 3))
    with pytest.raises(LiftError, match="follow its size"):
        align(*recorded(lambda x: x * (0.5 if len(x) == 2 else 0.25), 2, 3))


def test_constants_are_told_from_what_depends_on_the_images():
    def model(x):
        scale = torch.ones(3).mul(2).view(3, 1, 1)
        token = torch.zeros(1, 3, 4, 4).expand(x.size(0), -1, -1, -1)
        return x * scale + token

    calls = align(*recorded(model, 2, 3))
    live = {calls[number].name for number in live_calls(calls) if number >= 0}
    assert live == {"expand", "mul", "add"}
    constant = [call.name for number, call in enumerate(calls) if number not in live_calls(calls)]
    assert {"ones", "mul", "view", "zeros"} <= set(constant)


def test_a_guess_for_one_batch_size_takes_the_first_multiple():
    (recording,) = recorded(lambda x: x.reshape(4, 48).reshape(3, 4, 16), 4)
    assert sizes(generalise(recording)) == [Size(1), Size(1)]


def test_names_are_those_of_the_model_and_the_first_of_tied_ones():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model[1].weight = model[0].weight
    found = names_of(model)
    assert found[model[0].weight.data_ptr()] == "0.weight"
    assert found[model[1].bias.data_ptr()] == "1.bias"
