"""Weights of cells in the loss, against scikit-learn's."""

import numpy as np
import torch
from sklearn.utils.class_weight import compute_sample_weight

from fairaudit.mitigation.methods import reweight


def test_every_cell_weighs_the_same(linear, loss_of):
    _, more = loss_of(reweight, reweight.reweight, linear)
    samples, module = linear.debias.samples, linear.split.module
    rows = torch.arange(0, 60, 3)
    more["gradients"](module, rows)
    found = module.fc.weight.grad.clone()
    weights = compute_sample_weight("balanced", (2 * samples.attribute + samples.target).numpy())[rows]
    x, y = samples.images.flatten(1)[rows].numpy(), samples.target[rows].numpy()
    scores = 1 / (1 + np.exp(-(x @ [1.0, 0.5] - 0.25)))
    np.testing.assert_allclose(found[0], (weights * (scores - y)) @ x / len(rows), rtol=1e-4)
