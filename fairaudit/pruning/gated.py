"""A model whose weights pass through gates, and the masks that remain when the gates are binary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Literal

import torch
from torch import Tensor, nn
from torch.func import functional_call

from fairaudit.errors import ModelError
from fairaudit.pruning.encoder import CutModel
from fairaudit.pruning.gates import START, gate, keep

Mode = Literal["unstructured", "structured"]
Masks = Mapping[str, Tensor]
"""Layer → True where it is kept: the weight's own shape (unstructured), or one entry per output unit (structured)."""


class Gates(nn.Module):
    """One gating parameter per weight or per output unit of every gated layer.

    Args:
        split: the model.
        mode: unstructured: one gate per weight (eq. 8); structured: one per output unit (eq. 9).
    """

    def __init__(self, split: CutModel, mode: Mode) -> None:
        super().__init__()
        self.mode: Mode = mode
        self.names = split.layers
        shapes = [_shape(split, layer, mode) for layer in split.layers]
        like = split.weight(split.layers[0])
        self.values = nn.ParameterList(
            nn.Parameter(torch.full(shape, START, dtype=like.dtype, device=like.device)) for shape in shapes
        )

    def named(self) -> dict[str, Tensor]:
        """Layer → its gating parameters."""
        return dict(zip(self.names, self.values, strict=True))

    def factors(self, tau: float) -> dict[str, Tensor]:
        """Layer → its gates at a temperature; hard 0 or 1 at temperature 0."""
        return {name: gate(m, tau) if tau > 0 else keep(m).to(m.dtype) for name, m in self.named().items()}

    def masks(self) -> dict[str, Tensor]:
        """Layer → bool, True where m ≥ 0; on the CPU."""
        return {name: keep(m.detach()).cpu() for name, m in self.named().items()}


def gated_weights(split: CutModel, factors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Name of a parameter of the split module → its gated value; differentiable in the factors.

    Unstructured, ŵ = w · g (eq. 8). Structured, everything that makes a unit's output is multiplied, so that the output
    itself is (eq. 9): weight and bias of the layer or, where a batch norm follows it, scale and shift of the norm.
    """
    gated: dict[str, Tensor] = {}
    for layer, factor in factors.items():
        weight = split.weight(layer)
        if factor.shape == weight.shape:
            gated[f"{layer}.weight"] = weight * factor
        else:
            gated |= _gated_unit(split, layer, factor)
    return gated


def run_with(split: CutModel, images: Tensor, weights: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Bottleneck and logits with some parameters replaced for this call."""
    bottleneck, logits = functional_call(split.module, dict(weights), (images,))
    return bottleneck.flatten(1), logits


@contextmanager
def pruned(split: CutModel, masks: Masks) -> Iterator[CutModel]:
    """The split model with the masked weights at 0; they are back when the context ends, whatever happens in it."""
    replaced = gated_weights(split, {name: mask.to(split.weight(name)) for name, mask in masks.items()})
    kept = {name: split.module.get_parameter(name).detach().clone() for name in replaced}
    try:
        _write(split, replaced)
        yield split
    finally:
        _write(split, kept)


def full_masks(split: CutModel, masks: Masks) -> dict[str, Tensor]:
    """Layer → bool of the weight's own shape: a unit that is pruned has all its weights pruned."""
    return {name: _spread(split, name, mask) for name, mask in masks.items()}


def _write(split: CutModel, values: Mapping[str, Tensor]) -> None:
    with torch.no_grad():
        for name, value in values.items():
            split.module.get_parameter(name).copy_(value)


def _gated_unit(split: CutModel, layer: str, factor: Tensor) -> dict[str, Tensor]:
    place = split.norms.get(layer, layer)
    own = dict(split.module.get_submodule(place).named_parameters())
    weight, bias = own.get("weight"), own.get("bias")
    if weight is None or (layer in split.norms and bias is None):
        # Without scale and shift there is nothing that multiplies the norm's output.
        raise ModelError(
            "Units before a batch norm without scale and shift cannot be pruned",
            where=place,
            advice="Use `fairaudit prune --mode unstructured`.",
        )
    view = [1] * weight.dim()
    view[0 if layer in split.norms else split.unit_axis(layer)] = -1
    gated = {f"{place}.weight": weight * factor.view(view)}
    if bias is not None:
        gated[f"{place}.bias"] = bias * factor
    return gated


def _shape(split: CutModel, layer: str, mode: Mode) -> tuple[int, ...]:
    weight = split.weight(layer)
    return tuple(weight.shape) if mode == "unstructured" else (_units(split, layer),)


def _units(split: CutModel, layer: str) -> int:
    module = split.module.get_submodule(layer)
    units = module.out_features if isinstance(module, nn.Linear) else module.out_channels
    return int(units)  # type: ignore[arg-type]


def _spread(split: CutModel, layer: str, mask: Tensor) -> Tensor:
    weight = split.weight(layer)
    if mask.shape == weight.shape:
        return mask
    view = [1] * weight.dim()
    view[split.unit_axis(layer)] = -1
    return mask.view(view).expand(weight.shape).clone()
