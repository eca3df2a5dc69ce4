"""Small models for the saliency tests: a stand-in for a Classifier, and networks of every kind of layer."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from fairaudit.models.lift.lift import Lifted, lift


@dataclass
class Double:
    """What attribution needs of a Classifier: softmax logits of an eager module."""

    module: nn.Module
    outputs: int
    mean: float = 0.45
    std: float = 0.25
    graph: Lifted | None = field(default=None)

    def normalise(self, images: Tensor) -> Tensor:
        return (images - self.mean) / self.std

    def seed(self, classes: Tensor) -> Tensor:
        return nn.functional.one_hot(classes, self.outputs).float()

    def scores(self, logits: Tensor) -> Tensor:
        return logits.double().softmax(1)

    def lifted(self, example: Tensor) -> Lifted:
        if self.graph is None:
            self.graph = lift(self.module, self.normalise(example))
        return self.graph


class Residual(nn.Module):
    """Two branches that are added, each convolution followed by batch norm."""

    def __init__(self, bias: bool = True) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3, stride=2, padding=1, bias=bias)
        self.norm1 = nn.BatchNorm2d(6)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv = nn.Conv2d(6, 6, 3, padding=1, bias=bias)
        self.norm2 = nn.BatchNorm2d(6)
        self.relu2 = nn.ReLU(inplace=True)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(6, 4, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu1(self.norm1(self.stem(x)))
        x = self.relu2(x + self.norm2(self.conv(x)))
        return self.head(self.pool(x).flatten(1))


def plain(bias: bool = True) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1, bias=bias),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 8, 3, bias=bias),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(8 * 2 * 3, 10, bias=bias),
        nn.ReLU(),
        nn.Linear(10, 4, bias=bias),
    )


def seeded(module: nn.Module, seed: int = 0) -> nn.Module:
    """The module with repeatable weights, in float64, in evaluation mode."""
    generator = torch.Generator().manual_seed(seed)
    module = module.double().eval().requires_grad_(False)
    for name, tensor in [*module.named_parameters(), *module.named_buffers()]:
        if tensor.dtype.is_floating_point:
            draw = torch.randn(tensor.shape, generator=generator, dtype=torch.float64)
            fan = tensor[0].numel() if tensor.ndim > 1 else 1
            scale = (2 / fan) ** 0.5 if tensor.ndim > 1 else 0.1
            tensor.copy_(draw * scale)
            if "var" in name:
                tensor.copy_(1 + draw.abs())
    return module


def model(kind: str = "plain", *, bias: bool = True, seed: int = 0) -> Double:
    made = plain(bias) if kind == "plain" else Residual(bias)
    return Double(module=seeded(made, seed), outputs=4)


def images(count: int = 3, *, height: int = 12, width: int = 16, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((count, 3, height, width), generator=generator, dtype=torch.float64)


def classes(count: int = 3) -> Tensor:
    return torch.arange(count) % 4


def explained(classifier: Double, batch: Tensor, names: Tensor) -> Tensor:
    """F(x), written out."""
    logits = classifier.module(classifier.normalise(batch))
    return torch.stack([logits[i, int(name)] for i, name in enumerate(names)])


def linear(height: int = 5, width: int = 7, seed: int = 0) -> Double:
    """F(x) = w·x + b on the normalised input."""
    module = nn.Sequential(nn.Flatten(), nn.Linear(3 * height * width, 4))
    return Double(module=seeded(module, seed), outputs=4)


@pytest.fixture
def small():
    """The helpers above, by name."""
    return SimpleNamespace(
        Double=Double,
        Residual=Residual,
        plain=plain,
        seeded=seeded,
        model=model,
        images=images,
        classes=classes,
        explained=explained,
        linear=linear,
    )
