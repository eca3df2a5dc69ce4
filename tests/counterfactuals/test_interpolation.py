from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from fairaudit.counterfactuals.interpolation import interpolate, interpolation_path, matched_pair
from fairaudit.generators.cvae import ConditionalVae, CvaeSettings

IMAGES = torch.rand(3, 3, 28, 28, generator=torch.Generator().manual_seed(0))
TARGET, OWN, OTHER = torch.tensor([0, 1, 1]), torch.tensor([0, 1, 0]), torch.tensor([1, 0, 1])


@pytest.fixture
def model() -> ConditionalVae:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return ConditionalVae(CvaeSettings(size=(28, 28), latent=4, width=8)).eval().requires_grad_(False)


def test_frames_are_decodes_of_mixed_conditions(model: ConditionalVae) -> None:
    """s̃ = (1 − δ) s + δ s′ in the decoder, the latent from the image under its own condition (eq. 5)."""
    path = interpolation_path(model, IMAGES, TARGET, OWN, OTHER)
    frames = interpolate(path, 5)
    for row in range(3):
        one = slice(row, row + 1)
        own, other = model.condition(TARGET[one], OWN[one]), model.condition(TARGET[one], OTHER[one])
        latent = model.posterior(IMAGES[one], own).mean
        for number, delta in enumerate((0.0, 0.25, 0.5, 0.75, 1.0)):
            expected = model.decode(latent, (1 - delta) * own + delta * other)[0]
            torch.testing.assert_close(frames[row, number], expected, atol=1e-5, rtol=1e-4)


def test_pairs_are_the_ends(model: ConditionalVae) -> None:
    path = interpolation_path(model, IMAGES, TARGET, OWN, OTHER)
    frames, pair = interpolate(path, 4), matched_pair(path)
    torch.testing.assert_close(pair.factual, frames[:, 0])
    torch.testing.assert_close(pair.counterfactual, frames[:, -1])


def test_the_path_speaks_the_models_normalisation(model: ConditionalVae) -> None:
    mean, std = torch.tensor([0.4, 0.5, 0.6]), torch.tensor([0.2, 0.25, 0.5])
    plain = interpolation_path(model, IMAGES, TARGET, OWN, OTHER)
    path = interpolation_path(model, IMAGES, TARGET, OWN, OTHER, mean=mean, std=std)
    rows, t = torch.tensor([2, 0]), torch.tensor([0.3, 1.0])
    view = (1, 3, 1, 1)
    expected = (plain.points(rows, t) - mean.view(view)) / std.view(view)
    torch.testing.assert_close(path.points(rows, t), expected, atol=1e-5, rtol=1e-5)
    moved = path.moves(rows, torch.zeros(2), t)
    torch.testing.assert_close(moved, path.points(rows, t) - path.points(rows, torch.zeros(2)), atol=1e-5, rtol=1e-4)


def test_line_integrals_along_the_path_are_complete(model: ConditionalVae) -> None:
    from fairaudit.engine.memory import Halving
    from fairaudit.saliency.gradients.line_integral import Refinement, integrate
    from fairaudit.saliency.objective import Objective

    weights = torch.randn(3 * 28 * 28, 1, generator=torch.Generator().manual_seed(1))

    class Net(torch.nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return torch.tanh(2 * images.flatten(1)) @ weights

    path = interpolation_path(model, IMAGES, TARGET, OWN, OTHER)
    target: Any = Objective(module=Net(), seeds=torch.ones(3, 1), slices=Halving(16))
    found = integrate(target, path, 3, refinement=Refinement(), reduction="sum")
    pair = matched_pair(path)
    change = (Net()(pair.factual) - Net()(pair.counterfactual))[:, 0]
    torch.testing.assert_close(found.maps.sum(dim=(1, 2)), change, atol=0.02, rtol=0.02)
    assert (found.residual <= 0.01).all()
