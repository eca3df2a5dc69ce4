"""The training loop on one weight: steps by hand, what learns, and which rows are seen."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from fairaudit.pruning.train import TuneSettings, trained


class Scalar(nn.Module):
    def __init__(self):
        super().__init__()
        self.w, self.fixed = nn.Parameter(torch.tensor(1.0)), nn.Parameter(torch.tensor(5.0))
        self.register_buffer("seen", torch.zeros(()))


def run(rows=10, *, epochs=2, size=4, order=None, learns=lambda name: name == "w", seed=0, training=False):
    split, batches, modes = SimpleNamespace(module=Scalar()), [], []

    def gradients(module, some):
        batches.append(some.tolist())
        modes.append(module.training)
        module.w.grad = torch.tensor(1.0)

    settings = TuneSettings(epochs=epochs, batch_size=size, rate=0.1, seed=seed)
    found = trained(split, rows, settings, gradients, learns=learns, training=training, order=order)
    assert split.module.w.item() == 1.0  # the model itself stays
    assert modes == [training] * len(batches)
    return found, batches


def test_every_row_once_per_pass_and_no_batch_of_one():
    _, batches = run(rows=10, size=4)
    assert [len(batch) for batch in batches] == [4, 4, 2] * 2
    for seen in (batches[:3], batches[3:]):
        assert sorted(row for batch in seen for row in batch) == list(range(10))
    _, batches = run(rows=9, size=4)
    assert [len(batch) for batch in batches] == [4, 4] * 2  # a single image has no batch statistics
    assert run(seed=1)[1] != run(seed=0)[1] == run(seed=0)[1]


def test_steps_are_adams_at_rates_along_half_a_cosine():
    """With a gradient of 1 every step of Adam is its rate: 0.1 · (1 + cos(π k / 4)) / 2 for k = 0 … 3."""
    found, _ = run(rows=8, size=4)
    steps = sum(0.05 * (1 + torch.cos(torch.tensor(torch.pi * k / 4)).item()) for k in range(4))
    assert found["w"].item() == pytest.approx(1 - steps, abs=1e-5)
    assert found["fixed"].item() == 5.0
    assert set(found) == {"w", "fixed", "seen"}


def test_an_order_of_its_own():
    _, batches = run(rows=4, size=2, order=lambda draws: torch.tensor([3, 3, 0, 1]), training=True)
    assert batches == [[3, 3], [0, 1]] * 2
