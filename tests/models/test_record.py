"""What a recording holds, checked by carrying it out again."""

import pytest
import torch
from torch import nn

from fairaudit.errors import LiftError
from fairaudit.models.record import Const, Ref, record, refs


def again(recording, images):
    """Carry the calls out on other images of the same batch."""
    results = {Ref(-1): images}

    def value(item):
        if isinstance(item, Ref):
            return results[item]
        if isinstance(item, Const):
            return item.tensor
        return [value(part) for part in item] if isinstance(item, list | tuple) else item

    for number, call in enumerate(recording.calls):
        found = call.op(*value(call.args), **{key: value(part) for key, part in call.kwargs.items()})
        for position, tensor in enumerate(found if call.several else [found]):
            results[Ref(number, position)] = tensor
    return results[recording.output]


class Splits(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x):
        a, b = self.conv(x).chunk(2, dim=1)
        return torch.cat([a.relu(), b], dim=1).mean(dim=(2, 3))


@pytest.mark.parametrize("form", ["eager", "scripted", "frozen"])
def test_a_recording_can_be_carried_out_again(form):
    model = Splits().eval()
    scripted = torch.jit.script(model)
    used = {"eager": model, "scripted": scripted, "frozen": torch.jit.freeze(scripted)}[form]
    recording = record(used, torch.randn(2, 3, 6, 6))
    images = torch.randn(2, 3, 6, 6)
    torch.testing.assert_close(again(recording, images), model(images))
    assert [call.name for call in recording.calls if call.several] == ["chunk"]


def test_layers_arrive_whole():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(64, 2)).eval()
    recording = record(torch.jit.script(model), torch.randn(2, 3, 6, 6))
    assert [call.name for call in recording.calls] == ["conv2d", "batch_norm", "flatten", "linear"]
    bound = recording.calls[0].bound()
    assert torch.equal(bound["weight"].tensor, model[0].weight)
    assert (bound["stride"], bound["padding"], bound["groups"]) == ([1, 1], [0, 0], 1)


def test_an_in_place_operation_is_a_new_result():
    recording = record(lambda x: (x * 2).relu_().add_(1).flatten(1), torch.randn(2, 3))
    assert [refs(call.args) for call in recording.calls] == [[Ref(-1)], [Ref(0)], [Ref(1)], [Ref(2)]]


def test_reading_the_form_of_a_tensor_is_no_decision():
    record(
        lambda x: x.flatten(1) if x.dim() == 4 and x.size(1) == 3 and x.is_contiguous() else x, torch.randn(2, 3, 2, 2)
    )


@pytest.mark.parametrize(
    "decide", [lambda x: float(x.sum()), lambda x: bool((x > 0).any()), lambda x: x.argmax().item()]
)
def test_reading_its_values_is_one(decide):
    with pytest.raises(LiftError, match="reads values of its data"):
        record(lambda x: x * decide(x), torch.randn(2, 3))


def test_an_answer_of_unknown_origin_is_refused():
    with pytest.raises(LiftError, match="unknown origin"):
        record(lambda x: torch.zeros(2, 2), torch.randn(2, 3))


def test_a_model_that_fails_is_told():
    with pytest.raises(LiftError, match="fail while they are recorded"):
        record(lambda x: x @ torch.zeros(7, 7), torch.randn(2, 3))
