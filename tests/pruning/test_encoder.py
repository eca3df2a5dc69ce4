"""Where a model is cut, and what is before the cut."""

import pytest
import torch
from torch import nn

from fairaudit.errors import ModelError
from fairaudit.models.lift.lift import lift
from fairaudit.pruning.encoder import split


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.norm, self.head = nn.BatchNorm2d(4), nn.Linear(4, 2)

    def forward(self, images):
        hidden = self.first(images).relu()
        return self.head((hidden + self.norm(self.second(hidden))).relu().mean((2, 3)))


def test_the_cut_is_before_the_last_linear_layer(cut, cnn, images):
    assert cut.layers == ("0", "3", "8")
    assert cut.norms == {"0": "1", "3": "4"}
    assert cut.head == "10"
    features, logits = cut.features(images)
    torch.testing.assert_close(features, cnn[:10](images))
    torch.testing.assert_close(logits, cnn(images))


def test_a_named_bottleneck_leaves_later_layers_alone(cnn, images):
    found = split(lift(cnn, images).module, "3")
    assert found.layers == ("0", "3")
    assert found.head is None
    torch.testing.assert_close(found.features(images)[0], cnn[:4](images).flatten(1))


def test_residual_branches_are_both_in_the_encoder(images):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = Residual().eval()
    found = split(lift(model, images).module)
    assert found.layers == ("first", "second")
    assert found.norms == {"second": "norm"}  # what `first` returns is used twice


def test_the_lifted_model_stays_as_it_was(cnn, images):
    lifted = lift(cnn, images).module
    before = lifted(images)
    split(lifted)
    assert isinstance(lifted(images), torch.Tensor)
    assert torch.equal(lifted(images), before)


def test_an_unknown_bottleneck_gets_a_suggestion(cnn, images):
    with pytest.raises(ModelError, match="no module called") as told:
        split(lift(cnn, images).module, "100")
    assert "Did you mean" in told.value.paragraph()


def test_a_model_without_linear_layers_needs_a_name(images):
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval()
    with pytest.raises(ModelError, match="no linear layer"):
        split(lift(network, images).module)


def test_a_bottleneck_before_all_weights_is_refused(images):
    network = nn.Sequential(nn.Flatten(), nn.Linear(36, 2)).eval()
    with pytest.raises(ModelError, match="nothing to prune"):
        split(lift(network, images).module)
