"""Adam and the gradient of the cross-entropy against torch's own."""

import pytest
import torch
from torch.nn import functional as F

from fairaudit.pruning.adam import Adam, cross_entropy_gradient


def drawn(*size, seed=0):
    return torch.randn(*size, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_steps_are_those_of_torchs_adam(decay):
    own, other = Adam(drawn(37), decay=decay), torch.nn.Parameter(drawn(37))
    optimiser = torch.optim.Adam([other], lr=0.1, weight_decay=decay)
    for number, rate in enumerate((0.1, 0.1, 0.05, 0.01)):
        other.grad = drawn(37, seed=number + 1)
        own.gradient.copy_(other.grad)
        optimiser.param_groups[0]["lr"] = rate
        optimiser.step()
        own.step(rate)
        torch.testing.assert_close(own.values, other.detach())


@pytest.mark.parametrize("values", [1, 2, 5])
def test_the_gradient_is_autograds(values):
    logits, codes = 5 * drawn(9, values).requires_grad_(), torch.arange(9) % values
    (wanted,) = torch.autograd.grad(F.cross_entropy(logits, codes), logits)
    torch.testing.assert_close(cross_entropy_gradient(logits.detach(), codes), wanted)
