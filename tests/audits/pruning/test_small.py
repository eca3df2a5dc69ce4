"""The smaller model's sentence: parameters by counting, and no file where it computes something else."""

import pytest
import torch
from torch import nn

from fairaudit.audits.pruning import small
from fairaudit.audits.pruning.small import small_model
from fairaudit.models.lift.lift import lift
from fairaudit.pruning.encoder import split

IMAGES = torch.randn(3, 1, 6, 6, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def cut():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = nn.Sequential(
            nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
        )
    return split(lift(net.eval(), IMAGES).module)


def masks(cut):
    (layer,) = cut.layers
    return {layer: torch.tensor([True, False, True, False])}


def test_two_of_four_units_are_gone(cut, tmp_path):
    """Before: 4·9 + 4 + 8 + 4·2 + 2 = 58 parameters; after: 2·9 + 2 + 4 + 2·2 + 2 = 30."""
    text = small_model(cut, masks(cut), tmp_path / "small.pt", IMAGES)
    assert text.startswith("small.pt is the same model without its pruned units: 30 of 58 parameters, ")
    assert text.endswith("for 3 images")
    assert torch.jit.load(tmp_path / "small.pt")(IMAGES).shape == (3, 2)


def test_one_that_computes_something_else_is_not_written(cut, tmp_path, monkeypatch):
    monkeypatch.setattr(small, "TOLERANCE", -1.0)
    assert small_model(cut, masks(cut), tmp_path / "small.pt", IMAGES).startswith("No smaller model was written")
    assert not (tmp_path / "small.pt").exists()
