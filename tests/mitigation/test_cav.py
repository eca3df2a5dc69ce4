"""Concept vectors: planted directions, scikit-learn as the oracle, labels that stay beside their rows, no hook left."""

import numpy as np
import pytest
import torch

from fairaudit.errors import MethodError
from fairaudit.mitigation.cav import CAVS, activations, concept, hooked, lasso, logistic, ridge, svm, watched
from fairaudit.mitigation.samples import InMemory


def features(seed=0, count=400):
    draw = np.random.default_rng(seed)
    a = draw.integers(0, 2, count)
    x = draw.normal(size=(count, 6))
    x[:, 2] += 2.0 * a
    x, a = torch.from_numpy(x - x.mean(0)), torch.from_numpy(a - a.mean())
    return x, a


@pytest.mark.parametrize("kind", list(CAVS))
def test_a_planted_direction_is_found(kind):
    vector = CAVS[kind](*features())
    assert abs(float(vector[2] / vector.norm())) > 0.95


def test_ridge_and_lasso_equal_scikit_learn():
    linear_model = pytest.importorskip("sklearn.linear_model", reason="the oracle scikit-learn is not installed")
    x, a = features()
    n = len(a)
    penalty = 1e-3 * float((x.t() @ x / n).diagonal().mean())
    wanted = linear_model.Ridge(alpha=n * penalty, fit_intercept=False).fit(x.numpy(), a.numpy()).coef_
    assert np.allclose(ridge(x, a), wanted, atol=1e-8)
    alpha = 0.05 * float((x.t() @ a / n).abs().max())
    wanted = linear_model.Lasso(alpha=alpha, fit_intercept=False, tol=1e-12, max_iter=10_000).fit(x, a).coef_
    assert np.allclose(lasso(x, a), wanted, atol=1e-6)


def test_the_convex_fits_point_where_scikit_learns_do():
    pytest.importorskip("sklearn", reason="the oracle scikit-learn is not installed")
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import LinearSVC

    x, a = features()
    n, labels = len(a), (a > 0).numpy().astype(int)
    scaled = (x / x.square().mean().sqrt()).numpy()
    for fit, oracle in (
        (logistic, LogisticRegression(C=1 / (2 * n * 1e-3), tol=1e-10, max_iter=1000)),
        (svm, LinearSVC(C=1 / (2 * n * 1e-3), intercept_scaling=1e3, tol=1e-8, max_iter=100_000)),
    ):
        found, wanted = fit(x, a).numpy(), oracle.fit(scaled, labels).coef_[0]
        assert found @ wanted / np.linalg.norm(found) / np.linalg.norm(wanted) > 0.9999


@pytest.mark.parametrize("batch_size", [1, 7, 128, 1000])
def test_rows_and_labels_stay_together_at_every_batch_size(task, batch_size):
    for layer in (None, task.split.layers[1]):
        found = activations(task, task.choose, layer, batch_size=batch_size)
        wanted = activations(task, task.choose, layer, batch_size=300)
        assert torch.allclose(found, wanted, atol=1e-6)


def test_a_shuffled_part_has_the_same_concept(task):
    order = torch.randperm(len(task.debias), generator=torch.Generator().manual_seed(0))
    shuffled = InMemory(samples=task.debias.take(order), classes=2, groups=2)
    first, second = concept(task, task.debias), concept(task, shuffled)
    assert torch.allclose(first.vector, second.vector, atol=1e-6)
    assert first.accuracy == second.accuracy


def test_within_class_the_direction_is_less_that_of_the_target(task):
    values = activations(task, task.debias, None)
    target = task.debias.target
    own = values[target == 1].mean(0) - values[target == 0].mean(0)
    own = own / own.norm()
    plain, within = (concept(task, task.debias, within=within).vector for within in (False, True))
    assert abs(float(within @ own)) < abs(float(plain @ own))


def test_hooks_are_gone_after_success_and_failure(task):
    layer = task.split.layers[0]
    kept = []
    with watched(task.split.module, layer, kept):
        task.split.module(task.choose.samples.images[:2])
    assert len(kept) == 1
    with pytest.raises(ZeroDivisionError), hooked(task.split.module, layer, lambda *_: None):
        raise ZeroDivisionError
    assert not task.split.module.get_submodule(layer)._forward_hooks


def test_one_value_of_the_attribute_is_no_concept(task):
    from dataclasses import replace

    samples = replace(task.debias.samples, attribute=torch.zeros_like(task.debias.samples.attribute))
    with pytest.raises(MethodError, match="both values"):
        concept(task, InMemory(samples=samples, classes=2, groups=2))
