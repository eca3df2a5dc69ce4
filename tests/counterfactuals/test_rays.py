from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from fairaudit.counterfactuals.heads import ModelHeads
from fairaudit.counterfactuals.rays import pixel_change, reconstruct


def test_slopes_are_every_images_own_gradient(conv: Any, classifier: nn.Module, faces: Tensor) -> None:
    heads = ModelHeads(classifier, ["a", "b", "c"], link="sigmoid")
    for steering in (False, True):
        start = reconstruct(conv, heads, faces, [0, 2], steering=steering, batch_size=4)
        for image in range(10):
            z = conv.encode(faces[image : image + 1]).requires_grad_(True)
            logits = classifier(conv.decode(z))
            for base in (0, 2):
                goal = logits[0, base] if steering else logits[0, base].sigmoid()
                own = torch.autograd.grad(goal, z, retain_graph=True)[0][0]
                torch.testing.assert_close(start.slopes[base][image], own, atol=1e-5, rtol=1e-3)


def test_scale_turns_the_slope_of_log_odds_into_that_of_the_probability(
    conv: Any, classifier: nn.Module, faces: Tensor
) -> None:
    heads = ModelHeads(classifier, ["a", "b", "c"], link="softmax")
    odds = reconstruct(conv, heads, faces, [1], steering=True)
    plain = reconstruct(conv, heads, faces, [1], steering=False)
    scaled = odds.slopes[1] * odds.scale[1].to(torch.float32).reshape(-1, 1, 1, 1)
    torch.testing.assert_close(scaled, plain.slopes[1], atol=1e-6, rtol=1e-3)
    assert (plain.scale[1] == 1).all()


def test_pixel_change_by_hand() -> None:
    class Start:
        images = torch.tensor([[[[1.0, 3.0]]], [[[0.0, 0.0]]]])

    moved = torch.tensor([[[[1.5, 2.0]]], [[[0.0, 0.0]]], [[[0.0, 0.1]]]])
    found = pixel_change(Start(), moved, np.array([0, 1, 1]))  # type: ignore[arg-type]
    # (0.5 + 1) / (1 + 3); black stays black; black does not stay black.
    np.testing.assert_allclose(found, [0.375, 0.0, np.inf])
