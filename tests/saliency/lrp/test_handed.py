"""Backward passes from given values, against torch's own and arithmetic."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from fairaudit.saliency.lrp.handed import handed_down


@pytest.mark.parametrize("tape", [True, False])
def test_it_is_torchs_own_backward_pass(tape):
    draws = torch.Generator().manual_seed(0)
    x = torch.randn(2, 3, 7, 6, generator=draws).requires_grad_()
    weight = torch.randn(4, 3, 3, 3, generator=draws)
    values = torch.randn(2, 4, 5, 4, generator=draws)
    values[0, 0, 0, 0] = torch.inf
    output = F.conv2d(x, weight)
    (expected,) = torch.autograd.grad(output, x, values, retain_graph=True)
    with torch.set_grad_enabled(tape):  # hooks of a backward pass run without a tape
        assert torch.equal(handed_down(output, x, values).nan_to_num(7), expected.nan_to_num(7))


def test_values_are_weights_of_the_outputs():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    assert handed_down(x**2, x, torch.tensor([3.0, 0.5])).tolist() == [6.0, 2.0]


def test_another_shape_is_refused():
    x = torch.ones(2, requires_grad=True)
    with pytest.raises(ValueError, match="shape"):
        handed_down(x * 2, x, torch.ones(()))
