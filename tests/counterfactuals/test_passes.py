"""What a search may cost: images encoded, decoded and classified, counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from fairaudit.counterfactuals.heads import ModelHeads
from fairaudit.counterfactuals.ladder import LadderSettings
from fairaudit.counterfactuals.latent_shift import latent_shift


class Meter:
    """A generator and a classifier that note the size of every pass."""

    def __init__(self, generator: Any, classifier: nn.Module) -> None:
        self.generator, self.classifier = generator, classifier
        self.encoded: list[int] = []
        self.decoded: list[int] = []
        self.classified: list[int] = []
        self.with_graph: list[bool] = []

    def encode(self, images: Tensor) -> Tensor:
        self.encoded.append(len(images))
        return self.generator.encode(images)

    def decode(self, latents: Tensor) -> Tensor:
        self.decoded.append(len(latents))
        self.with_graph.append(torch.is_grad_enabled() and latents.requires_grad)
        return self.generator.decode(latents)

    def score(self, images: Tensor) -> Tensor:
        self.classified.append(len(images))
        return self.classifier(images)

    def heads(self) -> ModelHeads:
        return ModelHeads(self.score, ["a", "b", "c"], link="sigmoid")


def test_all_bases_share_one_encode_one_reconstruction_and_one_graph(
    conv: Any, classifier: nn.Module, faces: Tensor
) -> None:
    meter = Meter(conv, classifier)
    shift = latent_shift(meter, meter.heads(), faces, [(i, b) for i in range(10) for b in range(3)], LadderSettings())
    assert meter.encoded == [10]
    assert (meter.decoded[0], sum(meter.with_graph)) == (10, 1)
    # Nothing is decoded or classified but the reconstructions and the probes, and no probe keeps a graph.
    assert sum(meter.decoded) == sum(meter.classified) == 10 + shift.probes.sum()
    assert not any(meter.with_graph[1:])


def test_all_heads_are_read_from_the_pass_that_steers(conv: Any, classifier: nn.Module, faces: Tensor) -> None:
    """Both ends of every head without a pass of their own; the published way takes two of each head and image."""
    for search in ("fast", "compat"):
        meter = Meter(conv, classifier)
        settings = LadderSettings(search=search, limit=3000, window=1)  # type: ignore[arg-type]
        shift = latent_shift(meter, meter.heads(), faces, [(i, 0) for i in range(10)], settings)
        assert sum(meter.classified) == 10 + shift.probes.sum()
        assert np.isfinite(shift.before).all()
        assert np.isfinite(shift.after).all()


def test_finished_rays_leave_and_waiting_ones_enter(conv: Any, classifier: nn.Module, faces: Tensor) -> None:
    pairs = [(i, b) for i in range(10) for b in range(3)]
    for search in ("fast", "compat"):
        meter = Meter(conv, classifier)
        settings = LadderSettings(search=search, batch_size=4, window=1, limit=3000)  # type: ignore[arg-type]
        shift = latent_shift(meter, meter.heads(), faces, pairs, settings)
        probes = [size for size, graph in zip(meter.decoded, meter.with_graph, strict=True) if not graph]
        assert max(probes) == 4
        # The passes are full as long as rays wait: what is left over is the tail of the last four.
        full = probes[: next((k for k, size in enumerate(probes) if size < 4), len(probes))]
        longest = int(shift.probes.max())
        assert len(probes) - len(full) <= longest
        assert sum(probes) == shift.probes.sum()
        assert shift.probes.min() < longest


def test_a_ray_that_cannot_be_walked_costs_no_probe(linear_generator: Any, linear_heads: Any) -> None:
    meter = Meter(linear_generator(), nn.Identity())
    heads = linear_heads(torch.ones(1, 12), bias=-40.0, odds=True)
    shift = latent_shift(meter, heads, torch.rand(3, 1, 3, 4), [(0, 0), (2, 0)], LadderSettings())
    assert shift.probes.tolist() == [0, 0]
    assert meter.decoded == [3]
