"""The bias head: a linear reader of the bottleneck, as large as the task's head would be for the bias values."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SPREAD_FLOOR = 1e-5
"""Features that vary less than this are only centred; a pruned unit is constant."""


class BiasHead(nn.Module):
    """Logits of the bias values from standardised features: W (z − μ) / s + c.

    On unbounded features a plain linear head diverges with the paper's settings, so features are standardised with the
    mean and the standard deviation of the set that the head was last refitted on.

    Args:
        features: width of the bottleneck.
        values: number of bias values, at least 1.
        device: where it computes.
    """

    def __init__(self, features: int, values: int, *, device: torch.device | None = None) -> None:
        super().__init__()
        self.linear = nn.Linear(features, values, device=device)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)
        self.mean: Tensor
        self.spread: Tensor
        self.register_buffer("mean", torch.zeros(features, device=device))
        self.register_buffer("spread", torch.ones(features, device=device))

    def forward(self, features: Tensor) -> Tensor:
        """Logits [image, value] of features [image, feature]."""
        logits: Tensor = self.linear((features - self.mean) / self.spread)
        return logits

    def standardise_by(self, features: Tensor) -> None:
        """Take mean and spread from features [image, feature]."""
        mean, spread = features.mean(0), features.std(0, unbiased=False)
        self.mean.copy_(mean)
        self.spread.copy_(torch.where(spread > SPREAD_FLOOR, spread, torch.ones_like(spread)))

    def loss(self, features: Tensor, codes: Tensor) -> Tensor:
        """Cross-entropy over images with a known bias value; 0, with a gradient, when there is none.

        Args:
            features: [image, feature].
            codes: [image], -1 unknown.
        """
        logits: Tensor = self(features)
        known = codes >= 0
        if not bool(known.any()):
            return logits.sum() * 0.0
        loss: Tensor = F.cross_entropy(logits[known], codes[known].long())
        return loss


def refit(
    head: BiasHead,
    features: Tensor,
    codes: Tensor,
    *,
    optimiser: torch.optim.Optimizer,
    epochs: int,
    batch_size: int,
    order: torch.Generator,
) -> float:
    """Train a head on cached features for some epochs; one pass of the frozen encoder serves them all.

    Args:
        head: trained in place.
        features: [image, feature], without a graph.
        codes: [image], -1 unknown.
        optimiser: over the head's parameters.
        epochs: passes over the features.
        batch_size: images per step.
        order: order of the images, drawn on the CPU.

    Returns:
        The mean loss of the last epoch; NaN without epochs.
    """
    head.standardise_by(features)
    mean = float("nan")
    for _ in range(epochs):
        total = 0.0
        for rows in torch.split(torch.randperm(len(features), generator=order), batch_size):
            index = rows.to(features.device)
            optimiser.zero_grad(set_to_none=True)
            loss = head.loss(features[index], codes[index])
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            total += float(loss.detach()) * len(rows)
        mean = total / len(features)
    return mean
