"""The results of a lifted graph that relevance passes on its way from the logits to the images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import fx, nn

from fairaudit.models.lift.arithmetic import MOVES
from fairaudit.models.lift.products import Attend, GatedProduct, LinearMap, Mix, Scale, Shift
from fairaudit.models.zennit_parts import Activation, AvgPool, BatchNorm, Linear, MaxPool, Sum

NORMS = (nn.LayerNorm, nn.GroupNorm)
"""Layers that divide by a spread of their own input."""
PRODUCTS = (GatedProduct, Mix, Attend)
"""Layers whose first argument goes on, as much of it as the others let."""
_PLAIN = (Activation, nn.Mish, AvgPool, BatchNorm, Linear, MaxPool, Sum, nn.Flatten, nn.Identity)
RULED = (*_PLAIN, *NORMS, *PRODUCTS, Scale, Shift, LinearMap)
"""Layers with a rule for relevance."""


_MAKERS = frozenset(
    ("ones_like", "zeros_like", "full_like", "new_zeros", "new_ones", "new_full", "zeros", "ones", "full", "arange")
)


def carriers(module: fx.GraphModule) -> Mapping[fx.Node, bool]:
    """Nodes that relevance reaches → whether it can go on from there, from the output up.

    Gates and attention weights are held constant: nothing is handed to what they were computed from, and operations
    there need no rule.
    """
    output = next(node for node in module.graph.nodes if node.op == "output")
    waiting = [node for node in output.all_input_nodes if carries_images(node)]
    found: dict[fx.Node, bool] = {}
    while waiting:
        node = waiting.pop()
        if node in found or node.op == "placeholder":
            continue
        found[node] = _passes(module, node)
        waiting += receivers(module, node)
    return {node: found[node] for node in module.graph.nodes if node in found}


def receivers(module: fx.GraphModule, node: fx.Node) -> list[fx.Node]:
    """The inputs of a node that its relevance goes to."""
    if node.op == "call_module":
        first = node.args[0]
        return [first] if isinstance(first, fx.Node) and carries_images(first) else []
    if word(node) in _MAKERS:
        return []
    return [source for source in node.all_input_nodes if carries_images(source)]


def carries_images(node: fx.Node) -> bool:
    """Whether a node has values of the images in it, and is not only a weight, a number or whole numbers.

    Whole numbers and truth values say where something is taken from, such as the places of a gather that follow the
    size of the batch: what is computed with them has no gradient and needs no rule.
    """
    return node.op != "get_attr" and bool(node.meta.get("shape")) and not node.meta.get("counts", False)


def layer_of(module: fx.GraphModule, node: fx.Node) -> nn.Module | None:
    """The module that a node calls, if it calls one."""
    return module.get_submodule(str(node.target)) if node.op == "call_module" else None


def word(node: fx.Node) -> str:
    """The plain name of the function that a node calls."""
    target: Any = node.target
    schema = getattr(target, "_schema", None)
    return schema.name.partition("::")[2] if schema is not None else str(getattr(target, "__name__", target))


def _passes(module: fx.GraphModule, node: fx.Node) -> bool:
    if node.op == "call_module":
        return isinstance(layer_of(module, node), RULED)
    if node.op not in ("call_function", "call_method"):
        return True
    if word(node) == "index_put":
        return not (len(node.args) > 3 and node.args[3])  # overwriting moves numbers, adding does not
    return word(node) in MOVES | _MAKERS
