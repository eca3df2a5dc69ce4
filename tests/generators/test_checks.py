from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor, nn

from fairaudit.errors import ModelError, UsageError
from fairaudit.generators.checks import Tolerance, check_generator, gradient_lengths, refuse, undecided
from fairaudit.generators.cvae import Conditioned, GaussianPosterior
from fairaudit.generators.sheet import reconstruction_sheet

IMAGES = torch.rand(8, 1, 4, 4, generator=torch.Generator().manual_seed(0))


class Darker:
    """D(E(x)) = 0.8 x."""

    def encode(self, images: Tensor) -> Tensor:
        return images.flatten(1)

    def decode(self, latents: Tensor) -> Tensor:
        return 0.8 * latents.reshape(-1, 1, 4, 4)


def _mean(images: Tensor) -> Tensor:
    """Two heads: the mean pixel, and always a half."""
    mean = images.flatten(1).mean(dim=1, keepdim=True)
    return torch.cat([mean, torch.full_like(mean, 0.5)], dim=1)


def test_facts_by_hand() -> None:
    facts = check_generator(Darker(), _mean, IMAGES)
    means = IMAGES.flatten(1).mean(dim=1)
    assert facts.reconstruction_error == pytest.approx(0.2 * float(IMAGES.mean()), rel=1e-5)
    assert facts.prediction_drift == pytest.approx(0.2 * float(means.mean()), rel=1e-5)
    assert facts.drift_head == 0
    kept = ((means >= 0.5) == (0.8 * means >= 0.5)).double().mean()
    assert facts.decisions_kept == pytest.approx((float(kept) + 1) / 2)
    # Every latent number moves its pixel by 0.8 and the mean of 16 pixels by 0.05; √16 · 0.05 = 0.2.
    assert facts.smallest_gradient == pytest.approx(0.2)
    assert (facts.batch_difference, facts.repeat_difference) == (0.0, 0.0)
    assert refuse(facts) is None


def test_the_interval_of_the_drift_is_students_and_needs_eight_images() -> None:
    images = torch.rand(70, 1, 4, 4, generator=torch.Generator().manual_seed(1))
    facts = check_generator(Darker(), _mean, images)
    drifts = (0.2 * images.flatten(1).double().mean(dim=1)).numpy()
    want = stats.t.interval(0.95, len(drifts) - 1, drifts.mean(), stats.sem(drifts))
    assert (facts.drift_low, facts.drift_high) == (pytest.approx(want[0], rel=1e-5), pytest.approx(want[1], rel=1e-5))
    assert facts.images == 70
    few = check_generator(Darker(), _mean, images[:7])
    assert (few.drift_low, few.drift_high) == (None, None)
    assert "7 images are too few" in str(undecided(few, Tolerance(drift=1)))
    assert undecided(facts, Tolerance(drift=want[1] + 1e-3)) is None
    between = Tolerance(drift=(facts.prediction_drift + want[1]) / 2)
    assert refuse(facts, between) is None
    assert "more images would decide" in str(undecided(facts, between))


def test_many_images_are_read_in_parts_and_conditions_go_along() -> None:
    """33 images are 32 and one; every part has its own rows' conditions."""

    class Shifts(nn.Module):
        def posterior(self, images: Tensor, condition: Tensor) -> GaussianPosterior:
            assert len(images) == len(condition)
            return GaussianPosterior(images.flatten(1) + condition, images.flatten(1))

        def decode(self, latents: Tensor, condition: Tensor) -> Tensor:
            return (latents - condition).reshape(-1, 1, 4, 4)

    images = torch.rand(33, 1, 4, 4, generator=torch.Generator().manual_seed(2))
    condition = torch.arange(33.0)[:, None]
    facts = check_generator(Conditioned(Shifts(), condition), _mean, images)  # type: ignore[arg-type]
    assert (facts.images, facts.drift_head) == (33, 0)
    assert facts.reconstruction_error == pytest.approx(0, abs=1e-5)
    assert facts.batch_difference == pytest.approx(0, abs=1e-5)


def test_refusals_name_the_number_and_the_tolerance() -> None:
    facts = check_generator(Darker(), _mean, IMAGES)
    assert "reconstruction alone moves a score by 0.10" in str(refuse(facts, Tolerance(drift=0.05)))
    assert "mixes the images" in str(refuse(replace(facts, batch_difference=0.1)))
    assert "not deterministic" in str(refuse(replace(facts, repeat_difference=0.1)))
    assert "zero for every image" in str(refuse(replace(facts, largest_gradient=0.0)))


def test_a_generator_that_mixes_images_is_seen() -> None:
    class Mixes(Darker):
        def decode(self, latents: Tensor) -> Tensor:
            return super().decode(latents - latents.mean(dim=0) * 0.1)

    assert check_generator(Mixes(), _mean, IMAGES).batch_difference > 0.01


def test_noise_is_seen() -> None:
    draws = torch.Generator().manual_seed(0)

    class Noisy(Darker):
        def encode(self, images: Tensor) -> Tensor:
            return super().encode(images) + 0.01 * torch.randn(len(images), 16, generator=draws)

    assert check_generator(Noisy(), _mean, IMAGES).repeat_difference > 1e-3


def test_gradients_that_are_missing_or_broken_are_errors() -> None:
    latents = IMAGES.flatten(1)
    with pytest.raises(ModelError, match="no gradient"):
        gradient_lengths(Darker(), lambda x: _mean(x.detach()), latents, 0)
    with pytest.raises(ModelError, match=r"not finite.*100%"):
        gradient_lengths(Darker(), lambda x: torch.sqrt(_mean(x) * 0), latents, 0)


def test_other_shapes_and_nan_images_are_errors() -> None:
    class Larger(Darker):
        def decode(self, latents: Tensor) -> Tensor:
            return latents.reshape(-1, 1, 2, 8)

    class Broken(Darker):
        def decode(self, latents: Tensor) -> Tensor:
            return super().decode(latents) * float("nan")

    with pytest.raises(ModelError, match=r"another size.*\[1, 4, 4\].*\[1, 2, 8\]"):
        check_generator(Larger(), _mean, IMAGES)
    with pytest.raises(ModelError, match="not finite"):
        check_generator(Broken(), _mean, IMAGES)


def test_the_sheet_shows_images_above_their_reconstructions() -> None:
    sheet = reconstruction_sheet(Darker(), IMAGES[:3], columns=2, gap=1)
    # Two rows of two, each with its reconstructions: 4 bands of 5 and one more line; 2 columns of 5 and one more.
    assert sheet.shape == (21, 11, 3)
    original = np.rint(IMAGES[0, 0].numpy() * 255)
    np.testing.assert_array_equal(sheet[1:5, 1:5, 0], original)
    np.testing.assert_allclose(sheet[6:10, 1:5, 1], 0.8 * original, atol=1)
    np.testing.assert_array_equal(sheet[11:15, 1:5, 2], np.rint(IMAGES[2, 0].numpy() * 255))
    assert (sheet[11:15, 6:10] == 255).all()


@pytest.mark.parametrize("value", [math.nan, math.inf, -0.1])
def test_a_tolerance_that_nothing_is_above_is_refused(value: float) -> None:
    with pytest.raises(UsageError, match="cannot be used"):
        Tolerance(drift=value)
