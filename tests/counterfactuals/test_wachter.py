from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from fairaudit.counterfactuals.heads import ModelHeads
from fairaudit.counterfactuals.wachter import WachterSettings, wachter


def test_the_optimum_of_a_linear_score_in_closed_form() -> None:
    """f = w·x from f(x) = 0.8: moving by t along −w/‖w‖ costs λ t + (0.8 − t‖w‖)², least at t = (0.8 − λ/2‖w‖)/‖w‖."""
    weights = torch.full((1, 16), 0.5)
    heads = ModelHeads(lambda x: x.flatten(1) @ weights.T, ["f"], link="value")
    images = torch.full((2, 1, 4, 4), 0.1)
    found = wachter(heads, images, 0, WachterSettings(weights=(0.5,), rate=1e-3, steps=600))
    norm = 2.0
    distance = (0.8 - 0.5 / (2 * norm)) / norm
    np.testing.assert_allclose(found.distance, distance, rtol=2e-2)
    np.testing.assert_allclose(found.after[:, 0], 0.8 - distance * norm, atol=1e-2)
    np.testing.assert_allclose(found.before[:, 0], 0.8, rtol=1e-6)


def test_images_stay_images_and_the_loss_never_rises(classifier: nn.Module, faces: Tensor) -> None:
    heads = ModelHeads(classifier, ["a", "b", "c"], link="sigmoid")
    found = wachter(heads, faces, 0, WachterSettings(weights=(0.05,), rate=0.05, steps=40))
    assert found.images.min() >= 0
    assert found.images.max() <= 1
    assert (found.loss <= found.before[:, 0] ** 2 + 1e-6).all()
    np.testing.assert_allclose(found.loss, 0.05 * found.distance + found.after[:, 0] ** 2, atol=1e-4)
    assert (found.after[:, 0] < found.before[:, 0]).any()


def test_a_batch_equals_batches_of_one(classifier: nn.Module, faces: Tensor) -> None:
    heads = ModelHeads(classifier, ["a", "b", "c"], link="sigmoid")
    settings = WachterSettings(steps=15)
    whole = wachter(heads, faces, 1, settings)
    for row in range(len(faces)):
        one = wachter(heads, faces[row : row + 1], 1, settings)
        np.testing.assert_allclose(one.after[0], whole.after[row], atol=1e-4)


def test_no_steps_is_the_image_itself(classifier: nn.Module, faces: Tensor) -> None:
    heads = ModelHeads(classifier, ["a", "b", "c"], link="sigmoid")
    found = wachter(heads, faces, 2, WachterSettings(steps=0))
    assert torch.equal(found.images, faces)
    assert found.distance == pytest.approx(0.0)


def test_lambda_is_relaxed_until_the_score_is_near_in_closed_form() -> None:
    """With f = w·x, ‖w‖ = 2, the optimum has f = λ/(2‖w‖) = λ/4, or f(x) where that is more (nothing moves)."""
    weights = torch.full((1, 16), 0.5)
    heads = ModelHeads(lambda x: x.flatten(1) @ weights.T, ["f"], link="value")
    images = torch.stack([torch.full((1, 4, 4), value) for value in (0.1, 0.05, 0.01)])  # f = .8, .4, .08
    settings = WachterSettings(weights=(4.0, 1.0, 0.4), near=0.15, rate=1e-3, steps=400)
    found = wachter(heads, images, 0, settings)
    np.testing.assert_allclose(found.weight, [0.4, 0.4, 4.0])  # λ = 1 leaves f = .25
    np.testing.assert_allclose(found.after[:, 0], [0.1, 0.1, 0.08], atol=1e-2)
    stuck = wachter(heads, images, 0, WachterSettings(weights=(4.0,), rate=1e-3, steps=400))
    np.testing.assert_allclose(stuck.after[:, 0], [0.8, 0.4, 0.08], atol=1e-3)


def test_an_image_that_no_lambda_moves_far_keeps_the_smallest(classifier: nn.Module, faces: Tensor) -> None:
    heads = ModelHeads(classifier, ["a", "b", "c"], link="sigmoid")
    found = wachter(heads, faces, 0, WachterSettings(weights=(1.0, 0.5), near=0.0, steps=2))
    assert (found.weight == 0.5).all()
    assert not found.reached.any()
