from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from fairaudit.counterfactuals.heads import ModelHeads
from fairaudit.counterfactuals.ladder import LadderSettings
from fairaudit.counterfactuals.latent_shift import latent_shift, sweep
from fairaudit.errors import ModelError


@pytest.mark.parametrize("search", ["fast", "compat"])
def test_relative_change_of_linear_classifiers_in_closed_form(
    linear_generator: Any, linear_heads: Any, search: Any
) -> None:
    """f_i = w_i·x and x = D z: r = (w_1ᵀ D Dᵀ w_b) / (w_bᵀ D Dᵀ w_b), whatever λ is."""
    generator = linear_generator(latent=5, seed=1)
    weights = torch.randn(4, 12, generator=torch.Generator().manual_seed(5)) * 0.2
    heads = linear_heads(weights, bias=0.9)
    images = torch.rand(7, 1, 3, 4, generator=torch.Generator().manual_seed(6)) * 0.01
    shift = latent_shift(generator, heads, images, [(i, 1) for i in range(7)], LadderSettings(search=search, floor=0.0))
    change = shift.after - shift.before
    projector = generator.matrix @ generator.matrix.T
    exact = (weights @ projector @ weights[1]) / (weights[1] @ projector @ weights[1])
    np.testing.assert_allclose(change / change[:, 1:2], np.tile(exact.numpy(), (7, 1)), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("search", ["fast", "compat"])
def test_a_batch_equals_batches_of_one(conv: Any, classifier: nn.Module, search: Any) -> None:
    coarse = torch.rand(64, 3, 4, 4, generator=torch.Generator().manual_seed(4))
    images = nn.functional.interpolate(coarse, size=16, mode="bilinear")
    heads = ModelHeads(classifier, ["a", "b", "c"], link="sigmoid")
    settings = LadderSettings(search=search, limit=3000, window=8)
    whole = latent_shift(conv, heads, images, [(i, 0) for i in range(64)], settings)
    for i in range(64):
        one = latent_shift(conv, heads, images[i : i + 1], [(0, 0)], settings)
        assert (one.stop[0], one.probes[0]) == (whole.stop[i], whole.probes[i])
        np.testing.assert_allclose(one.lam[0], whole.lam[i], rtol=1e-4)
        np.testing.assert_allclose(one.after[0], whole.after[i], atol=1e-5)


def test_the_order_of_pairs_does_not_matter(conv: Any, classifier: nn.Module, faces: Tensor) -> None:
    heads = ModelHeads(classifier, ["a", "b", "c"], link="sigmoid")
    pairs = [(i, b) for i in range(10) for b in range(3)]
    order = np.random.default_rng(0).permutation(len(pairs))
    plain = latent_shift(conv, heads, faces, pairs, LadderSettings(batch_size=7))
    mixed = latent_shift(conv, heads, faces, [pairs[i] for i in order], LadderSettings(batch_size=7))
    np.testing.assert_array_equal(mixed.stop, plain.stop[order])
    np.testing.assert_allclose(mixed.after, plain.after[order], atol=1e-5)


def test_images_at_the_ends_give_the_scores_at_the_ends(conv: Any, classifier: nn.Module, faces: Tensor) -> None:
    heads = ModelHeads(classifier, ["a", "b", "c"], link="sigmoid")
    shift = latent_shift(conv, heads, faces, [(i, 0) for i in range(10)], LadderSettings())
    frames, values = sweep(conv, heads, shift, 4, frames=5)
    torch.testing.assert_close(frames[0], shift.start.images[4])
    np.testing.assert_allclose(classifier(frames[-1:]).sigmoid()[0].numpy(), shift.after[4], atol=1e-5)
    np.testing.assert_allclose(values[[0, -1]], [shift.before[4], shift.after[4]], atol=1e-5)


def test_up_and_down_move_apart(conv: Any, classifier: nn.Module, faces: Tensor) -> None:
    heads = ModelHeads(classifier, ["a", "b", "c"], link="sigmoid")
    pairs = [(i, 1) for i in range(10)]
    down = latent_shift(conv, heads, faces, pairs, LadderSettings(direction="down"))
    up = latent_shift(conv, heads, faces, pairs, LadderSettings(direction="up"))
    assert (down.after[:, 1] <= down.before[:, 1]).all()
    assert (up.after[:, 1] >= up.before[:, 1]).all()


def test_a_generator_of_another_size_is_refused(classifier: nn.Module, faces: Tensor) -> None:
    class Grows:
        def encode(self, images: Tensor) -> Tensor:
            return images

        def decode(self, latents: Tensor) -> Tensor:
            return nn.functional.interpolate(latents, scale_factor=2.0)

    heads = ModelHeads(lambda x: classifier(x[..., :16, :16]), ["a", "b", "c"], link="sigmoid")
    with pytest.raises(ModelError, match=r"another size.*\[3, 16, 16\].*\[3, 32, 32\]"):
        latent_shift(Grows(), heads, faces, [(0, 0)], LadderSettings())


def test_gradients_are_off_afterwards(conv: Any, classifier: nn.Module, faces: Tensor) -> None:
    heads = ModelHeads(classifier, ["a", "b", "c"], link="sigmoid")
    shift = latent_shift(conv, heads, faces, [(0, 0)], LadderSettings())
    assert not shift.start.images.requires_grad
    assert not shift.start.latents.requires_grad
    assert all(parameter.grad is None for parameter in classifier.parameters())
