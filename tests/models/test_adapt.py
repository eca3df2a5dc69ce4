"""Outputs of every shape brought into [image, output], and batches of one size made into any."""

import pytest
import torch
from torch import nn

from fairaudit.errors import ModelError
from fairaudit.models.adapt import FixedBatch, Logits, as_logits

WANTED = torch.arange(6.0).view(3, 2)


class Output:
    logits = WANTED


@pytest.mark.parametrize(
    "output",
    [
        WANTED,
        WANTED.view(3, 2, 1, 1),
        (WANTED, None),
        [WANTED],
        {"aux": 1, "logits": WANTED},
        {"out": WANTED},
        Output(),
    ],
)
def test_logits_are_found(output):
    assert torch.equal(as_logits(output, 3), WANTED)


def test_one_logit_without_an_axis_gets_one():
    assert as_logits(torch.arange(3.0), 3).tolist() == [[0.0], [1.0], [2.0]]


@pytest.mark.parametrize(
    ("output", "found"),
    [
        (torch.zeros(3, 2, 4, 4), "a tensor of shape [3, 2, 4, 4]"),
        (torch.zeros(2, 3), "a tensor of shape [2, 3]"),
        (torch.tensor(1.0), "a tensor of shape []"),
        ({"boxes": torch.zeros(3, 4)}, "a dictionary with boxes"),
        ((), "nothing"),
        ((torch.zeros(4, 1), 3), "2 things, the first of which is a tensor of shape [4, 1]"),
        (None, "NoneType"),
    ],
)
def test_other_outputs_are_described(output, found):
    with pytest.raises(ModelError) as caught:
        as_logits(output, 3)
    assert f"Found: {found}" in str(caught.value)


class OnlyFour(nn.Module):
    """Fails on other batches, and counts its calls."""

    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, x):
        assert len(x) == 4
        self.calls += 1
        return x.mean(dim=(2, 3)) * 2


@pytest.mark.parametrize(("images", "calls"), [(1, 1), (4, 1), (5, 2), (8, 2), (11, 3)])
def test_any_batch_goes_through_in_slices(images, calls):
    inner = OnlyFour()
    batch = torch.rand(images, 3, 2, 2, requires_grad=True)
    found = FixedBatch(inner, 4)(batch)
    torch.testing.assert_close(found, batch.mean(dim=(2, 3)) * 2)
    assert inner.calls == calls
    found.sum().backward()
    # d(2 · mean of 4 pixels)/d pixel = 0.5, for the filled-up slice too
    torch.testing.assert_close(batch.grad, torch.full_like(batch, 0.5))


def test_the_wrapper_returns_logits():
    class Tuple(nn.Module):
        def forward(self, x):
            return x.mean(dim=(1, 2, 3)), x

    assert Logits(Tuple())(torch.ones(2, 3, 4, 4)).tolist() == [[1.0], [1.0]]
