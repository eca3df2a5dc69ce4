"""A structured mask as a smaller model: pruned units leave the weights and do not stay there as zeros."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, fx, nn

from fairaudit.pruning.encoder import CutModel
from fairaudit.pruning.export import masked_parameters
from fairaudit.pruning.gated import Masks

_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
_POOLS = (nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.MaxPool2d, nn.AdaptiveMaxPool2d, nn.Identity, nn.Flatten, nn.Dropout)
_ACTIVATIONS = (nn.ReLU, nn.Tanh, nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Hardswish, nn.ReLU6)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shrunk:
    """A smaller model that computes the same."""

    module: fx.GraphModule
    """Takes normalised images and returns (bottleneck, logits); the bottleneck lacks the pruned units."""
    removed: Mapping[str, int]
    """Layer → units that are gone."""
    kept_whole: tuple[str, ...]
    """Layers whose pruned units stay as zeros, because their outputs are added, concatenated or read twice."""


def shrink(split: CutModel, masks: Masks) -> Shrunk:
    """Remove pruned units wherever one layer's outputs go through pointwise steps and pooling into one other layer.

    A pruned unit's output is 0 and stays 0 on that way, so that removing it, its norm's entry and the next layer's
    weights for it changes nothing. The last unit of a layer stays.

    Args:
        split: the model.
        masks: layer → one bool per unit (structured).
    """
    module = copy.deepcopy(split.module)
    with torch.no_grad():
        for name, value in masked_parameters(split, masks).items():
            module.get_parameter(name).copy_(value)
    removed: dict[str, int] = {}
    whole: list[str] = []
    for layer, mask in masks.items():
        if bool(mask.all()):
            continue
        way = _way(module, layer, split.norms.get(layer))
        keep = mask if bool(mask.any()) else torch.arange(len(mask)) == 0
        if way is None or mask.dim() != 1:
            whole.append(layer)
            continue
        _cut_outputs(module.get_submodule(layer), keep)
        for norm in way.norms:
            _cut_norm(module.get_submodule(norm), keep)
        _cut_inputs(module.get_submodule(way.reader), keep)
        removed[layer] = int((~keep).sum())
    return Shrunk(module=module, removed=removed, kept_whole=tuple(whole))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """From a layer's outputs to the one layer that reads them."""

    norms: tuple[str, ...]
    reader: str


def _way(module: fx.GraphModule, layer: str, norm: str | None) -> _Way | None:
    """Through the layer's own norm, which the mask zeroes too; behind any other one a pruned unit is no zero."""
    nodes = [node for node in module.graph.nodes if node.op == "call_module" and str(node.target) == layer]
    if len(nodes) != 1 or not _plain(module.get_submodule(layer)):
        return None
    node = nodes[0]
    norms: list[str] = []
    while True:
        users = [user for user in node.users if user.op != "output"]  # the bottleneck may become narrower
        if len(users) != 1:
            return None
        node = users[0]
        if node.op != "call_module":
            return None
        step = module.get_submodule(str(node.target))
        if isinstance(step, nn.Conv2d | nn.Linear):
            return _Way(norms=tuple(norms), reader=str(node.target)) if _plain(step) else None
        if isinstance(step, _NORMS) and str(node.target) == norm:
            norms.append(str(node.target))
        elif not isinstance(step, (*_POOLS, *_ACTIVATIONS)):
            return None


def _plain(layer: nn.Module) -> bool:
    return isinstance(layer, nn.Linear) or (isinstance(layer, nn.Conv2d) and layer.groups == 1)


def _parameter(value: Tensor) -> nn.Parameter:
    return nn.Parameter(value.detach().clone(), requires_grad=False)


def _cut_outputs(layer: nn.Module, keep: Tensor) -> None:
    if not isinstance(layer, nn.Conv2d | nn.Linear):
        raise TypeError(f"{type(layer).__name__} has no units to remove")
    layer.weight = _parameter(layer.weight[keep])
    if layer.bias is not None:
        layer.bias = _parameter(layer.bias[keep])
    if isinstance(layer, nn.Linear):
        layer.out_features = int(keep.sum())
    else:
        layer.out_channels = int(keep.sum())


def _cut_norm(norm: nn.Module, keep: Tensor) -> None:
    for name in ("weight", "bias"):
        value = getattr(norm, name)
        if value is not None:
            setattr(norm, name, _parameter(value[keep]))
    for name in ("running_mean", "running_var"):
        setattr(norm, name, getattr(norm, name)[keep].clone())
    norm.num_features = int(keep.sum())  # type: ignore[assignment]


def _cut_inputs(reader: nn.Module, keep: Tensor) -> None:
    if isinstance(reader, nn.Conv2d):
        reader.weight = _parameter(reader.weight[:, keep])
        reader.in_channels = int(keep.sum())
    elif isinstance(reader, nn.Linear):
        # A flattened map has all positions of a channel one after the other.
        inputs = keep.repeat_interleave(reader.in_features // len(keep))
        reader.weight = _parameter(reader.weight[:, inputs])
        reader.in_features = int(inputs.sum())
