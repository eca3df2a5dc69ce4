"""Find the last feature map of a graph, which Grad-CAM uses: a map, rows of vectors, or tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor, fx, nn

from fairaudit.models.lift.carriers import layer_of, receivers
from fairaudit.models.lift.products import Attend, LinearMap, Mix

KEY = "features"
"""Key of the layout in the `meta` of the node that returns the last feature map."""
_POOLS = (nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.MaxPool2d, nn.AdaptiveMaxPool2d, nn.Identity)
_MIXERS = (Attend, Mix)
_MOST_PREFIX = 16
_MIXED = "layers that mix all positions come after its last feature map"


@dataclass(frozen=True, slots=True)
class FeatureLayout:
    """How positions of the image lie in a result."""

    size: tuple[int, int]
    """Rows and columns of positions."""
    last: bool = False
    """Whether channels come last, as in [image, row, column, channel] and in tokens [image, token, channel]."""
    prefix: int = 0
    """Tokens before those of positions, such as a class token."""
    tokens: bool = False
    """Whether it is tokens, [image, token, channel]."""

    def as_map(self, result: Tensor) -> Tensor:
        """The result as [image, channel, row, column], without the tokens that have no position."""
        if not self.last:
            return result
        tokens = result.flatten(1, -2)[:, self.prefix :]
        return tokens.transpose(1, 2).unflatten(2, self.size)  # type: ignore[no-untyped-call, no-any-return]


def mark_features(module: fx.GraphModule) -> tuple[str | None, str | None]:
    """The module that returns the last feature map, or why there is none.

    It is the last result [image, channel, row, column] of more than one pixel that a convolution returned or that went
    on into pooling or flattening, before any pooling; or the rows of vectors [image, row, column, channel] that are
    averaged over rows and columns. Where attention comes after it, the tokens that are averaged, or those that the
    last attention looks at: behind that one only the class token is read. When no module returns it, an identity is
    put behind it. The node's `meta` then holds its Layout.
    """
    maps = _maps_of_convolutions(module)
    if not maps:
        return None, "it has no convolution whose output is a map of more than one pixel"
    last = _before_pooling(module, maps[-1])
    if not any(isinstance(layer_of(module, node), _MIXERS) for node in _after(last)):
        rows = _averaged(module, {1, 2}, 4)
        if rows is not None and rows in _after(last):
            return _mark(module, rows, FeatureLayout(rows.meta["shape"][1:3], last=True)), None
        if _has_tokens(last, module):
            return None, _MIXED
        return _mark(module, last, FeatureLayout(last.meta["shape"][2:])), None
    return _mark_tokens(module, maps)


def features_of(module: fx.GraphModule) -> tuple[str, FeatureLayout] | None:
    """Name of the module that was marked, in this graph or in one made from it, and the layout of its result."""
    found = [node for node in module.graph.nodes if KEY in node.meta]
    return (str(found[-1].target), found[-1].meta[KEY]) if found else None


def _mark_tokens(module: fx.GraphModule, maps: list[fx.Node]) -> tuple[str | None, str | None]:
    rows = _averaged(module, {1, 2}, 4)
    if rows is not None:
        return _mark(module, rows, FeatureLayout(rows.meta["shape"][1:3], last=True)), None
    size = maps[-1].meta["shape"][2:]
    averaged = _averaged(module, {1}, 3)
    tokens = averaged if averaged is not None and _prefix(averaged, size) is not None else _attended(module, size)
    prefix = _prefix(tokens, size) if tokens is not None else None
    if tokens is None or prefix is None:
        return None, "attention mixes all positions after its last feature map, and its tokens are no grid of patches"
    return _mark(module, tokens, FeatureLayout(size, last=True, prefix=prefix, tokens=True)), None


def _averaged(module: fx.GraphModule, axes: set[int], rank: int) -> fx.Node | None:
    """What the last mean over these axes of a result of this rank is taken of."""
    for node in reversed(module.graph.nodes):
        layer = layer_of(module, node)
        if isinstance(layer, LinearMap) and "mean" in str(layer.function):
            source: Any = node.args[0]
            shape = source.meta.get("shape", ())
            given = layer.arguments[1] if len(layer.arguments) > 1 else None
            found = {int(axis) % rank for axis in given} if isinstance(given, list | tuple) else set()
            if len(shape) == rank and found == axes:
                return _full(source) if rank == 3 else source
    return None


def _full(tokens: fx.Node) -> fx.Node:
    """The tokens before a slice that dropped the class token."""
    while tokens.op == "call_function" and len(tokens.all_input_nodes) == 1:
        above = tokens.all_input_nodes[0]
        if len(above.meta.get("shape", ())) != 3:
            break
        tokens = above
    return tokens


def _attended(module: fx.GraphModule, size: tuple[int, int]) -> fx.Node | None:
    """The tokens [image, token, channel] that the last attention's values come from, before their projection."""
    mixers = [node for node in module.graph.nodes if isinstance(layer_of(module, node), _MIXERS)]
    node, projected = mixers[-1], False
    while True:
        onward = receivers(module, node)
        if len(onward) != 1 or onward[0].op == "placeholder":
            return None
        node = onward[0]
        if projected and node.op == "call_module" and _prefix(node, size) is not None:
            return node
        projected = projected or isinstance(layer_of(module, node), nn.Linear)


