"""The demonstration's classifiers: plain stacks of modules that TorchScript, lifting and relevance rules understand."""

from __future__ import annotations

from torch import nn


def smile_network() -> nn.Sequential:
    """A CNN from 64 × 64 RGB to one logit: strided convolutions with batch norm, global average pooling, a linear head.

    About 100,000 parameters.
    """
    return nn.Sequential(
        *_block(3, 16, kernel=5),
        *_block(16, 32, kernel=3),
        *_block(32, 64, kernel=3),
        *_block(64, 96, kernel=3, stride=1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(96, 1),
    )


def digit_network() -> nn.Sequential:
    """A CNN from 28 × 28 RGB to ten logits: 3 × 3 convolutions of 8, 16, 32 and 64 channels with tanh."""
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.Tanh(),
        nn.Conv2d(8, 16, 3, stride=2, padding=1),
        nn.Tanh(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1),
        nn.Tanh(),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.Tanh(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(64, 10),
    )


def _block(channels: int, out: int, *, kernel: int, stride: int = 2) -> list[nn.Module]:
    convolution = nn.Conv2d(channels, out, kernel, stride=stride, padding=kernel // 2, bias=False)
    return [convolution, nn.BatchNorm2d(out), nn.ReLU()]
