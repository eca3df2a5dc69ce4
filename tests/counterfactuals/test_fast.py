from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from fairaudit.counterfactuals.composition import ComposedHeads
from fairaudit.counterfactuals.heads import ModelHeads
from fairaudit.counterfactuals.ladder import LadderSettings, Stop
from fairaudit.counterfactuals.latent_shift import latent_shift


def test_lambda_star_in_closed_form(linear_generator: Any, linear_heads: Any) -> None:
    """Logit l(λ) = l0 − λ p0 (1 − p0) ‖Dᵀw‖², so λ* = (l0 − logit(p0 − 0.6)) / (p0 (1 − p0) ‖Dᵀw‖²)."""
    generator = linear_generator(seed=3)
    weights = torch.randn(1, 12, generator=torch.Generator().manual_seed(0))
    heads = linear_heads(weights, bias=2.0, odds=True)
    images = torch.rand(6, 1, 3, 4, generator=torch.Generator().manual_seed(1)) * 0.2
    shift = latent_shift(generator, heads, images, [(i, 0) for i in range(6)], LadderSettings(floor=0.0))
    norm = float((weights @ generator.matrix).square().sum())
    for row in range(6):
        p0 = shift.before[row, 0]
        exact = (np.log(p0 / (1 - p0)) - np.log((p0 - 0.6) / (1.6 - p0))) / (p0 * (1 - p0) * norm)
        assert shift.stop[row] == Stop.REACHED
        assert exact <= shift.lam[row] <= exact * 1.04
        assert shift.before[row, 0] - shift.after[row, 0] >= 0.6
    # The log-odds are linear along these rays, so the first step is the answer.
    assert (shift.probes == 1).all()


def test_a_saturated_score_still_finds_its_way(linear_generator: Any, linear_heads: Any) -> None:
    """At a logit of 40, float32 says p = 1 and its gradient is 0; the log-odds still point somewhere."""
    heads = linear_heads(torch.ones(1, 12), bias=40.0, odds=True)
    images = torch.zeros(1, 1, 3, 4)
    fast = latent_shift(linear_generator(), heads, images, [(0, 0)], LadderSettings())
    compat = latent_shift(linear_generator(), heads, images, [(0, 0)], LadderSettings(search="compat"))
    assert (fast.stop[0], np.isnan(fast.lam[0])) == (Stop.REACHED, True)
    assert 0.2 < fast.after[0, 0] <= 0.4
    assert (compat.stop[0], compat.probes[0]) == (Stop.FLAT, 0)


class _Valley:
    """p = 0.9 − 0.5·(t(2 − t)) along the first latent axis: lowest, 0.4, one unit down the ray."""

    names, width = ("valley",), 1

    def outputs(self, images: Tensor) -> Tensor:
        return images.flatten(1)[:, :1]

    def values(self, outputs: Tensor) -> Tensor:
        return 0.9 - 0.5 * (outputs * (2 - outputs))

    def steering(self, outputs: Tensor) -> Tensor:
        return self.values(outputs)

    def is_probability(self, head: int) -> bool:
        return False


class _Same:
    def encode(self, images: Tensor) -> Tensor:
        return images

    def decode(self, latents: Tensor) -> Tensor:
        return latents


def test_a_turn_returns_the_best_point_and_compat_the_worse_one() -> None:
    images = torch.zeros(1, 1, 1, 1)
    fast = latent_shift(_Same(), _Valley(), images, [(0, 0)], LadderSettings(drop=0.55))
    compat = latent_shift(_Same(), _Valley(), images, [(0, 0)], LadderSettings(search="compat", drop=0.55))
    assert (fast.stop[0], compat.stop[0]) == (Stop.TURNED, Stop.TURNED)
    assert fast.after[0, 0] == pytest.approx(0.4, abs=0.02)
    # The gradient is −1, so the first rung is t = 10: p = 0.9 − 0.5·(10·(2 − 10)) = 40.9, far above where it began.
    assert (compat.lam[0], compat.after[0, 0]) == (10.0, pytest.approx(40.9))


def test_pixels_stop_inside_their_limit(conv: Any, classifier: nn.Module, faces: Tensor) -> None:
    heads = ModelHeads(classifier, ["a", "b", "c"], link="sigmoid")
    pairs = [(i, b) for i in range(10) for b in range(3)]
    shift = latent_shift(conv, heads, faces, pairs, LadderSettings(pixel_limit=0.02))
    stopped = shift.stop == Stop.PIXELS
    assert stopped.any()
    assert (shift.pixels[stopped] <= 0.02).all()
    assert (shift.pixels[stopped] > 0.0).all()


