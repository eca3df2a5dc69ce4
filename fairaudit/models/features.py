"""Find the last feature map of a graph, which Grad-CAM explains with."""

from __future__ import annotations

from typing import Any

from torch import fx, nn

_POOLS = (nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.MaxPool2d, nn.AdaptiveMaxPool2d, nn.Identity)
_MIXERS = ("self_attention", "scaled_dot_product_attention", "bmm", "matmul", "softmax", "_softmax")


def mark_features(module: fx.GraphModule) -> tuple[str | None, str | None]:
    """The module that returns the last feature map, or why there is none.

    It is the last result [image, channel, row, column] of more than one pixel that a convolution returned or that went
    on into pooling or flattening, before any pooling. When no module returns it, an identity is put behind it.
    """
    maps = _maps_of_convolutions(module)
    if not maps:
        return None, "it has no convolution whose output is a map of more than one pixel"
    last = _before_pooling(module, maps[-1])
    if any(_word(node) in _MIXERS for node in _after(last)):
        return None, "attention mixes all positions after its last feature map"
    if last.op == "call_module":
        return str(last.target), None
    module.add_submodule("features_out", nn.Identity())
    with module.graph.inserting_after(last):
        marker = module.graph.call_module("features_out", (last,))
    marker.meta.update(last.meta)
    last.replace_all_uses_with(marker, delete_user_cb=lambda user: user is not marker)
    module.recompile()
    return "features_out", None


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


def _word(node: fx.Node) -> str:
    """The operation's plain name."""
    target: Any = node.target
    if node.op != "call_function":
        return ""
    schema = getattr(target, "_schema", None)
    return schema.name.partition("::")[2] if schema is not None else str(getattr(target, "__name__", ""))
