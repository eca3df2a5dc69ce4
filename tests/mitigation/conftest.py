"""Tiny planted data and a network that learnt its shortcut, which the tests of mitigation share."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from fairaudit.mitigation.cav import Concept
from fairaudit.mitigation.method import Task
from fairaudit.mitigation.samples import InMemory, Samples
from fairaudit.models.lift.lift import lift
from fairaudit.models.outputs.head import Head
from fairaudit.pruning.encoder import split
from fairaudit.pruning.train import TuneSettings

SIDE = 6


def sigmoid_head():
    return Head(link="sigmoid", outputs=1, classes=("0", "1"), names=("1",))


def softmax_head(classes=2):
    names = tuple(str(code) for code in range(classes))
    return Head(link="softmax", outputs=classes, classes=names, names=names)


def planted(count, *, rho, seed, frames=True):
    """Images of 6 x 6: the upper half tells the target with noise, the lower two rows the attribute, clearly."""
    draw = np.random.default_rng(seed)
    target = draw.integers(0, 2, count)
    attribute = np.where(draw.random(count) < rho, target, 1 - target)
    pixels = draw.normal(0, 0.15, (count, 1, SIDE, SIDE)).astype(np.float32)
    pixels[:, :, :3] += (target + draw.normal(0, 0.35, count))[:, None, None, None].astype(np.float32)
    twins = pixels.copy()
    pixels[:, :, 4:] += 1.5 * attribute[:, None, None, None]
    twins[:, :, 4:] += 1.5 * (1 - attribute)[:, None, None, None]
    masks = np.zeros((count, SIDE, SIDE), bool)
    masks[:, 4:] = True
    samples = Samples(
        images=torch.from_numpy(pixels),
        target=torch.from_numpy(target),
        attribute=torch.from_numpy(attribute),
        masks=torch.from_numpy(masks),
        frames=torch.from_numpy(twins)[:, None] if frames else None,
    )
    return InMemory(samples=samples, classes=2, groups=2)


def seeded(factory, seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return factory().eval()


def small_net(outputs=1):
    return nn.Sequential(
        nn.Conv2d(1, 6, 3, padding=1),
        nn.BatchNorm2d(6),
        nn.ReLU(),
        nn.Conv2d(6, 8, 3, padding=1),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(72, 10),
        nn.ReLU(),
        nn.Linear(10, outputs),
    )


@pytest.fixture(scope="session")
def network():
    """A network trained on biased images."""
    net = seeded(small_net).train()
    part = planted(400, rho=0.95, seed=0).samples
    optimiser = torch.optim.Adam(net.parameters(), lr=5e-3)
    order = torch.Generator().manual_seed(0)
    for _ in range(12):
        for rows in torch.split(torch.randperm(400, generator=order), 50):
            optimiser.zero_grad()
            logits = net(part.images[rows])[:, 0]
            nn.functional.binary_cross_entropy_with_logits(logits, part.target[rows].float()).backward()
            optimiser.step()
    return net.eval().requires_grad_(False)


@pytest.fixture(scope="session")
def task(network):
    """The network with biased rows to learn from, biased rows to choose on and balanced ones."""
    debias = planted(400, rho=0.95, seed=1)
    lifted = lift(network, planted(4, rho=0.5, seed=9).samples.images).module
    return Task(
        split=split(lifted),
        head=sigmoid_head(),
        debias=debias,
        drawn=InMemory(samples=replace(debias.samples, drawn=debias.samples.frames), classes=2, groups=2),
        choose=planted(300, rho=0.8, seed=2),
        balanced=planted(300, rho=0.5, seed=3),
        train=TuneSettings(epochs=3, batch_size=50, rate=3e-3),
    )


@pytest.fixture(scope="session")
def report():
    return planted(600, rho=0.5, seed=4)


@pytest.fixture(scope="session")
def some_concept():
    """Makes a concept of given size with drawn numbers."""

    def make(size=8):
        draw = torch.Generator().manual_seed(3)
        v = torch.randn(size, generator=draw).double()
        without, having = (torch.randn(size, generator=draw).double() for _ in range(2))
        return Concept(layer=None, vector=v / v.norm(), without=without, having=having, accuracy=1.0)

    return make
