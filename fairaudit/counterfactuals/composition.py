"""Compositions of classifiers: sums of scores, to plant a bias (eq. 4) or to take one out (eq. 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from fairaudit.counterfactuals.heads import Heads, head_index, unique_names


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


def compose(heads: Heads, sums: Mapping[str, Mapping[str, float]]) -> ComposedHeads:
    """The heads as they are, and the named sums after them, all from one forward pass.

    >>> class Two:
    ...     names, width = ("smile", "brow"), 2
    ...     def outputs(self, images): return images
    ...     def values(self, outputs): return outputs
    ...     def steering(self, outputs): return outputs
    ...     def is_probability(self, head): return True
    >>> biased = compose(Two(), {"biased": {"smile": 1.0, "brow": 0.3}})
    >>> biased.names, biased.values(torch.tensor([[0.5, 1.0]])).tolist()
    (('smile', 'brow', 'biased'), [[0.5, 1.0, 0.800000011920929]])

    Args:
        heads: what may be summed.
        sums: name of a sum → name of a head → weight.

    Raises:
        UsageError: an unknown head, or a name that is already taken.
    """
    rows = [torch.eye(len(heads.names))]
    for terms in sums.values():
        row = torch.zeros(1, len(heads.names))
        for name, weight in terms.items():
            row[0, head_index(heads, name)] += weight
        rows.append(row)
    return ComposedHeads(heads, torch.cat(rows), [*heads.names, *sums])
