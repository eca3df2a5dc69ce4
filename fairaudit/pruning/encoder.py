"""Where a model is cut into encoder and head, and which of its layers are gated."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, fx, nn

from fairaudit.errors import ModelError, suggestion

Layer = nn.Conv2d | nn.ConvTranspose2d | nn.Linear
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CutModel:
    """A lifted model that also returns its bottleneck."""

    module: fx.GraphModule
    """Takes normalised images and returns (bottleneck, logits); a copy, its weights are frozen."""
    bottleneck: str
    """What the bottleneck is, in words."""
    layers: tuple[str, ...]
    """Names of the convolutions and linear layers of the encoder, in the order they compute."""
    norms: Mapping[str, str]
    """Layer → the batch norm that directly follows it and nothing else does."""
    head: str | None
    """Name of the linear layer that reads the bottleneck; None when the user named another bottleneck."""

    def features(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Bottleneck [image, feature] and logits [image, output] of normalised images."""
        bottleneck, logits = self.module(images)
        return bottleneck.flatten(1), logits

    def weight(self, layer: str) -> Tensor:
        """The weight of a gated layer, outputs first but for transposed convolutions."""
        weight: Tensor = self.module.get_parameter(f"{layer}.weight")
        return weight

    def unit_axis(self, layer: str) -> int:
        """Axis of the weight that counts the layer's output units."""
        return 1 if isinstance(self.module.get_submodule(layer), nn.ConvTranspose2d) else 0


def split(model: fx.GraphModule, bottleneck: str | None = None) -> CutModel:
    """Cut a lifted model at its last linear layer, or behind a named module.

    The encoder is everything that the bottleneck is computed from. Batch norms and biases have no gates of their own.

    Args:
        model: the lifted model; it is not changed.
        bottleneck: name of the module whose output is the bottleneck; None for the input of the last linear layer.

    Raises:
        ModelError: there is no such module, no linear layer, or no weight before the bottleneck.
    """
    module = copy.deepcopy(model)
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    node, head = _named(module, bottleneck) if bottleneck is not None else _before_last_linear(module)
    layers, norms = _encoder(module, node)
    if not layers:
        raise ModelError(
            "There is nothing to prune before the bottleneck",
            wanted="at least one convolution or linear layer in the encoder",
            found=f"a bottleneck at {_words(node)} with no weights before it",
            advice="Name a later module with `fairaudit prune --bottleneck`.",
        )
    output = next(item for item in module.graph.nodes if item.op == "output")
    output.args = ((node, output.args[0]),)
    module.graph.lint()
    module.recompile()
    return CutModel(module=module, bottleneck=_words(node), layers=layers, norms=norms, head=head)


def _before_last_linear(module: fx.GraphModule) -> tuple[fx.Node, str | None]:
    output = next(item for item in module.graph.nodes if item.op == "output")
    needed = _sources(output)
    linear = [node for node in needed if isinstance(_layer(module, node), nn.Linear)]
    if not linear:
        raise ModelError(
            "The model has no linear layer to cut at",
            wanted="a last linear layer, whose input is the bottleneck",
            found="none in the lifted model",
            advice="Name the module whose output is the bottleneck with `fairaudit prune --bottleneck`.",
        )
    source = linear[-1].args[0]
    if not isinstance(source, fx.Node):
        raise TypeError("a layer's input is no node of the graph")
    return source, str(linear[-1].target)


def _named(module: fx.GraphModule, name: str) -> tuple[fx.Node, str | None]:
    found = [node for node in module.graph.nodes if node.op == "call_module" and str(node.target) == name]
    if not found:
        known = [str(node.target) for node in module.graph.nodes if node.op == "call_module"]
        raise ModelError(f'The model has no module called "{name}"', where="bottleneck", advice=suggestion(name, known))
    return found[-1], None


def _encoder(module: fx.GraphModule, bottleneck: fx.Node) -> tuple[tuple[str, ...], dict[str, str]]:
    layers, norms = [], {}
    for node in [*_sources(bottleneck), bottleneck]:
        if not isinstance(_layer(module, node), Layer):
            continue
        name = str(node.target)
        layers.append(name)
        after = next(iter(node.users), None)
        if after is not None and len(node.users) == 1 and isinstance(_layer(module, after), _NORMS):
            norms[name] = str(after.target)
    return tuple(layers), norms


def _sources(node: fx.Node) -> list[fx.Node]:
    """Everything that a node is computed from, in the order of computation."""
    needed: set[fx.Node] = set()
    waiting = [*node.all_input_nodes]
    while waiting:
        item = waiting.pop()
        if item not in needed:
            needed.add(item)
            waiting += item.all_input_nodes
    return [item for item in node.graph.nodes if item in needed]


def _layer(module: fx.GraphModule, node: fx.Node) -> nn.Module | None:
    return module.get_submodule(str(node.target)) if node.op == "call_module" else None


def _words(node: fx.Node) -> str:
    return str(node.target) if node.op == "call_module" else node.name


class LogitsOnly(nn.Module):
    """The second output of a cut model, so that it is a classifier again."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, images: Tensor) -> Tensor:
        """Logits [image, output] of normalised images."""
        _, logits = self.module(images)
        found: Tensor = logits
        return found
