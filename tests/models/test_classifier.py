"""The classifier around a module: normalisation by hand, and the cache of lifted graphs."""

from pathlib import Path

import pytest
import torch
from torch import nn

from fairaudit.config.schema import ModelConfig
from fairaudit.errors import ModelError, last_line
from fairaudit.models.classifier import Classifier
from fairaudit.models.outputs.head import make_head


def classifier(module, outputs=2, **settings):
    known = {
        "name": "m.pt",
        "path": Path("m.pt"),
        "sha256": "0" * 64,
        "format": "torchscript",
        "head": make_head(outputs, config=ModelConfig()),
        "module": module.eval(),
        "input_size": None,
        "parameters": 0,
        "device": torch.device("cpu"),
    }
    return Classifier(**(known | settings))


def test_images_are_normalised_per_channel():
    model = classifier(nn.Identity(), mean=(0.5, 0.0, 0.25), std=(0.5, 2.0, 0.25))
    images = torch.tensor([1.0, 1.0, 0.5]).view(1, 3, 1, 1)
    assert model.normalise(images).flatten().tolist() == [1.0, 0.5, 1.0]  # (1-.5)/.5, 1/2, (.5-.25)/.25


def test_one_number_serves_all_channels():
    model = classifier(nn.Identity(), mean=(0.5,), std=(0.25,))
    assert model.normalise(torch.ones(1, 3, 1, 1)).flatten().tolist() == [2.0, 2.0, 2.0]


def test_decisions_follow_from_logits():
    model = classifier(nn.Sequential(nn.Flatten(), nn.Linear(3, 2)))
    logits = model.logits(torch.rand(4, 3, 1, 1))
    assert model.decide(model.scores(logits)).tolist() == logits.argmax(1).tolist()


def test_the_seed_makes_the_explained_number():
    model = classifier(nn.Identity(), outputs=1)
    logits = torch.tensor([[2.0], [3.0]])
    assert (logits * model.seed(torch.tensor([1, 0]))).sum(1).tolist() == [2.0, -3.0]


def test_running_out_of_memory_is_not_called_a_wrong_size():
    class Hungry(nn.Module):
        def forward(self, x):
            raise RuntimeError("DefaultCPUAllocator: out of memory")

    with pytest.raises(RuntimeError, match="out of memory") as caught:
        classifier(Hungry()).logits(torch.rand(1, 3, 2, 2))
    assert not isinstance(caught.value, ModelError)


def test_the_lift_is_kept_per_size_and_takes_normalised_images():
    model = classifier(
        nn.Sequential(nn.Conv2d(3, 2, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()), mean=(0.5,), std=(0.2,)
    )
    images = torch.rand(2, 3, 6, 6)
    lifted = model.lifted(images)
    assert model.lifted(torch.rand(1, 3, 6, 6)) is lifted
    assert model.lifted(torch.rand(1, 3, 8, 8)) is not lifted
    torch.testing.assert_close(lifted.module(model.normalise(images)), model.logits(images))


def test_the_last_line_says_what_is_wrong():
    assert last_line(RuntimeError("Traceback\n  File x\nsizes differ\n\n")) == "sizes differ"
    assert last_line(RuntimeError("")) == "RuntimeError"
    assert len(last_line(RuntimeError("x" * 500))) == 200
