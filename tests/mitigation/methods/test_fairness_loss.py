"""Cross-entropy and the paper's measure of a batch, each from a source of its own."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import log_loss

from fairaudit.measures.counts.paper_measures import PAPER_MEASURES
from fairaudit.mitigation.methods import fairness_loss
from fairaudit.mitigation.samples import InMemory


@pytest.mark.parametrize("name", [method.name for method in fairness_loss.METHODS])
def test_it_is_the_cross_entropy_plus_the_weighted_measure(linear, loss_of, name):
    even = InMemory(samples=linear.balanced.samples, classes=2, groups=2)  # every class weighs 1
    method = next(method for method in fairness_loss.METHODS if method.name == name)
    loss, _ = loss_of(fairness_loss, method.fit, replace(linear, debias=even, strength=7.0))
    found = float(loss(linear.split.module, even.samples).detach())
    x = even.samples.images.double().flatten(1).numpy()
    scores = 1 / (1 + np.exp(-(x @ [1.0, 0.5] - 0.25)))
    target, attribute = even.samples.target.numpy(), even.samples.attribute.numpy()
    table = np.einsum("ng,nt,nc->gtc", np.eye(2)[attribute], np.eye(2)[target], np.stack([1 - scores, scores], 1))
    wanted = log_loss(target, scores) + 7.0 * PAPER_MEASURES[name.replace("-", "_")](table)
    assert found == pytest.approx(float(wanted), rel=1e-5)
