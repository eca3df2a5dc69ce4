from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from fairaudit.counterfactuals.probe import ProbeSettings, train_probe
from fairaudit.errors import DataError


def _images(codes: NDArray[np.int32]) -> Tensor:
    """Noise with a bright left or right half."""
    images = torch.rand(len(codes), 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 0.5
    for row, code in enumerate(codes):
        images[row, :, :, :8] += 0.4 * (code == 0)
        images[row, :, :, 8:] += 0.4 * (code == 1)
    return images


def test_a_probe_learns_what_is_there_and_says_how_well() -> None:
    codes = np.random.default_rng(0).integers(0, 2, 240).astype(np.int32)
    codes[::10] = -1
    images = _images(codes)
    told: list[tuple[int, int]] = []
    found = train_probe(
        lambda rows: images[torch.from_numpy(rows)], codes, 2, progress=lambda done, total: told.append((done, total))
    )
    assert found.accuracy > 0.95
    assert found.balanced_accuracy > 0.95
    assert 0.5 <= found.majority < 0.7
    assert found.train_images + found.test_images == 216
    assert told[-1] == (162 * 30, 162 * 30)  # 4 steps a pass: 30 passes make 120
    assert not found.module.training


def test_nothing_to_learn_is_chance() -> None:
    codes = np.random.default_rng(1).integers(0, 2, 300).astype(np.int32)
    images = _images(np.full(300, -1, np.int32))
    found = train_probe(lambda rows: images[torch.from_numpy(rows)], codes, 2, settings=ProbeSettings(epochs=2))
    assert 0.3 < found.accuracy < 0.7


def test_the_same_seed_is_the_same_probe() -> None:
    codes = np.random.default_rng(0).integers(0, 2, 100).astype(np.int32)
    images = _images(codes)
    settings = ProbeSettings(epochs=1)
    a, b = (train_probe(lambda rows: images[torch.from_numpy(rows)], codes, 2, settings=settings) for _ in range(2))
    assert all(torch.equal(x, y) for x, y in zip(a.module.parameters(), b.module.parameters(), strict=True))


def test_too_few_images_of_a_value_are_refused() -> None:
    codes = np.array([0] * 100 + [1] * 5, np.int32)
    with pytest.raises(DataError, match="20 training images of every value"):
        train_probe(lambda rows: torch.rand(len(rows), 3, 16, 16), codes, 2)
    with pytest.raises(DataError, match="so few"):
        train_probe(lambda rows: torch.rand(len(rows), 3, 16, 16), np.full(9, -1, np.int32), 2)


def test_a_probe_that_saw_reconstructions_reads_them_and_says_so() -> None:
    """These reconstructions are negatives: a probe fitted on photographs alone reads them the wrong way round."""
    codes = np.random.default_rng(0).integers(0, 2, 240).astype(np.int32)
    images = _images(codes)
    negatives = 1 - images

    def fetch(rows: NDArray[np.int64]) -> Tensor:
        return images[torch.from_numpy(rows)]

    def drawn(rows: NDArray[np.int64]) -> Tensor:
        return negatives[torch.from_numpy(rows)]

    found = train_probe(fetch, codes, 2, drawn=drawn)
    assert found.drawn_accuracy is not None
    assert found.drawn_accuracy > 0.9
    assert found.accuracy > 0.9
    alone = train_probe(fetch, codes, 2)
    assert alone.drawn_accuracy is None
    with torch.no_grad():
        read = (alone.module(negatives).argmax(dim=1).numpy() == codes).mean()
    assert read < 0.2
