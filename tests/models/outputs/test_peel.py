"""Logits from probabilities, against the closed forms."""

import pytest
import torch
from torch import nn

from fairaudit.errors import ModelError
from fairaudit.models.outputs.adapt import FixedBatch, Logits
from fairaudit.models.outputs.peel import HIGHEST, LOWEST, Peeled, unwrapped

LOGITS = torch.tensor([[-8.0, 3.0, 0.5], [0.0, -1.0, 9.0]], dtype=torch.float64)


@pytest.mark.parametrize(
    ("squash", "outputs"),
    [("sigmoid", LOGITS.sigmoid()), ("log_sigmoid", nn.functional.logsigmoid(LOGITS))],
)
def test_a_sigmoid_is_undone(squash, outputs):
    torch.testing.assert_close(Peeled(nn.Identity(), squash)(outputs), LOGITS)


@pytest.mark.parametrize(
    ("squash", "outputs"), [("softmax", LOGITS.softmax(1)), ("log_softmax", LOGITS.log_softmax(1))]
)
def test_a_softmax_gives_the_same_probabilities_again(squash, outputs):
    torch.testing.assert_close(Peeled(nn.Identity(), squash)(outputs).softmax(1), LOGITS.softmax(1))


def test_a_half_stays_a_half_and_the_ends_are_finite():
    found = Peeled(nn.Identity(), "sigmoid")(torch.tensor([[0.5], [0.0], [1.0]]))
    assert found[0] == 0
    assert bool(torch.isfinite(found).all())
    assert float(found[1].sigmoid()) == pytest.approx(LOWEST)
    assert float(found[2].sigmoid()) == pytest.approx(HIGHEST, abs=1e-12)


@pytest.mark.parametrize(("squash", "value"), [("sigmoid", 1.2), ("softmax", -0.1), ("log_sigmoid", 0.3)])
def test_what_is_no_probability_is_refused(squash, value):
    with pytest.raises(ModelError, match=f"Found: {value}, in outputs of 1 of 2 images"):
        Peeled(nn.Identity(), squash)(torch.tensor([[0.0 if squash == "log_sigmoid" else 0.3], [value]]))


def test_a_graph_computes_for_its_own_size_only():
    peeled = Peeled(nn.Sequential(nn.Flatten(), nn.Sigmoid()), "sigmoid")
    peeled.use(nn.Flatten(), (1, 1, 1))  # type: ignore[arg-type]
    assert float(peeled(torch.full((1, 1, 1, 1), 50.0))) == 50.0
    assert float(peeled(torch.full((1, 1, 1, 2), 2.0))[0, 0]) == pytest.approx(2.0)


def test_wrappers_come_off():
    inner = nn.Flatten()
    assert unwrapped(Peeled(Logits(FixedBatch(Logits(inner), 2)), "sigmoid")) is inner
