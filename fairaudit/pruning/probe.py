"""Is the information gone, or only hidden from the head it was hidden from? Freshly trained readers answer.

A mask is found against one linear head that learns along with it. What a new linear head finds afterwards is usually
more, and what a small network with a hidden layer finds is more again: neither number is a guarantee.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fairaudit.errors import DataError
from fairaudit.pruning.bias_head import SPREAD_FLOOR
from fairaudit.seeds import child_seed

Kind = Literal["linear", "mlp"]
KINDS: tuple[Kind, ...] = ("linear", "mlp")
HIDDEN = 128
"""Width of the hidden layer of the mlp."""
EPOCHS = 60
"""Passes over the features at least."""
STEPS = 300
"""Steps at least: few images get more passes."""
BATCH = 128
"""Images per step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BiasProbe:
    """How well one reader predicts a bias from the bottleneck."""

    kind: Kind
    """linear, or mlp: one hidden layer of 128."""
    hits: tuple[bool, ...]
    """Whether each image of the reporting part with a known value was read correctly."""
    chance: float
    """Share of the most frequent value among them: what a reader of nothing reaches."""

    @property
    def accuracy(self) -> float:
        """Share of hits, in [0, 1]; lower means that less of the bias can be read."""
        return sum(self.hits) / len(self.hits)


def probe(
    kind: Kind,
    fit: tuple[Tensor, Tensor],
    report: tuple[Tensor, Tensor],
    *,
    values: int,
    seed: int,
    epochs: int | None = None,
) -> BiasProbe:
    """Train a new reader on one part and test it on another.

    Args:
        kind: linear or mlp.
        fit: features [image, feature] and codes [image] (-1 unknown) to learn from.
        report: the same of the part that is reported on.
        values: number of bias values.
        seed: seed of weights and order.
        epochs: passes over the features at least, None for 60; more where that is fewer than 300 steps, after which a
            reader has not yet found what can be read.

    Raises:
        DataError: one of the parts has no known value.
    """
    (inputs, codes), (others, truth) = _known(fit), _known(report)
    mean, spread = inputs.mean(0), inputs.std(0, unbiased=False)
    spread = torch.where(spread > SPREAD_FLOOR, spread, torch.ones_like(spread))
    reader = _reader(kind, inputs.shape[1], values, seed).to(inputs)
    enough = math.ceil(STEPS / math.ceil(len(codes) / BATCH))
    _train(reader, (inputs - mean) / spread, codes, max(EPOCHS if epochs is None else epochs, enough), seed)
    with torch.no_grad():
        right = reader((others - mean) / spread).argmax(dim=1) == truth
    frequent = torch.bincount(truth, minlength=values).max()
    return BiasProbe(kind=kind, hits=tuple(bool(hit) for hit in right.tolist()), chance=float(frequent) / len(truth))


def _known(part: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    features, codes = part
    known = codes >= 0
    if not bool(known.any()):
        raise DataError("No image of a part has a known bias value, so that no probe can be trained or tested")
    return features[known].detach(), codes[known].long()


def _reader(kind: Kind, features: int, values: int, seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(child_seed(seed, "probe", kind))
        if kind == "linear":
            return nn.Linear(features, values)
        return nn.Sequential(nn.Linear(features, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, values))


def _train(reader: nn.Module, inputs: Tensor, codes: Tensor, epochs: int, seed: int) -> None:
    order = torch.Generator().manual_seed(child_seed(seed, "probe order"))
    optimiser = torch.optim.Adam(reader.parameters(), lr=1e-2, weight_decay=1e-4)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs)
    for _ in range(epochs):
        for rows in torch.split(torch.randperm(len(inputs), generator=order), BATCH):
            index = rows.to(inputs.device)
            optimiser.zero_grad(set_to_none=True)
            loss: Tensor = F.cross_entropy(reader(inputs[index]), codes[index])
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        cosine.step()
