"""A small linear task whose numbers can be followed by hand, and a way to take a method's loss without training."""

import pytest
import torch
from torch import nn

from fairaudit.mitigation.method import Task
from fairaudit.mitigation.samples import InMemory, Samples
from fairaudit.models.outputs.head import Head
from fairaudit.pruning.encoder import CutModel


class Linear(nn.Module):
    """Two numbers of an image → two features → one log-odd."""

    def __init__(self):
        super().__init__()
        self.encoder, self.fc = nn.Linear(2, 2), nn.Linear(2, 1)
        with torch.no_grad():
            self.encoder.weight.copy_(torch.eye(2))
            self.encoder.bias.zero_()
            self.fc.weight.copy_(torch.tensor([[1.0, 0.5]]))
            self.fc.bias.fill_(-0.25)

    def forward(self, images):
        features = self.encoder(images.flatten(1))
        return features, self.fc(features)


def part(count, seed, *, even=False):
    draw = torch.Generator().manual_seed(seed)
    target, attribute = torch.randint(0, 2, (2, count), generator=draw)
    if even:
        target, attribute = torch.arange(count) % 2, torch.arange(count) // 2 % 2
    values = torch.randn(count, 2, generator=draw) + torch.stack([target, attribute], dim=1)
    samples = Samples(images=values.view(count, 2, 1, 1), target=target, attribute=attribute)
    return InMemory(samples=samples, classes=2, groups=2)


@pytest.fixture
def linear():
    """The task: 60 rows to learn from and 40 in which every cell has ten."""
    module = Linear()
    split = CutModel(module=module, bottleneck="features", layers=("encoder",), norms={}, head="fc")
    head = Head(link="sigmoid", outputs=1, classes=("0", "1"), names=("1",))
    return Task(split=split, head=head, debias=part(60, 0), choose=part(20, 1), balanced=part(40, 2, even=True),
                strength=1.0)  # fmt: skip


@pytest.fixture
def loss_of(monkeypatch):
    """What a method hands to the training loop: (its loss, the other arguments)."""

    def caught(module, fit, task):
        found = []
        monkeypatch.setattr(module, "learnt", lambda _task, loss=None, **more: found.append((loss, more)))
        fit(task)
        return found[-1]

    return caught
