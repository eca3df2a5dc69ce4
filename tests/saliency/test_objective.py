"""The evidence of every row's own class and its gradient, against a linear model in closed form."""

import pytest
import torch
from torch import nn

from fairaudit.engine.memory import Halving
from fairaudit.errors import MethodError
from fairaudit.saliency import objective as module
from fairaudit.saliency.objective import ROWS_CPU, ROWS_DEVICE, Objective, gradient_of

W = torch.randn(3, 8, generator=torch.Generator().manual_seed(0))
INPUTS = torch.randn(5, 2, 2, 2, generator=torch.Generator().manual_seed(1))
SEEDS = torch.tensor([[1.0, 0.0, 0.0], [0.0, -1.0, 2.0]])
IMAGE = torch.tensor([0, 1, 1, 0, 1])


class Linear(nn.Module):
    def __init__(self, weight=W):
        super().__init__()
        self.register_buffer("weight", weight)

    def forward(self, x):
        return x.flatten(1) @ self.weight.T


def objective(module, size=2):
    return Objective(module=module, seeds=SEEDS, slices=Halving(size))


@pytest.mark.parametrize("size", [1, 2, 99])
def test_values_and_gradients_of_a_linear_model(size):
    made = objective(Linear(), size)
    rows = SEEDS[IMAGE] @ W
    wanted = (rows * INPUTS.flatten(1)).sum(1).double()
    torch.testing.assert_close(made.values(INPUTS, IMAGE), wanted, atol=1e-5, rtol=1e-5)
    value, gradient = made.gradients(INPUTS, IMAGE)
    torch.testing.assert_close(value, wanted, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(gradient.flatten(1), rows, atol=1e-6, rtol=1e-5)
    assert made.evaluations == 10


def test_no_rows_are_no_passes():
    made = objective(Linear())
    assert made.values(INPUTS[:0], IMAGE[:0]).shape == (0,)
    assert made.gradients(INPUTS[:0], IMAGE[:0])[1].shape == (0, 2, 2, 2)
    assert made.evaluations == 0


def test_a_model_without_a_gradient_is_refused_and_no_map_of_zeros():
    class Cut(Linear):
        def forward(self, x):
            return super().forward(x).detach()

    with pytest.raises(MethodError, match="not valid for this model"):
        objective(Cut()).gradients(INPUTS, IMAGE)


def test_what_does_not_depend_on_the_input_has_gradient_zero():
    x, other = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    assert gradient_of(torch.ones(2), x).tolist() == [0.0, 0.0]
    assert gradient_of(2 * other, x).tolist() == [0.0, 0.0]
    assert gradient_of(3 * x, x).tolist() == [3.0, 3.0]


@pytest.mark.parametrize(("device", "rows"), [("meta", ROWS_DEVICE), ("cpu", ROWS_CPU)])
def test_slices_are_as_long_as_the_models_device_likes_wherever_images_are(monkeypatch, device, rows):
    """Images come from a processor's memory, whatever the model is on."""

    class Somewhere:
        def seed(self, classes):
            return torch.ones(len(classes), 1, device=device)

    monkeypatch.setattr(module, "prepared_or_raw", lambda *_: None)
    found = module.objective(Somewhere(), torch.zeros(2, 3, 64, 64), torch.zeros(2, dtype=torch.long))
    assert found.slices.batch_size == rows
