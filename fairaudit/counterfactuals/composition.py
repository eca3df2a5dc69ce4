"""Compositions of classifiers: sums of scores, to plant a bias (eq. 4) or to take one out (eq. 6)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from fairaudit.counterfactuals.heads import Heads, unique_names


class ComposedHeads:
    """Weighted sums of the heads of other classifiers: f'_j = Σ_m w_jm f_m.

    Eq. 4 of the counterfactual alignment paper is `{"smiling": 1.0, "arched_eyebrows": 0.3}`. A sum may leave [0, 1],
    so it is not a probability and its gradient is that of the sum itself.

    Args:
        heads: what is summed.
        weights: [M', M] weight of every head in every sum.
        names: name of every sum.
    """

    def __init__(self, heads: Heads, weights: Tensor, names: Sequence[str]) -> None:
        self.heads = heads
        self.weights = weights.to(torch.float32)
        self.names = unique_names(names)
        self.width = heads.width
        # A sum of one head with weight 1 is that head, and keeps its log-odds.
        self._plain = [self._only(row) for row in self.weights.tolist()]

    @staticmethod
    def _only(row: list[float]) -> int | None:
        used = [(column, weight) for column, weight in enumerate(row) if weight != 0]
        return used[0][0] if len(used) == 1 and used[0][1] == 1.0 else None

    def outputs(self, images: Tensor) -> Tensor:
        """Raw outputs of the heads that are summed."""
        return self.heads.outputs(images)

    def values(self, outputs: Tensor) -> Tensor:
        """The sums, [n, M']."""
        return self.heads.values(outputs) @ self.weights.to(outputs).T

    def steering(self, outputs: Tensor) -> Tensor:
        """Log-odds of sums that are one head, and the sum itself of all others, [n, M']."""
        values, steering = self.values(outputs), self.heads.steering(outputs)
        columns = [values[:, j] if plain is None else steering[:, plain] for j, plain in enumerate(self._plain)]
        return torch.stack(columns, dim=1)

    def is_probability(self, head: int) -> bool:
        """Whether the sum is one probability and nothing else."""
        plain = self._plain[head]
        return plain is not None and self.heads.is_probability(plain)
