import numpy as np
import pytest
import torch
from torch import nn

from fairaudit.saliency.gradients.path import Straight
from fairaudit.saliency.gradients.saturation import saturation, unsaturated_share


class Capped(nn.Module):
    """F(x) = min(mean x, ¼): along the line from black to white nothing changes after t = ¼."""

    def forward(self, x):
        return x.mean((1, 2, 3)).clamp(max=0.25)[:, None]


def white(small, module, outputs=1):
    classifier = small.Double(module=module, outputs=outputs, mean=0.0, std=1.0)
    image = torch.ones(1, 3, 4, 4, dtype=torch.float64)
    path = Straight(baseline=torch.zeros_like(image), inputs=image)
    return saturation(classifier, image, torch.tensor([0]), path, points=17)


def test_a_capped_score_saturates_at_the_cap(small):
    found = white(small, Capped())
    # Points every 1/16: the first one at 90 % of ¼ or more is 4/16.
    assert found.onset.tolist() == [0.25]
    np.testing.assert_allclose(found.progress[0], np.minimum(found.t / 0.25, 1))
    assert found.saturated[0] < 0.15


def test_a_linear_score_saturates_only_at_the_end(small):
    class Mean(nn.Module):
        def forward(self, x):
            return x.mean((1, 2, 3))[:, None]

    found = white(small, Mean())
    # 15/16 is within 10 % of the end, and 1/16 of the relevance comes after it.
    assert found.onset.tolist() == [15 / 16]
    np.testing.assert_allclose(found.saturated, [1 / 16])
    np.testing.assert_allclose(found.gathered[0], found.t)


def test_a_constant_score_has_no_onset(small):
    class Constant(nn.Module):
        def forward(self, x):
            return 0 * x.mean((1, 2, 3))[:, None] + 1

    found = white(small, Constant())
    assert np.isnan(found.onset).all()
    assert np.isnan(found.saturated).all()


def test_flat_places_count_wherever_they_lie():
    """By hand: one step of twenty holds everything; half of them alike; all alike; up and down; nothing at all."""
    step = np.zeros(21)
    step[7:] = 4.0
    half = np.minimum(np.arange(21), 10.0)
    tent = 10.0 - np.abs(np.arange(21) - 10.0)
    found = unsaturated_share(np.stack([step, half, np.arange(21.0), tent, np.ones(21)]))
    np.testing.assert_allclose(found[:4], [0.9 / 20, 0.45, 0.9, 0.9])
    assert np.isnan(found[4])


@pytest.mark.parametrize("power", [1.0, 3.0])
def test_the_share_is_that_of_the_curve_in_closed_form(power):
    """F = t^p moves fastest at the end: nine tenths of its moves lie after t = 0.1^(1/p)."""
    values = np.linspace(0, 1, 20001)[None] ** power
    assert unsaturated_share(values)[0] == pytest.approx(1 - 0.1 ** (1 / power), abs=1e-4)