def _prefix(tokens: fx.Node, size: tuple[int, int]) -> int | None:
    """How many tokens come before one for each position; None if there are no such tokens."""
    shape: Any = tokens.meta.get("shape", ())
    rest = shape[1] - size[0] * size[1] if len(shape) == 3 else -1
    return rest if 0 <= rest <= _MOST_PREFIX else None


def _has_tokens(last: fx.Node, module: fx.GraphModule) -> bool:
    """Whether linear layers run over a map's positions afterwards, as in an MLP mixer."""
    count = last.meta["shape"][2] * last.meta["shape"][3]
    for node in _after(last):
        layer = layer_of(module, node)
        shape: Any = node.all_input_nodes[0].meta.get("shape", ()) if node.all_input_nodes else ()
        if isinstance(layer, nn.Linear) and len(shape) == 3 and shape[2] == layer.in_features == count:
            return True
    return False


def _mark(module: fx.GraphModule, last: fx.Node, layout: FeatureLayout) -> str:
    if last.op != "call_module":
        module.add_submodule("features_out", nn.Identity())
        with module.graph.inserting_after(last):
            marker = module.graph.call_module("features_out", (last,))
        marker.meta.update(last.meta)
        last.replace_all_uses_with(marker, delete_user_cb=lambda user: user is not marker)
        module.recompile()
        last = marker
    last.meta[KEY] = layout
    return str(last.target)


def _maps_of_convolutions(module: fx.GraphModule) -> list[fx.Node]:
    """Maps that a convolution returns, or that pooling or flattening takes and that come from a convolution."""
    made: set[fx.Node] = set()
    maps: dict[fx.Node, None] = {}
    for node in module.graph.nodes:
        layer = module.get_submodule(str(node.target)) if node.op == "call_module" else None
        if isinstance(layer, nn.Conv2d):
            made.add(node)
            maps |= dict.fromkeys([node] if _is_map(node) else [])
        elif any(source in made for source in node.all_input_nodes):
            made.add(node)
            if isinstance(layer, (*_POOLS, nn.Flatten)):
                maps |= dict.fromkeys(source for source in node.all_input_nodes if _is_map(source))
    return list(maps)


def _is_map(node: fx.Node) -> bool:
    shape: Any = node.meta.get("shape", ())
    return len(shape) == 4 and shape[2] > 1 and shape[3] > 1


def _before_pooling(module: fx.GraphModule, node: fx.Node) -> fx.Node:
    while node.op == "call_module" and isinstance(module.get_submodule(str(node.target)), _POOLS):
        node = node.all_input_nodes[0]
    return node


def _after(node: fx.Node) -> set[fx.Node]:
    found: set[fx.Node] = set()
    waiting = [node]
    while waiting:
        for user in waiting.pop().users:
            if user not in found:
                found.add(user)
                waiting.append(user)
    return found
