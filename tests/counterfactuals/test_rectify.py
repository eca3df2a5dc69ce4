from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from fairaudit.counterfactuals.ladder import LadderSettings
from fairaudit.counterfactuals.rectify import RectifySettings, rectify

SEARCH = LadderSettings(floor=0.0, drop=0.5)


def _linear(linear_generator: Any, linear_heads: Any) -> tuple[Any, Any, torch.Tensor, torch.Tensor]:
    generator = linear_generator(latent=5)
    weights = torch.randn(3, 12, generator=torch.Generator().manual_seed(11)) * 0.2
    images = torch.rand(30, 1, 3, 4, generator=torch.Generator().manual_seed(12)) * 0.01
    return generator, linear_heads(weights, bias=0.9), weights @ generator.matrix, images


def test_beta_in_closed_form(linear_generator: Any, linear_heads: Any) -> None:
    """Linear scores: ψ(β) ∝ v_oᵀ(v_t + β v_o) with v = Dᵀw, which vanishes at β* = −v_oᵀv_t / v_oᵀv_o."""
    generator, heads, seen, images = _linear(linear_generator, linear_heads)
    settings = RectifySettings(rate=0.3, iterations=150, patience=150)
    found = rectify(generator, heads, images, [0, 1], 2, SEARCH, settings)
    for k, target in enumerate((0, 1)):
        exact = float(-(seen[2] @ seen[target]) / (seen[2] @ seen[2]))
        before = float((seen[2] @ seen[target]) / (seen[target] @ seen[target]))
        assert found[k].before == pytest.approx(before, rel=1e-3)
        assert found[k].beta == pytest.approx(exact, abs=0.02)
        assert abs(found[k].after) < 0.02 < abs(found[k].before)


def test_the_printed_update_would_go_the_wrong_way(linear_generator: Any, linear_heads: Any) -> None:
    """β_n = 0.001 ψ + 0.1 β has its fixed point at the sign of ψ; ours ends at the opposite sign."""
    generator, heads, _, images = _linear(linear_generator, linear_heads)
    found = rectify(generator, heads, images, [0], 2, SEARCH, RectifySettings(iterations=60))[0]
    printed = 0.0
    for _ in range(50):
        printed = 0.001 * found.before + 0.1 * printed
    assert np.sign(printed) == np.sign(found.before)
    assert np.sign(found.beta) == -np.sign(found.before)


def test_targets_in_one_batch_are_targets_alone(linear_generator: Any, linear_heads: Any) -> None:
    generator, heads, _, images = _linear(linear_generator, linear_heads)
    settings = RectifySettings(iterations=5)
    both = rectify(generator, heads, images, [0, 1], 2, SEARCH, settings)
    for k in (0, 1):
        alone = rectify(generator, heads, images, [k], 2, SEARCH, settings)[0]
        assert alone.beta == pytest.approx(both[k].beta, abs=1e-5)
        np.testing.assert_allclose(alone.history, both[k].history, atol=1e-5)


def test_nothing_better_is_beta_zero_and_patience_ends_the_search(linear_generator: Any, linear_heads: Any) -> None:
    generator, heads, _, images = _linear(linear_generator, linear_heads)
    away = RectifySettings(rate=-0.5, iterations=30, patience=3)
    found = rectify(generator, heads, images, [0], 2, SEARCH, away)[0]
    assert found.beta == 0.0
    assert len(found.history) == 4
    assert found.after == found.before


def test_images_that_do_not_move_enough_leave_it_undefined(linear_generator: Any, linear_heads: Any) -> None:
    generator, heads, _, images = _linear(linear_generator, linear_heads)
    found = rectify(generator, heads, images, [0], 2, replace(SEARCH, drop=0.1), RectifySettings(iterations=3))[0]
    assert np.isnan([found.before, found.after]).all()
    assert found.beta == 0.0


def test_a_target_that_is_done_does_not_end_the_others(linear_generator: Any, linear_heads: Any) -> None:
    """With u = v_t and o = v_o orthogonal but for a little, ψ(β) ≈ (u·o + β o·o) / u·u: a step multiplies it.

    By 1 − η o·o / u·u, which is −2 for |u|² = 1 (worse each time: patience ends it) and ½ for |u|² = 6.
    """
    generator = linear_generator(latent=5)
    slopes = torch.zeros(3, 5)
    slopes[0, 0], slopes[1, 1], slopes[2, 2] = 1.0, 6**0.5, 1.0
    slopes[0, 2], slopes[1, 2] = 0.02, 0.12
    heads = linear_heads(slopes @ generator.matrix.T, bias=0.9)
    images = torch.rand(30, 1, 3, 4, generator=torch.Generator().manual_seed(12)) * 0.01
    settings = RectifySettings(rate=3.0, momentum=0.0, iterations=7, patience=2)
    found = rectify(generator, heads, images, [0, 1], 2, SEARCH, settings)
    assert [len(each.history) for each in found] == [3, 7]
    assert [each.kept for each in found] == [0, 6]
    assert found[1].beta == pytest.approx(-0.12 * (1 - 0.5**6), rel=0.02)
