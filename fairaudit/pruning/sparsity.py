"""How many weights a mask prunes, overall and per layer."""

from __future__ import annotations

from dataclasses import dataclass

from fairaudit.pruning.encoder import CutModel
from fairaudit.pruning.gated import Masks, full_masks


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSparsity:
    """One layer's weights."""

    layer: str
    """Name of the layer."""
    weights: int
    """Weights in all."""
    pruned: int
    """Weights that the mask sets to 0."""

    @property
    def share(self) -> float:
        """Pruned weights over weights, in [0, 1]."""
        return self.pruned / self.weights


def layer_sparsity(split: CutModel, masks: Masks) -> list[LayerSparsity]:
    """Pruned weights of every gated layer, in the order they compute; biases and batch norms are not counted."""
    full = full_masks(split, masks)
    return [LayerSparsity(layer=name, weights=mask.numel(), pruned=int((~mask).sum())) for name, mask in full.items()]


def sparsity(split: CutModel, masks: Masks) -> float:
    """Share of pruned weights in the gated layers, in [0, 1]."""
    layers = layer_sparsity(split, masks)
    return sum(layer.pruned for layer in layers) / sum(layer.weights for layer in layers)
