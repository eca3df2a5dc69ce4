"""What is found out about a model on noise."""

import pytest
import torch
from torch import nn

from fairaudit.errors import ModelError
from fairaudit.models.outputs.adapt import FixedBatch, Logits
from fairaudit.models.probe import noise, probe

CPU = torch.device("cpu")


def net(side, outputs=3, channels=3):
    return nn.Sequential(nn.Flatten(), nn.Linear(channels * side * side, outputs)).eval()


def probed(model, size=None, channels=3, batch=None):
    return probe(model, channels=channels, size=size, device=CPU, name="m.pt", batch=batch)


@pytest.mark.parametrize("side", [28, 32, 64])
def test_usual_sizes_are_tried(side):
    found = probed(net(side))
    assert (found.size, found.outputs, found.notes) == ((side, side), 3, ())


def test_a_declared_size_is_the_only_one():
    assert probed(net(20), size=(20, 20)).size == (20, 20)
    with pytest.raises(ModelError, match="3 channels of 24 x 24 pixels"):
        probed(net(20), size=(24, 24))


def test_the_model_itself_is_used_where_it_can_be():
    model = net(28)
    assert probed(model).module is model
    one = nn.Sequential(nn.Flatten(0, -1), nn.Unflatten(0, (-1, 3 * 28 * 28)), nn.Linear(3 * 28 * 28, 1), nn.Flatten(0))
    assert isinstance(probed(one.eval()).module, Logits)


def test_a_fixed_batch_is_wrapped_and_noted():
    found = probed(net(28), batch=2)
    assert isinstance(found.module, FixedBatch)
    assert "batches of 2 only" in found.notes[0]


def test_whole_outputs_are_told_apart():
    class Label(nn.Module):
        def forward(self, x):
            return x.mean(dim=(2, 3)).argmax(dim=1)

    assert probed(Label()).whole
    assert not probed(net(28)).whole


def test_an_output_of_another_kind_is_told_as_such():
    with pytest.raises(ModelError, match="cannot be read as logits"):
        probed(nn.Conv2d(3, 2, 3).eval())


def test_batch_norm_in_training_mode_is_caught():
    with pytest.raises(ModelError, match="depend on the others in its batch"):
        probed(nn.Sequential(nn.BatchNorm2d(3), nn.AdaptiveMaxPool2d(1), nn.Flatten()).train())


def test_noise_is_always_the_same_and_standard_normal():
    one, two = noise(4, 3, (32, 32)), noise(4, 3, (32, 32))
    assert torch.equal(one, two)
    assert abs(float(one.mean())) < 0.05
    assert abs(float(one.std()) - 1) < 0.05