@pytest.mark.parametrize("direction", ["down", "up"])
def test_agrees_with_the_ladder_where_both_reach(
    conv: Any, classifier: nn.Module, faces: Tensor, direction: Any
) -> None:
    heads = ModelHeads(classifier, ["a", "b", "c"], link="sigmoid")
    pairs = [(i, b) for i in range(10) for b in range(3)]
    fast = latent_shift(conv, heads, faces, pairs, LadderSettings(direction=direction))
    compat = latent_shift(conv, heads, faces, pairs, LadderSettings(search="compat", direction=direction, window=8))
    both = (fast.stop == Stop.REACHED) & (compat.stop == Stop.REACHED)
    assert both.sum() >= 3
    assert ((fast.stop == Stop.REACHED) >= (compat.stop == Stop.REACHED)).all()
    # The ladder overshoots by up to a rung (10 % and 10); the bracket by at most 5 % more than the first such point.
    assert (fast.lam[both] <= compat.lam[both] * 1.05 + 1).all()
    assert (fast.lam[both] >= (compat.lam[both] - 10) / 1.1 - 1).all()


def _first_end(
    conv: Any, classifier: nn.Module, image: Tensor, base: int, reach: float
) -> tuple[set[int], float, float]:
    """Where the walk ends on a grid of 1 % steps up to `reach` times the linear guess: rules, λ and the base score."""
    z = conv.encode(image[None]).requires_grad_(True)
    p0 = classifier(conv.decode(z)).sigmoid()[0, base]
    gradient = torch.autograd.grad(p0, z)[0]
    grid = reach * 1.01 ** np.arange(-700, 1)
    with torch.no_grad():
        scores = [classifier(conv.decode(z - lam * gradient)).sigmoid()[0, base].item() for lam in grid]
    previous = p0.item()
    for lam, p in zip(grid, scores, strict=True):
        if p > previous + 1e-6:
            return {Stop.TURNED}, lam, previous
        if p < 0.05 or p0.item() - p > 0.6:
            return {Stop.REACHED, Stop.FLOOR}, lam, p
        previous = p
    return set(), reach, previous


def test_ends_where_a_dense_scan_does(conv: Any, classifier: nn.Module, faces: Tensor) -> None:
    """λ within 5 % and the base score within 0.03 of the first end on a grid of 1 %, with some four probes."""
    heads = ModelHeads(classifier, ["a", "b", "c"], link="sigmoid")
    pairs = [(i, b) for i in range(5) for b in range(2)]
    shift = latent_shift(conv, heads, faces, pairs, LadderSettings())
    agreed = 0
    for row, (image, base) in enumerate(pairs):
        if not shift.lam[row] > 0:
            continue
        rules, lam, score = _first_end(conv, classifier, faces[image], base, 3 * shift.lam[row])
        agreed += shift.stop[row] in rules
        if shift.stop[row] in rules:
            assert shift.after[row, base] == pytest.approx(score, abs=0.03)
        if shift.stop[row] in rules - {Stop.TURNED}:
            assert 0.985 <= shift.lam[row] / lam <= 1.05
    assert agreed >= 9
    assert shift.probes.mean() <= 5


def test_a_sum_of_probabilities_is_walked_in_its_log_odds(linear_generator: Any, linear_heads: Any) -> None:
    """f = σ(l₁) with weight 1 and σ(l₂) with weight 0.3: the drop of 0.6 is met, just beyond, in a few probes."""
    weights = torch.randn(2, 12, generator=torch.Generator().manual_seed(0))
    parts = linear_heads(weights, bias=3.0, odds=True)
    heads = ComposedHeads(parts, torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.3]]), ["f0", "f1", "sum"])
    shift = latent_shift(linear_generator(seed=3), heads, torch.zeros(1, 1, 3, 4) + 0.01, [(0, 2)], LadderSettings())
    assert shift.stop.tolist() == [Stop.REACHED]
    assert 0.6 < shift.before[0, 2] - shift.after[0, 2] < 0.65
    assert shift.probes[0] <= 6


def test_fewer_probes_than_the_ladder(conv: Any, classifier: nn.Module, faces: Tensor) -> None:
    heads = ModelHeads(classifier, ["a", "b", "c"], link="sigmoid")
    pairs = [(i, 0) for i in range(10)]
    fast = latent_shift(conv, heads, faces, pairs, LadderSettings())
    assert fast.probes.mean() <= 6
    assert (fast.probes <= 22).all()


def test_the_cap_on_lambda_is_kept(linear_generator: Any, linear_heads: Any) -> None:
    heads = linear_heads(torch.full((1, 12), 1e-3), bias=2.0, odds=True)
    shift = latent_shift(linear_generator(), heads, torch.rand(2, 1, 3, 4), [(0, 0), (1, 0)], LadderSettings(limit=50))
    assert (shift.stop == Stop.LIMIT).all()
    np.testing.assert_allclose(shift.lam, 50.0)


def test_non_finite_gradients_are_told(linear_generator: Any, linear_heads: Any) -> None:
    class Broken(linear_heads):  # type: ignore[misc, valid-type]
        def steering(self, outputs: Tensor) -> Tensor:
            return outputs * float("nan")

    heads = Broken(torch.ones(1, 12), odds=True)
    shift = latent_shift(linear_generator(), heads, torch.rand(1, 1, 3, 4), [(0, 0)], LadderSettings())
    assert shift.stop.tolist() == [Stop.NONFINITE]
