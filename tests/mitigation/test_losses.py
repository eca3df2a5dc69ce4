"""Oracles: the numpy measures on the whole set, the task's own loss, finite gradients with missing cells."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fairaudit.measures.counts.paper_measures import PAPER_MEASURES
from fairaudit.mitigation.losses import LOSSES, each_loss, effective_weights, joint
from fairaudit.models.outputs.head import Head
from fairaudit.pruning.task import task_loss


def drawn(seed, groups, classes, missing):
    draw = np.random.default_rng(seed)
    count = int(draw.integers(5, 60))
    target, attribute = draw.integers(0, classes, count), draw.integers(-1, groups, count)
    if missing:  # one cell, and one whole group, that no image is in
        attribute[attribute == groups - 1] = 0
        target[attribute == 0] = 0
    scores = draw.dirichlet(np.ones(classes), count)
    return target, attribute, scores


@given(st.integers(0, 10_000), st.integers(2, 4), st.integers(2, 4), st.booleans())
def test_losses_equal_the_measures_of_the_whole_set(seed, groups, classes, missing):
    target, attribute, scores = drawn(seed, groups, classes, missing)
    if not (attribute >= 0).any():
        return
    table = joint(*(torch.from_numpy(x) for x in (scores, target, attribute)), groups=groups)
    known = attribute >= 0
    one_hot = (np.eye(groups)[attribute[known]], np.eye(classes)[target[known]])
    wanted = np.einsum("ng,nt,nc->gtc", *one_hot, scores[known])
    for name in LOSSES:
        assert float(LOSSES[name](table)) == pytest.approx(float(PAPER_MEASURES[name](wanted)), abs=1e-9), name


@pytest.mark.parametrize("name", list(LOSSES))
def test_gradients_are_finite_whatever_is_missing(name):
    logits = torch.tensor([[60.0, -60.0], [-60.0, 60.0], [0.0, 0.0]], dtype=torch.float64, requires_grad=True)
    for attribute in ([0, 0, 0], [0, 1, -1], [-1, -1, -1]):
        logits.grad = None
        table = joint(logits.softmax(1), torch.tensor([0, 0, 1]), torch.tensor(attribute), groups=3)
        LOSSES[name](table).backward()
        assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("link", ["sigmoid", "softmax", "multilabel", "probability"])
def test_the_mean_of_each_loss_is_the_task_loss(link):
    outputs = {"sigmoid": 1, "softmax": 2, "multilabel": 3, "probability": 1}[link]
    names = tuple(map(str, range(outputs)))
    head = Head(link=link, outputs=outputs, index=outputs - 1 if link == "multilabel" else 0,
                classes=("0", "1"), names=names)  # fmt: skip
    logits = torch.linspace(0.1, 0.9, 4 * outputs).view(4, outputs)
    target = torch.tensor([0, 1, 1, 0])
    assert torch.allclose(each_loss(head, logits, target).mean(), task_loss(head, logits, target))


def test_effective_numbers_by_hand():
    found = effective_weights(torch.tensor([1, 2, 0]), beta=0.5)  # 1, .5/.75 = 2/3; mean 1 over the two classes
    assert found.tolist() == pytest.approx([1.2, 0.8, 0.0])
