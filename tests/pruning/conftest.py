"""Small models and planted data that the tests of pruning share."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from fairaudit.config.schema import Bias, Config, DataConfig, Layout, PreprocessConfig
from fairaudit.data.loader import Loader
from fairaudit.data.open import open_manifest
from fairaudit.models.lift.lift import lift
from fairaudit.models.outputs.head import Head
from fairaudit.pruning.encoder import split
from fairaudit.pruning.examples import Examples


def softmax_head(classes):
    names = tuple(str(code) for code in range(classes))
    return Head(link="softmax", outputs=classes, classes=names, names=names)


def seeded(factory, seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return factory().eval()


def small_cnn():
    """Two convolutions with batch norms whose statistics and scales are not trivial, and a linear head."""
    network = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Conv2d(4, 6, 3, padding=1, bias=False),
        nn.BatchNorm2d(6),
        nn.Tanh(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(6, 5),
        nn.ReLU(),
        nn.Linear(5, 3),
    )
    for norm in (network[1], network[4]):
        for values in (norm.weight, norm.bias, norm.running_mean, norm.running_var):
            nn.init.uniform_(values, 0.5, 1.5)
    return network


@pytest.fixture
def cnn():
    return seeded(small_cnn)


@pytest.fixture
def images():
    return torch.rand(7, 1, 6, 6, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def cut(cnn, images):
    return split(lift(cnn, images).module)


def planted(count, *, rho, seed, values=2):
    """Images of 1 x 2 pixels: the first tells the target with noise, the second the bias, clearly."""
    draw = np.random.default_rng(seed)
    target = draw.integers(0, 2, count)
    bias = np.where(draw.random(count) < rho, target, 1 - target)
    pixels = np.stack([target + draw.normal(0, 0.45, count), bias + draw.normal(0, 0.1, count)], axis=1)
    return Examples(
        images=torch.from_numpy(pixels.astype(np.float32)).view(count, 1, 1, 2),
        target=torch.from_numpy(target),
        biases=(torch.from_numpy(bias),),
        values=(values,),
    )


def fitted(network, examples, *, epochs, rate=5e-3, seed=0, batch=100):
    """Plain training, as a user would have done it before."""
    order = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(network.parameters(), lr=rate)
    steps = epochs * -(-len(examples) // batch)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(epochs):
        for rows in torch.split(torch.randperm(len(examples), generator=order), batch):
            optimiser.zero_grad()
            nn.functional.cross_entropy(network(examples.images[rows]), examples.target[rows]).backward()
            optimiser.step()
            cosine.step()
    return network.eval().requires_grad_(False)


@pytest.fixture(scope="session")
def toy():
    """A small network that learnt the bias of biased data, cut; balanced parts to fit, choose and report on."""
    network = seeded(
        lambda: nn.Sequential(nn.Flatten(), nn.Linear(2, 24), nn.ReLU(), nn.Linear(24, 16), nn.ReLU(), nn.Linear(16, 2))
    )
    biased = planted(600, rho=0.95, seed=0)
    fitted(network, biased, epochs=30)
    parts = [planted(count, rho=0.5, seed=seed) for count, seed in ((300, 1), (150, 2), (400, 3))]
    return split(lift(network, biased.images[:5]).module), softmax_head(2), *parts


@dataclass(frozen=True)
class Digits:
    """The small protocol: 10,000 digits, 14 x 14, ten colours, and a trained MLP."""

    network: nn.Module
    split: object
    head: Head
    fit: Examples
    choose: Examples
    report: Examples


def coloured(folder, rows, *, rho, seed):
    config = Config(data=DataConfig(manifest=Layout(layout="mnist", root=str(folder)), bias=Bias(rho=rho)))
    base = Config(data=DataConfig(manifest=Layout(layout="mnist", root=str(folder))))
    from fairaudit.data.planted.biased_mnist import plant

    manifest = plant(open_manifest(base, base=folder).take(rows), config.data.bias, seed=seed)
    batch = Loader(manifest, PreprocessConfig(size=(14, 14), interpolation="box"), {}, workers=0).load(range(len(rows)))
    return Examples(
        images=(batch.images - 0.5) / 0.5,  # with inputs in [0, 1] γ = 10 leaves nothing of the task
        target=torch.from_numpy(batch.target.astype(np.int64)),
        biases=(torch.from_numpy(batch.attributes["colour"].astype(np.int64)),),
        values=(10,),
    )


def digit_mlp():
    return nn.Sequential(
        nn.Flatten(), nn.Linear(588, 100), nn.ReLU(), nn.Linear(100, 100), nn.ReLU(), nn.Linear(100, 100), nn.ReLU(),
        nn.Linear(100, 10),
    )  # fmt: skip


STORED = Path(__file__).with_name("digits.safetensors")
"""What `digit_network(folder, 0)` gave once, in half precision."""


def digit_parts(folder, seed, *numbers):
    """Some of: 6000 digits at ρ = 0.9 to train on; 1500 to fit, 500 to choose and 2000 to report on, all at ρ = 0.1."""
    order = np.random.default_rng(seed).permutation(10000)
    rows, shares = np.split(order, np.cumsum([6000, 1500, 500])), (0.9, 0.1, 0.1, 0.1)
    return [coloured(folder, rows[number], rho=shares[number], seed=seed + number) for number in numbers]


def digit_network(folder, seed):
    """An MLP that is trained on biased digits."""
    return fitted(seeded(digit_mlp, seed), *digit_parts(folder, seed, 0), epochs=40, rate=1e-3, seed=seed)


@pytest.fixture(scope="session", params=[0])
def digits(mnist_folder, request):
    """The small protocol of a seed; with seed 0 its network is there."""
    parts = digit_parts(mnist_folder, request.param, 1, 2, 3)
    network = seeded(digit_mlp) if request.param == 0 else digit_network(mnist_folder, request.param)
    if request.param == 0:
        network.load_state_dict(load_file(STORED))
    network.requires_grad_(False)
    lifted = lift(network, parts[0].images[:4]).module
    return Digits(
        network=network, split=split(lifted), head=softmax_head(10), fit=parts[0], choose=parts[1], report=parts[2]
    )
