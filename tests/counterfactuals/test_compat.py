"""The batched ladder against a slow per-image walk written from the published program's rules."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from fairaudit.counterfactuals.heads import ModelHeads
from fairaudit.counterfactuals.ladder import LadderSettings, Stop
from fairaudit.counterfactuals.latent_shift import latent_shift


def slow_walk(
    generator: Any, classifier: nn.Module, image: Tensor, base: int, *, pixel_limit: float, limit: float, up: bool
) -> tuple[int, str, Tensor]:
    """One image, one rung at a time, autograd on, as the notes describe the program (mirrored for `up`)."""
    z = generator.encode(image[None]).detach().requires_grad_(True)
    x0 = generator.decode(z)
    p0 = classifier(x0).sigmoid()[0, base]
    gradient = torch.autograd.grad(p0, z)[0]
    start, lam, previous = p0.item(), 0, p0.item()
    while True:
        x = generator.decode(z + (1 if up else -1) * lam * gradient)
        scores = classifier(x).sigmoid()[0]
        p = scores[base].item()
        sense = -1.0 if up else 1.0
        if sense * (p - previous) > 0:
            return lam, "TURNED", scores
        if (1 - p if up else p) < 0.05:
            return lam, "FLOOR", scores
        if sense * (start - p) > 0.6:
            return lam, "REACHED", scores
        if lam >= limit:
            return lam, "LIMIT", scores
        if (x0 - x).abs().sum().item() > pixel_limit * x0.abs().sum().item():
            return lam, "PIXELS", scores
        lam, previous = lam + 10 + math.ceil(lam / 10), p


@pytest.mark.parametrize("window", [1, 3, 8])
@pytest.mark.parametrize(("pixel_limit", "direction"), [(0.05, "down"), (10.0, "down"), (10.0, "up")])
def test_equals_the_slow_walk(
    conv: Any, classifier: nn.Module, faces: Tensor, window: int, pixel_limit: float, direction: Any
) -> None:
    heads = ModelHeads(classifier, ["a", "b", "c"], link="sigmoid")
    settings = LadderSettings(
        search="compat", direction=direction, pixel_limit=pixel_limit, limit=20_000, window=window, batch_size=12
    )
    pairs = [(image, base) for image in range(len(faces)) for base in range(3)]
    shift = latent_shift(conv, heads, faces, pairs, settings)
    reasons = set()
    for row, (image, base) in enumerate(pairs):
        lam, reason, scores = slow_walk(
            conv, classifier, faces[image], base, pixel_limit=pixel_limit, limit=20_000, up=direction == "up"
        )
        assert (shift.lam[row], Stop(shift.stop[row]).name) == (lam, reason)
        np.testing.assert_allclose(shift.after[row], scores.detach().numpy(), atol=5e-5)
        reasons.add(reason)
    assert len(reasons) > 1, reasons


def test_a_score_below_the_floor_stops_where_it_stands(linear_generator: Any, linear_heads: Any) -> None:
    heads = linear_heads(torch.ones(1, 12), bias=-40.0, odds=True)
    shift = latent_shift(
        linear_generator(), heads, torch.rand(3, 1, 3, 4), [(0, 0), (2, 0)], LadderSettings(search="compat")
    )
    assert shift.stop.tolist() == [Stop.FLOOR] * 2
    assert shift.lam.tolist() == [0.0, 0.0]
    np.testing.assert_array_equal(shift.before, shift.after)
    assert shift.probes.tolist() == [0, 0]


def test_probes_count_whole_windows(conv: Any, classifier: nn.Module, faces: Tensor) -> None:
    heads = ModelHeads(classifier, ["a", "b", "c"], link="sigmoid")
    pairs = [(i, 0) for i in range(10)]
    shift = latent_shift(conv, heads, faces, pairs, LadderSettings(search="compat", window=4, limit=5000))
    assert (shift.probes % 4 == 0).all()


def test_no_pairs_is_no_rows(conv: Any, classifier: nn.Module, faces: Tensor) -> None:
    heads = ModelHeads(classifier, ["a", "b", "c"], link="sigmoid")
    for search in ("compat", "fast"):
        shift = latent_shift(conv, heads, faces, [], LadderSettings(search=search))  # type: ignore[arg-type]
        assert len(shift) == 0
        assert shift.after.shape == (0, 3)
