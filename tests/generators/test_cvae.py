from __future__ import annotations

import pytest
import torch
from torch.distributions import Normal
from torch.distributions import kl_divergence as torch_kl

from fairaudit.errors import UsageError
from fairaudit.generators.cvae import (
    ConditionalVae,
    Conditioned,
    CvaeSettings,
    GaussianPosterior,
    kl_divergence,
    leakage,
)


def _model() -> ConditionalVae:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return ConditionalVae(
            CvaeSettings(size=(28, 28), latent=4, width=8, target=("no", "yes"), attribute=("a", "b", "c"))
        ).eval()


def test_kl_is_torchs() -> None:
    draws = torch.Generator().manual_seed(0)
    posterior = GaussianPosterior(torch.randn(6, 4, generator=draws), torch.randn(6, 4, generator=draws))
    normal = Normal(posterior.mean, (0.5 * posterior.log_variance).exp())
    expected = torch_kl(normal, Normal(torch.zeros(6, 4), torch.ones(6, 4))).sum(dim=1)
    torch.testing.assert_close(kl_divergence(posterior), expected)


def test_leakage_by_hand_and_zero_when_nothing_leaks() -> None:
    condition = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    told = GaussianPosterior(torch.tensor([[1.0], [1.0], [-1.0], [-1.0]]), torch.zeros(4, 1))
    # cov(μ, c) = ±0.5 and sd(c) = 0.5: slope ±1 for both columns, σ² = 1.
    assert leakage(told, condition).item() == pytest.approx(2.0)
    mute = GaussianPosterior(torch.tensor([[1.0], [-1.0], [1.0], [-1.0]]), torch.zeros(4, 1))
    assert leakage(mute, condition).item() == 0.0


def test_conditions_are_one_hot_side_by_side() -> None:
    found = _model().condition(torch.tensor([1, 0]), torch.tensor([0, 2]))
    assert found.tolist() == [[0, 1, 1, 0, 0], [1, 0, 0, 0, 1]]


def test_a_batch_with_its_conditions_is_a_generator() -> None:
    model = _model()
    images = torch.rand(2, 3, 28, 28)
    condition = model.condition(torch.tensor([1, 0]), torch.tensor([0, 2]))
    bound = Conditioned(model, condition)
    torch.testing.assert_close(bound.encode(images), model.posterior(images, condition).mean)
    assert bound.decode(bound.encode(images)).shape == images.shape


def test_a_condition_needs_two_values() -> None:
    with pytest.raises(UsageError, match="attribute has one value"):
        ConditionalVae(CvaeSettings(attribute=("only",)))


def test_several_attributes_are_one_hot_side_by_side() -> None:
    """By hand: target yes, a of three values, then two of the further attribute; all codes are needed, and known."""
    settings = CvaeSettings(
        size=(28, 28), latent=4, width=8, attribute=("a", "b", "c"), attribute_name="one", more=(("two", ("x", "y")),)
    )
    model = ConditionalVae(settings).eval()
    assert settings.attributes == (("one", ("a", "b", "c")), ("two", ("x", "y")))
    found = model.condition(torch.tensor([1, 0]), torch.tensor([[0, 1], [2, 0]]))
    assert found.tolist() == [[0, 1, 1, 0, 0, 0, 1], [1, 0, 0, 0, 1, 1, 0]]
    assert model.decode(torch.zeros(2, 4), found).shape == (2, 3, 28, 28)
    with pytest.raises(UsageError, match=r"Wanted: one, two\. Found: 1"):
        model.condition(torch.tensor([1, 0]), torch.tensor([0, 2]))
    with pytest.raises(UsageError, match="attribute of every image"):
        model.condition(torch.tensor([1, 0]), torch.tensor([[0, 1], [2, -1]]))
    with pytest.raises(UsageError, match="attribute two has one value"):
        ConditionalVae(CvaeSettings(more=(("two", ("only",)),)))
