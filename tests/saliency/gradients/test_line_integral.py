import numpy as np
import pytest
import torch
from torch import nn

from fairaudit.saliency.gradients.integrated_gradients import IntegratedGradients
from fairaudit.saliency.gradients.line_integral import Refinement, Trace


class Kinked(nn.Module):
    """F(x) = 10·max(mean x − 0.5, 0): along the line from black to white its slope jumps from 0 to 10 in the middle."""

    def forward(self, x):
        return 10 * torch.relu(x.mean((1, 2, 3)) - 0.5)[:, None]


def kinked(small):
    return small.Double(module=Kinked(), outputs=1, mean=0.0, std=1.0)


def trace(**changes):
    fields = {"t": [0.0, 0.5, 1.0], "value": [0.0, 1.0, 4.0], "gradient": [None, None, None], "gap": [0.5, -0.4]}
    return Trace(**(fields | changes))


def test_the_gap_is_relative_to_the_difference_of_evidence():
    assert trace().relative(0.01) == pytest.approx(0.1 / 4)
    # √(0.5² + 0.4²) = √0.41.
    assert trace().local(0.01) == pytest.approx(0.41**0.5 / 4)


def test_a_tiny_difference_is_measured_against_the_floor():
    # |F(x) − F(x0)| = 0.001 but F is about 100, so that the scale is 1 % of 100.
    assert trace(value=[100.0, 100.0, 100.001], gap=[0.01, 0.0]).relative(0.01) == pytest.approx(0.01 / 1.00001)


def test_evidence_of_zero_everywhere_has_no_gap():
    assert trace(value=[0.0, 0.0, 0.0], gap=[0.0, 0.0]).relative(0.01) == 0
    assert trace(value=[0.0, 1.0, 0.0], gap=[0.5, 0.0]).relative(0.01) == float("inf")


def test_the_fewest_intervals_with_half_of_the_gap_are_halved():
    assert trace(gap=[1.0, -5.0, 2.0, 1.5]).worst() == [1]
    assert trace(gap=[3.0, -3.0, 2.0, 2.5]).worst() == [0, 1]


def test_nodes_go_where_the_slope_jumps(small):
    image = torch.ones(1, 3, 4, 4, dtype=torch.float64)
    fine = Refinement(tolerance=1e-4, local=1e-3)
    found = IntegratedGradients(refinement=fine).attribute(kinked(small), image, torch.tensor([0]))
    # All pixels share F(white) − F(black) = 5 evenly. Halving the one bad interval from 0.18 to the tolerance takes
    # about 12 more nodes; an even grid would need thousands.
    torch.testing.assert_close(found.maps, torch.full((1, 4, 4), 5 / 16, dtype=torch.float64), rtol=1e-3, atol=0)
    assert found.evaluations <= 8 + 2 + 14


class Hump(nn.Module):
    """F(x) = 10·max(mean x − 0.45, 0) − 10·max(mean x − late, 0): two kinks whose errors cancel over eight nodes."""

    def forward(self, x):
        level = x.mean((1, 2, 3))
        # Nodes 6 to 8 carry the weight that lies after the second kink, less the 0.05 that is missed at the first.
        late = 0.95 - float(np.polynomial.legendre.leggauss(8)[1][5:].sum()) / 2
        return 10 * (torch.relu(level - 0.45) - torch.relu(level - late))[:, None]


def test_gaps_that_cancel_do_not_pass(small):
    classifier = small.Double(module=Hump(), outputs=1, mean=0.0, std=1.0)
    image = torch.ones(1, 3, 4, 4, dtype=torch.float64)
    lucky = IntegratedGradients(refinement=Refinement(local=100.0)).attribute(classifier, image, torch.tensor([0]))
    careful = IntegratedGradients().attribute(classifier, image, torch.tensor([0]))
    assert lucky.residual.item() < 1e-9
    assert lucky.evaluations == 10
    assert careful.evaluations > 10
