"""The reweighted last layer, against a general minimiser of the loss in the paper."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit

from fairaudit.mitigation.methods.afr import PENALTY, afr


@pytest.mark.parametrize("strength", [0.0, 4.0])
def test_it_is_the_minimum_of_the_weighted_loss(linear, strength):
    samples = linear.debias.samples
    x, y = samples.images.double().flatten(1).numpy(), samples.target.numpy()
    start = np.array([1.0, 0.5])
    right = np.where(y == 1, 1, -1) * (x @ start - 0.25)
    weights = np.exp(-strength * expit(right)) / np.bincount(y)[y]

    def loss(free):
        margins = np.where(y == 1, 1, -1) * (x @ free[:2] + free[2])
        return (weights * np.logaddexp(0, -margins)).sum() / weights.sum() + PENALTY * ((free[:2] - start) ** 2).sum()

    wanted = minimize(loss, [1.0, 0.5, -0.25], tol=1e-12).x
    edit = afr(replace(linear, strength=strength))
    np.testing.assert_allclose([*edit.weight[0], *edit.bias], wanted, atol=1e-4)
