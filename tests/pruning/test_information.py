"""Normalised information: against NumPy's, scikit-learn's and closed forms, and finite for every batch."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy
from sklearn.metrics import mutual_info_score

from fairaudit.measures.counts.paper_measures import mutual_information
from fairaudit.pruning.information import normalised_information


def answers(seed, images, values, sharpness=1.0):
    draw = torch.Generator().manual_seed(seed)
    logits = torch.randn(images, values, generator=draw, dtype=torch.float64) * sharpness
    return torch.randint(0, values, (images,), generator=draw), logits


@given(seed=st.integers(0, 999), images=st.integers(1, 40), values=st.integers(2, 6), sharpness=st.floats(0.1, 300))
def test_it_is_the_measure_of_the_soft_joint(seed, images, values, sharpness):
    codes, logits = answers(seed, images, values, sharpness)
    soft = logits.softmax(dim=1)
    joint = np.zeros((values, values))
    for code, row in zip(codes.tolist(), soft.numpy(), strict=True):
        joint[code] += row
    expected = mutual_information(joint) / math.log(values)
    assert normalised_information(codes, soft).item() == pytest.approx(float(expected), abs=1e-7)


@given(seed=st.integers(0, 999), images=st.integers(2, 60), values=st.integers(2, 5))
def test_hard_answers_give_what_scikit_learn_gives(seed, images, values):
    codes, logits = answers(seed, images, values)
    told = logits.argmax(dim=1)
    hard = torch.nn.functional.one_hot(told, values).double()
    expected = mutual_info_score(codes.numpy(), told.numpy()) / math.log(values)
    assert normalised_information(codes, hard).item() == pytest.approx(expected, abs=1e-7)


@given(seed=st.integers(0, 999), images=st.integers(1, 40), values=st.integers(2, 6))
def test_random_tables_give_scipys_entropies(seed, images, values):
    # I = H(b) + H(a) − H(b, a), each by scipy, for soft answers too.
    codes, logits = answers(seed, images, values, 2.0)
    soft = logits.softmax(dim=1)
    table = np.zeros((values, values))
    np.add.at(table, codes.numpy(), soft.numpy())
    expected = entropy(table.sum(1)) + entropy(table.sum(0)) - entropy(table.ravel())
    assert normalised_information(codes, soft).item() == pytest.approx(expected / math.log(values), abs=1e-9)


@given(seed=st.integers(0, 999), images=st.integers(1, 30), values=st.integers(2, 6))
def test_it_lies_between_0_and_1_and_order_does_not_matter(seed, images, values):
    codes, logits = answers(seed, images, values, 3.0)
    value = normalised_information(codes, logits.softmax(1)).item()
    assert -1e-9 <= value <= 1 + 1e-9
    order = torch.randperm(images, generator=torch.Generator().manual_seed(seed))
    assert normalised_information(codes[order], logits[order].softmax(1)).item() == pytest.approx(value, abs=1e-9)


def test_a_reader_of_everything_and_a_reader_of_nothing():
    codes = torch.arange(10).repeat(3)
    assert normalised_information(codes, torch.eye(10)[codes]).item() == pytest.approx(1.0, abs=1e-6)
    assert normalised_information(codes, torch.full((30, 10), 0.1)).item() == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(
    ("codes", "values"),
    [([1, 1, 1], 3), ([0, 0, 0], 1), ([-1, -1, -1], 2), ([-1, 0, 1], 2), ([0, 0, 2], 3)],
    ids=["one value in the batch", "one value at all", "none known", "one unknown", "a value without images"],
)
@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_every_batch_has_a_finite_value_and_gradient(codes, values, scale):
    logits = (torch.arange(3.0 * values).view(3, values).sin() * scale).requires_grad_(True)
    value = normalised_information(torch.tensor(codes), logits.softmax(dim=1))
    (gradient,) = torch.autograd.grad(value, logits)
    assert torch.isfinite(value)
    assert torch.isfinite(gradient).all()


def test_one_value_in_the_batch_gives_nothing_away():
    assert normalised_information(torch.tensor([1, 1]), torch.tensor([[0.9, 0.1], [0.2, 0.8]])).item() == pytest.approx(
        0, abs=1e-7
    )


def test_the_gradient_is_the_finite_difference():
    codes, logits = answers(5, 8, 3)
    assert torch.autograd.gradcheck(
        lambda z: normalised_information(codes, z.softmax(dim=1)), (logits.requires_grad_(True),)
    )
