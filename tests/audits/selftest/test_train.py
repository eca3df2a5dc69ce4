"""Trainable copies: new weights or the model's own, the same for the same seed, and never the user's model itself."""

import sys
import types

import pytest
import torch
from torch import nn

from fairaudit.audits.selftest.options import SelftestOptions, biases_of
from fairaudit.audits.selftest.train import Trainer
from fairaudit.config.schema import ModelConfig, PreprocessConfig
from fairaudit.errors import ModelError
from fairaudit.models.open import open_model

PREPROCESS = PreprocessConfig(size=(8, 8), channels=1)


class Network(nn.Module):
    """A convolution with a norm, a parameter that no module draws, and a head."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4)
        self.scale = nn.Parameter(torch.full((1,), 1.5))
        self.head = nn.Linear(4, 2)

    def forward(self, images):
        return self.head(self.norm(self.conv(images)).relu().mean((2, 3)) * self.scale)


def trainer(tmp_path, kind, monkeypatch, **options):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Network().eval()
    module = types.ModuleType("selftest_arch")
    module.network = Network
    monkeypatch.setitem(sys.modules, "selftest_arch", module)
    arch = None
    if kind == "script":
        torch.jit.save(torch.jit.script(network), str(tmp_path / "model"))
    elif kind == "frozen":
        torch.jit.save(torch.jit.freeze(torch.jit.script(network)), str(tmp_path / "model"))
    else:
        torch.save(network.state_dict(), tmp_path / "model")
        arch = "selftest_arch:network"
    model = open_model(tmp_path / "model", config=ModelConfig(arch=arch), preprocess=PREPROCESS)
    example = torch.rand(4, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    asked = SelftestOptions(biases=biases_of(["patch"]), **options)
    return Trainer(model=model, arch=arch, asked=asked, preprocess=PREPROCESS, workers=0, example=example)


@pytest.mark.parametrize("kind", ["script", "frozen", "arch"])
def test_kept_weights_compute_what_the_model_does_and_can_learn(tmp_path, kind, monkeypatch):
    made = trainer(tmp_path, kind, monkeypatch, keep_weights=True)
    module, kept = made.trainable(seed=0)
    images = made.example
    torch.testing.assert_close(module.eval()(images), made.model.logits(images), rtol=1e-4, atol=1e-5)
    assert kept == ()
    assert all(parameter.requires_grad for parameter in module.parameters())
    assert not any(parameter.requires_grad for parameter in made.model.module.parameters())


@pytest.mark.parametrize("kind", ["script", "frozen", "arch"])
def test_new_weights_follow_their_seed(tmp_path, kind, monkeypatch):
    made = trainer(tmp_path, kind, monkeypatch)
    (one, kept), (again, _), (other, _) = (made.trainable(seed=seed) for seed in (5, 5, 6))
    outputs = [module.eval()(made.example) for module in (one, again, other)]
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.allclose(outputs[0], outputs[2])
    assert not torch.allclose(outputs[0], made.model.logits(made.example))
    # `scale` is in no layer that could draw it; a factory draws everything.
    assert kept == (() if kind == "arch" else ("scale.factor",))


@pytest.mark.parametrize("kind", ["script", "arch"])
def test_training_learns_follows_its_seed_and_leaves_the_model_alone(tmp_path, kind, monkeypatch):
    made = trainer(tmp_path, kind, monkeypatch, epochs=8, rate=2e-2)
    before = {name: value.clone() for name, value in made.model.module.state_dict().items()}
    images = torch.rand(64, 1, 8, 8, generator=torch.Generator().manual_seed(2))
    target = torch.arange(64) % 2
    images[target == 1] += 0.8
    found = []
    for _ in range(2):
        module, _ = made.trainable(seed=3)
        made.fit(module, images, target, epochs=40, seed=3, told=lambda _done, _all: None)
        found.append(module)
    assert (found[0](images).argmax(1) == target).double().mean() > 0.9
    assert torch.equal(found[0](images), found[1](images))
    assert all(torch.equal(value, before[name]) for name, value in made.model.module.state_dict().items())


def test_a_training_that_diverges_is_told(tmp_path, monkeypatch):
    made = trainer(tmp_path, "arch", monkeypatch)
    module, _ = made.trainable(seed=0)
    images = torch.full((64, 1, 8, 8), float("inf"))
    with pytest.raises(ModelError, match="diverged"):
        made.fit(module, images, torch.arange(64) % 2, epochs=1, seed=0, told=lambda _done, _all: None)
