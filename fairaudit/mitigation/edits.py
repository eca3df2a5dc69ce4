"""What a method may change: weights, the last layer, a 1 x 1 convolution behind a layer, or the rule that decides."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, fx, nn

from fairaudit.errors import MethodError
from fairaudit.pruning.encoder import CutModel


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weights:
    """Other values of parameters and buffers; the architecture stays, and so does the kind of file."""

    values: Mapping[str, Tensor]
    """Name in the cut module → value."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeadEdit:
    """Another last linear layer: a map of the bottleneck folded into it, or a shift of its bias."""

    weight: Tensor
    """[output, feature]."""
    bias: Tensor
    """[output]."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Inserted:
    """A 1 x 1 convolution behind a module: h' = weight · h + bias at every place.

    It stays explicit: folding it into a next convolution that pads would be wrong at the border.
    """

    layer: str
    """Name of the module whose output it reads."""
    weight: Tensor
    """[channel, channel]."""
    bias: Tensor
    """[channel]."""
    head_bias: Tensor | None = None
    """The last layer's bias [output] where it was fitted again; None leaves it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupThreshold:
    """How one group is decided (`fairaudit.measures.scores.thresholds.GroupRule`)."""

    lower: float
    upper: float
    mix: float
    keep: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupThresholds:
    """Thresholds per group, partly random. It needs the attribute of every image it decides: never a model file."""

    groups: tuple[GroupThreshold, ...]
    """One per value of the attribute."""
    base_rate: float
    """Probability of a positive decision where a group's own rule is not kept: the common false positive rate."""


Edit = Weights | HeadEdit | Inserted | GroupThresholds


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Noted:
    """An edit and the findings of its method."""

    edit: Edit
    facts: Mapping[str, float]
    """Name → number, for the report."""


def values_of(split: CutModel, edit: Edit) -> dict[str, Tensor] | None:
    """The parameters and buffers that an edit changes; None if it changes more than weights.

    Raises:
        MethodError: an edit of the head where the last layer has no bias to hold it.
    """
    if isinstance(edit, Weights):
        return _moved(split, edit.values)
    if isinstance(edit, HeadEdit):
        bias = head_bias(head_layer(split))
        if bias is None and bool((edit.bias != 0).any()):
            raise MethodError(
                "The edit of the last layer cannot be written",
                wanted="a last layer with a bias",
                found="one without",
                where=split.head,
            )
        own = {f"{split.head}.weight": edit.weight, **({} if bias is None else {f"{split.head}.bias": edit.bias})}
        return _moved(split, own)
    return None


def edited(split: CutModel, edit: Edit) -> fx.GraphModule:
    """A copy of the cut module with the edit in it, in evaluation mode; a rule changes nothing in it."""
    module = copy.deepcopy(split.module).eval()
    values = values_of(split, edit)
    if isinstance(edit, Inserted):
        _insert(module, edit)
        values = None if edit.head_bias is None else {f"{split.head}.bias": edit.head_bias}
    if values:
        own = {**dict(module.named_parameters()), **dict(module.named_buffers())}
        with torch.no_grad():
            for name, value in values.items():
                own[name].copy_(value)
    return module


def head_layer(split: CutModel) -> nn.Linear:
    """The linear layer that reads the bottleneck.

    Raises:
        MethodError: another bottleneck was named.
    """
    layer = None if split.head is None else split.module.get_submodule(split.head)
    if not isinstance(layer, nn.Linear):
        raise MethodError(
            "The method needs a last linear layer whose input is the bottleneck", found=f'"{split.bottleneck}"'
        )
    return layer


def head_bias(layer: nn.Linear) -> Tensor | None:
    """The layer's bias, which torch's types take for granted."""
    return layer.bias


def _moved(split: CutModel, values: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What differs from the model's own, so that nothing else is looked for in a file."""
    own = {**dict(split.module.named_parameters()), **dict(split.module.named_buffers())}
    return {
        name: value.detach().to(own[name])
        for name, value in values.items()
        if name.rpartition(".")[2] != "num_batches_tracked" and not torch.equal(value.to(own[name]), own[name])
    }


def _insert(module: fx.GraphModule, edit: Inserted) -> None:
    nodes = [node for node in module.graph.nodes if node.op == "call_module" and str(node.target) == edit.layer]
    if not nodes:
        raise MethodError("The layer to insert after does not exist", found=edit.layer)
    channels = len(edit.bias)
    layer = nn.Conv2d(channels, channels, 1)
    with torch.no_grad():
        layer.weight.copy_(edit.weight[:, :, None, None])
        layer.bias.copy_(edit.bias)  # type: ignore[union-attr]
    name = "mitigation"
    device = next(module.parameters()).device
    module.add_module(name, layer.to(device).requires_grad_(False))
    users = list(nodes[-1].users)
    with module.graph.inserting_after(nodes[-1]):
        inserted = module.graph.call_module(name, (nodes[-1],))
    for user in users:
        user.replace_input_with(nodes[-1], inserted)
    module.graph.lint()
    module.recompile()
