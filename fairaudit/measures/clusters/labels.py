"""Which group labels may be exchanged when images come in clusters, and the smallest p value that this can give."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterLabels:
    """The label of every cluster, for groups that do not vary within clusters."""

    units: Ints
    """`[image]`, cluster 0 … m − 1."""
    group: Ints
    """`[cluster]`."""
    block: Ints
    """`[cluster]`, labels change places within these: target values, or one for all where `nested` is False."""
    nested: bool
    """Whether every cluster lies within one target value, so that a shuffle keeps what the strata hold."""

    def shuffled(self, *, replicates: int, generator: np.random.Generator) -> Ints:
        """Labels `[replicate, image]` after the clusters of a block have exchanged theirs."""
        labels = np.tile(self.group, (replicates, 1))
        for value in np.unique(self.block):
            there = self.block == value
            labels[:, there] = generator.permuted(labels[:, there], axis=1)
        return labels[:, self.units]

    def partitions(self) -> float:
        """Ways in which the clusters of the blocks can be parted into groups of these sizes; infinite beyond floats.

        ∏ over blocks of m! / ∏_g m_g! / ∏_s k_s!, with k_s the number of groups of one size s: which of them has which
        name does not matter to how much groups differ.

        >>> cluster_labels([0, 0, 1, 1, 0, 1], [0] * 6, [0, 0, 1, 1, 2, 3]).partitions()  # 4 clusters, two and two
        3.0
        """
        logs = 0.0
        for value in np.unique(self.block):
            sizes = np.bincount(self.group[self.block == value])
            _, alike = np.unique(sizes[sizes > 0], return_counts=True)
            logs += float(gammaln(sizes.sum() + 1) - gammaln(sizes + 1).sum() - gammaln(alike + 1).sum())
        return float(np.rint(np.exp(logs))) if logs < 30 else float("inf")


def cluster_labels(
    group: NDArray[np.integer], target: NDArray[np.integer], units: NDArray[np.integer]
) -> ClusterLabels | None:
    """Labels of whole clusters; None if the images of a cluster belong to several groups.

    Args:
        group: `[image]` codes of known groups.
        target: `[image]` codes of known target values.
        units: `[image]` any cluster codes (`partition`).
    """
    names, first, codes = np.unique(np.asarray(units, np.int64), return_index=True, return_inverse=True)
    groups, targets = np.asarray(group, np.int64), np.asarray(target, np.int64)
    if (groups[first][codes] != groups).any():
        return None
    nested = bool((targets[first][codes] == targets).all())
    return ClusterLabels(
        units=codes.astype(np.int64),
        group=groups[first],
        block=targets[first] if nested else np.zeros(len(names), np.int64),
        nested=nested,
    )


def smallest_p(labels: ClusterLabels | None, clusters: int) -> float:
    """The smallest p value that so few clusters can give to a difference between groups of any sign (η²).

    1 over the ways of parting clusters into groups, and where signs of clusters are turned (`labels` None or not
    nested) not below 2^−(m−1), because turning all of them changes no size.

    >>> smallest_p(None, 5)
    0.0625
    """
    turned = 0.0 if labels is not None and labels.nested else 2.0 ** min(0, 1 - clusters)
    return max(turned, 0.0 if labels is None else 1 / labels.partitions())
