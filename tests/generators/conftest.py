"""Shapes on grounds: images that a small generator can learn in a moment."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from fairaudit.generators.train import LabelledBatch


def _shapes(count: int, size: int = 28) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A light square at one of many places (target: left or right) on a ground of one of two colours (attribute)."""
    draws = np.random.default_rng(0)
    images = np.zeros((count, 3, size, size), np.float32)
    target, attribute = draws.integers(0, 2, count), draws.integers(0, 2, count)
    for row in range(count):
        images[row, attribute[row]] = 0.6
        x = int(draws.integers(2, 8)) + (12 if target[row] else 0)
        y = int(draws.integers(2, 20))
        images[row, :, y : y + 6, x : x + 6] = 0.9
    return torch.from_numpy(images), torch.from_numpy(target), torch.from_numpy(attribute)


@pytest.fixture(scope="session")
def shapes() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return _shapes(160)


@pytest.fixture
def fetch(shapes: tuple[torch.Tensor, torch.Tensor, torch.Tensor]) -> Callable[[NDArray[np.int64]], LabelledBatch]:
    images, target, attribute = shapes

    def examples(rows: NDArray[np.int64]) -> LabelledBatch:
        at = torch.from_numpy(rows)
        return LabelledBatch(images=images[at], target=target[at], attribute=attribute[at])

    return examples
