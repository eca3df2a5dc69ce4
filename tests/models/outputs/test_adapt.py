"""Outputs of every shape brought into [image, output], and batches of one size made into any."""

import pytest
import torch
from torch import nn

from fairaudit.errors import ModelError
from fairaudit.models.outputs.adapt import FixedBatch, Logits, as_logits

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
        (torch.zeros(3, 2, dtype=torch.complex64), "a tensor that is complex"),
        (torch.zeros(3, 2).to_sparse(), "a tensor that is sparse"),
        (torch.zeros(3, 2, device="meta"), "a tensor that is without values (on torch's meta device)"),
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


class Several(nn.Module):
    def forward(self, x):
        return x.mean(dim=(1, 2, 3)), {"age": x[:, 0, 0, :2], "smiling": x.amax(dim=(1, 2, 3))}["age"]


def test_the_wrapper_returns_the_named_head():
    images = torch.arange(24.0).view(1, 2, 3, 4)
    assert Logits(Several(), head=0)(images).tolist() == [[11.5]]
    assert Logits(Several(), head="1")(images).tolist() == [[0.0, 1.0]]


def test_the_first_of_several_is_never_assumed():
    with pytest.raises(ModelError) as caught:
        Logits(Several())(torch.rand(2, 3, 4, 4))
    assert "Wanted: model.head: one of 0, 1. Found: 0: a tensor of shape [2]; 1: a tensor of shape [2, 2]" in str(
        caught.value
    )


@pytest.mark.parametrize(
    ("output", "head", "text"),
    [
        ((WANTED, WANTED), 2, 'no output called "2". Found: 2 things'),
        ({"age": WANTED, "smile": WANTED}, "smiles", 'Did you mean "smile"'),
        (WANTED, 0, "Found: one tensor. Where: model.head. Leave model.head out"),
    ],
)
def test_a_head_that_is_not_there_is_told(output, head, text):
    with pytest.raises(ModelError) as caught:
        as_logits(output, 3, head)
    assert text in str(caught.value)


def test_columns_are_kept_in_their_order():
    class Rows(nn.Module):
        def forward(self, x):
            return x[:, 0, 0]

    images = torch.arange(5.0).view(1, 1, 1, 5)
    assert Logits(Rows(), columns=(1, 2))(images).tolist() == [[1.0, 2.0]]
    assert Logits(Rows(), columns=(4, 0))(images).tolist() == [[4.0, 0.0]]


def test_whole_numbers_become_floating_and_half_becomes_single():
    class Label(nn.Module):
        def forward(self, x):
            return x.mean(dim=(2, 3)).argmax(dim=1)

    assert Logits(Label())(torch.rand(2, 3, 4, 4)).dtype == torch.float32
    assert not Logits(Label()).raw(torch.rand(2, 3, 4, 4)).is_floating_point()
    halved = Logits(nn.Flatten(), takes=torch.bfloat16)
    assert halved.raw(torch.rand(2, 3, 1, 1)).dtype == torch.bfloat16
    assert halved(torch.rand(2, 3, 1, 1)).dtype == torch.float32
