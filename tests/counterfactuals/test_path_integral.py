from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients
from torch import Tensor, nn

from fairaudit.counterfactuals.path_integral import path_integral


def _arc(frames: int) -> Tensor:
    """A quarter circle in the plane of two pixels, from (1, 0) to (0, 1)."""
    angle = torch.linspace(0, math.pi / 2, frames, dtype=torch.float64)
    return torch.stack([angle.cos(), angle.sin()], dim=1).reshape(1, frames, 1, 1, 2)


def test_a_curved_path_in_closed_form() -> None:
    """F = x y: ∫ y dx = −∫ sin² = −π/4 and ∫ x dy = π/4, which sum to F(0, 1) − F(1, 0) = 0."""
    found = path_integral(lambda x: x[:, 0, 0, 0] * x[:, 0, 0, 1], _arc(2001))
    np.testing.assert_allclose(found.maps.flatten().numpy(), [-math.pi / 4, math.pi / 4], atol=1e-5)
    np.testing.assert_allclose(found.residual.numpy(), 0.0, atol=1e-6)


def test_the_chord_in_place_of_the_tangent_would_not_be_complete() -> None:
    """The reference program's (x − x′) · mean gradient on the same curve: (−1, 1) · (2/π, 2/π) per pixel."""
    frames = _arc(2001)
    exact = path_integral(lambda x: x[:, 0, 0, 0] * x[:, 0, 0, 1], frames).maps.flatten()
    chord = (frames[0, -1] - frames[0, 0]).flatten() * (2 / math.pi)
    assert (exact - chord).abs().min() > 0.1


def test_the_residual_falls_with_the_square_of_the_step() -> None:
    gaps = [
        float(path_integral(lambda x: (x**3).flatten(1).sum(dim=1), _arc(frames)).residual.abs().max())
        for frames in (9, 17, 33)
    ]
    # x³ and y³ have opposite errors on this symmetric arc; an asymmetric end shows the order.
    skewed = [
        float(
            path_integral(lambda x: (x**3).flatten(1).sum(dim=1), _arc(2 * frames - 1)[:, :frames]).residual.abs().max()
        )
        for frames in (9, 17, 33)
    ]
    assert max(gaps) < 1e-2
    assert skewed[0] / skewed[1] == pytest.approx(4.0, rel=0.1)
    assert skewed[1] / skewed[2] == pytest.approx(4.0, rel=0.1)


def test_a_straight_path_is_captums_integrated_gradients(classifier: nn.Module, faces: Tensor) -> None:
    other = faces.flip(0)
    shares = torch.linspace(0, 1, 200).view(1, -1, 1, 1, 1)
    frames = other[:4, None] + shares * (faces[:4, None] - other[:4, None])
    found = path_integral(lambda x: classifier(x)[:, 0], frames, batch_size=100)
    expected = IntegratedGradients(classifier).attribute(
        faces[:4], baselines=other[:4], target=0, n_steps=200, method="riemann_trapezoid", internal_batch_size=100
    )
    torch.testing.assert_close(found.maps, expected.to(found.maps), atol=1e-4, rtol=1e-2)
    logits = classifier(torch.cat([faces[:4], other[:4]]))[:, 0]
    torch.testing.assert_close(found.change, (logits[:4] - logits[4:]).double(), atol=1e-5, rtol=1e-5)
    assert found.residual.abs().max() < 1e-2


def test_a_path_that_stands_still_explains_nothing(classifier: nn.Module, faces: Tensor) -> None:
    found = path_integral(lambda x: classifier(x)[:, 0], faces[:, None].expand(-1, 3, -1, -1, -1))
    assert (found.maps == 0).all()
    assert (found.residual == 0).all()
