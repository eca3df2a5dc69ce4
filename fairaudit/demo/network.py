"""The demonstration's classifiers: plain stacks of modules that TorchScript, lifting and relevance rules understand."""

from __future__ import annotations

from torch import nn


def smile_network() -> nn.Sequential:
    """A CNN from 64 × 64 RGB to one logit: strided convolutions with batch norm, global average pooling, a linear head.

    About 43,000 parameters.
    """
    return nn.Sequential(
        *_block(3, 12, kernel=5),
        *_block(12, 24, kernel=3),
        *_block(24, 48, kernel=3),
        *_block(48, 64, kernel=3, stride=1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(64, 1),
    )


def digit_network() -> nn.Sequential:
    """A CNN from 14 × 14 RGB to ten logits: 3 × 3 convolutions of 8, 16, 32 and 64 channels with batch norm.

    As in the FFW paper's network for Biased-MNIST (ECCV 2024, supplement), activations are ReLU and the last one is
    tanh, which bounds the features that a probe is fitted on.
    """
    return nn.Sequential(
        *_block(3, 8, kernel=3, stride=1),
        *_block(8, 16, kernel=3),
        *_block(16, 32, kernel=3),
        *_block(32, 64, kernel=3, stride=1)[:-1],
        nn.Tanh(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(64, 10),
    )


def _block(channels: int, out: int, *, kernel: int, stride: int = 2) -> list[nn.Module]:
    convolution = nn.Conv2d(channels, out, kernel, stride=stride, padding=kernel // 2, bias=False)
    return [convolution, nn.BatchNorm2d(out), nn.ReLU()]
