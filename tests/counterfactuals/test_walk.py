"""Points on rays are scored alike in passes of any size, and rays that cannot be walked are told before."""

import numpy as np
import pytest
import torch

from fairaudit.counterfactuals.heads import ModelHeads
from fairaudit.counterfactuals.ladder import LadderSettings, Stop
from fairaudit.counterfactuals.rays import Jobs, Reconstruction
from fairaudit.counterfactuals.walk import Prober, base_values, first_stop

HEADS = ModelHeads(lambda images: images.flatten(1), ("a", "b"), link="sigmoid")
JOBS = Jobs(image=np.array([0, 1, 1]), base=np.array([0, 0, 1]))


class Plain:
    """The image is the latent."""

    def decode(self, latents):
        return latents[:, None, None, :]


def start(slopes=((1.0, 0.0), (0.0, 2.0)), values=((0.5, 0.9), (0.8, 0.7))):
    latents = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    return Reconstruction(latents=latents, images=Plain().decode(latents), values=torch.tensor(values),
                          slopes={k: torch.tensor(s).expand(2, 2) for k, s in enumerate(slopes)}, scale={})  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 99])
def test_scores_and_pixels_by_hand(size):
    """Rays 0, 2, 0 at steps 1, -1, 0: points (2, 2), (3, 2) and (1, 2); their bases a, b and a."""
    prober = Prober(Plain(), HEADS, start(), JOBS, LadderSettings(batch_size=size), steering=True)
    found = prober(np.array([0, 2, 0]), np.array([1.0, -1.0, 0.0]))
    points = torch.tensor([[2.0, 2.0], [3.0, 2.0], [1.0, 2.0]])
    np.testing.assert_allclose(found.values, points.sigmoid(), rtol=1e-6)
    np.testing.assert_allclose(found.odds, [2.0, 2.0, 1.0])
    np.testing.assert_allclose(found.pixels, [1 / 3, 2 / 7, 0.0])
    plain = Prober(Plain(), HEADS, start(), JOBS, LadderSettings(batch_size=size))
    assert np.isnan(plain(np.array([0]), np.array([1.0])).odds).all()


def test_the_base_score_of_every_ray():
    np.testing.assert_allclose(base_values(start(), JOBS), [0.5, 0.8, 0.7])


def test_rays_without_a_direction_or_at_their_end_are_not_walked():
    flat = first_stop(start(slopes=((0.0, 0.0), (float("nan"), 1.0))), JOBS, LadderSettings())
    assert flat.tolist() == [Stop.FLAT, Stop.FLAT, Stop.NONFINITE]
    low = first_stop(start(values=((0.5, 0.9), (1e-9, 0.7))), JOBS, LadderSettings())
    assert low.tolist() == [-1, Stop.FLOOR, -1]
