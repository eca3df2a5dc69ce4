"""Retrained last layers against scikit-learn, and what they leave alone."""

import numpy as np
import pytest
import torch

from fairaudit.mitigation.linear import refit, refit_bias
from fairaudit.models.outputs.head import Head

SIGMOID = Head(link="sigmoid", outputs=1, classes=("0", "1"), names=("1",))
SOFTMAX = Head(link="softmax", outputs=3, classes=("0", "1", "2"), names=("0", "1", "2"))
MULTI = Head(link="multilabel", outputs=3, index=1, classes=("0", "1"), names=("a", "b", "c"))


def data(classes, seed=0, count=200):
    draw = np.random.default_rng(seed)
    target = draw.integers(0, classes, count)
    values = draw.normal(size=(count, 4)) + 0.8 * np.eye(classes, 4)[target]
    return torch.from_numpy(values), torch.from_numpy(target)


def test_equals_scikit_learns_logistic_regression_with_weights():
    linear_model = pytest.importorskip("sklearn.linear_model", reason="the oracle scikit-learn is not installed")
    values, target = data(2)
    weights = torch.linspace(0.2, 2.0, len(target)).double()
    penalty = 0.05
    weight, bias = refit(SIGMOID, (torch.zeros(1, 4), torch.zeros(1)), values, target, weights=weights, penalty=penalty)
    oracle = linear_model.LogisticRegression(C=1 / (2 * penalty * float(weights.sum())), tol=1e-12, max_iter=10_000)
    oracle.fit(values.numpy(), target.numpy(), sample_weight=weights.numpy())
    assert np.allclose(weight.numpy(), oracle.coef_, atol=1e-5)
    assert np.allclose(bias.numpy(), oracle.intercept_, atol=1e-5)


def test_more_classes_too():
    linear_model = pytest.importorskip("sklearn.linear_model", reason="the oracle scikit-learn is not installed")
    values, target = data(3)
    weight, _ = refit(SOFTMAX, (torch.zeros(3, 4), torch.zeros(3)), values, target, penalty=0.05)
    oracle = linear_model.LogisticRegression(C=1 / (2 * 0.05 * len(target)), tol=1e-12, max_iter=10_000)
    oracle.fit(values.numpy(), target.numpy())
    assert np.allclose(weight.numpy(), oracle.coef_, atol=1e-4)


def test_other_outputs_stay_and_a_strong_pull_keeps_the_layer():
    values, target = data(2)
    start = torch.randn(3, 4, generator=torch.Generator().manual_seed(0)).double(), torch.ones(3).double()
    weight, bias = refit(MULTI, start, values, target)
    assert torch.equal(weight[[0, 2]], start[0][[0, 2]])
    assert torch.equal(bias[[0, 2]], start[1][[0, 2]])
    assert not torch.allclose(weight[1], start[0][1])
    pulled, _ = refit(MULTI, start, values, target, towards=start[0], penalty=1e6)
    assert torch.allclose(pulled, start[0], atol=1e-4)


def test_the_bias_alone_brings_the_mean_score_to_the_share_of_positives():
    _, target = data(2)
    logits = torch.linspace(-1, 4, len(target)).double()[:, None]
    shift = refit_bias(SIGMOID, logits, target)
    assert float((logits + shift).sigmoid().mean()) == pytest.approx(float(target.double().mean()), abs=1e-5)
