"""The graph in which relevance is handed down: gates and attention weights are constants in it."""

from __future__ import annotations

import copy
import operator
from collections.abc import Collection
from weakref import WeakKeyDictionary

import torch
from torch import fx, nn

from fairaudit.models.lift.carriers import NORMS, PRODUCTS, carriers, layer_of, receivers
from fairaudit.models.lift.products import GatedProduct, SelfGatedProduct
from fairaudit.models.lift.sums import PLAIN, Adding, with_sums
from fairaudit.models.zennit_parts import Sum
from fairaudit.saliency.lrp.rules import shared_sum

_SIGNED = (nn.SiLU, nn.GELU, nn.Hardswish, nn.Mish, nn.ELU, nn.SELU, nn.Tanh, SelfGatedProduct)
_KEPT: WeakKeyDictionary[nn.Module, fx.GraphModule] = WeakKeyDictionary()
_SUMMED: WeakKeyDictionary[nn.Module, dict[tuple[frozenset[str], float], fx.GraphModule]] = WeakKeyDictionary()


def with_constant_gates(module: fx.GraphModule) -> fx.GraphModule:
    """A copy that shares the weights and cuts every way that relevance does not take; one per module.

    What gates and attention weights are computed from is left out of the tape, which saves its memory as well.
    """
    if module not in _KEPT:
        _KEPT[module] = _cut(module)
    return _KEPT[module]


def with_shared_sums(module: fx.GraphModule, ruled: Collection[str], epsilon: float) -> fx.GraphModule:
    """The graph with functions for sums: those that have a rule share relevance between their signals in proportion.

    One per graph and choice.

    Args:
        module: the graph.
        ruled: names of layers that have a rule.
        epsilon: what keeps denominators from 0.
    """
    ways = _SUMMED.setdefault(module, {})
    sums = (node for node in module.graph.nodes if isinstance(layer_of(module, node), Sum))
    shared = frozenset(str(node.target) for node in sums if str(node.target) in ruled)
    if (shared, epsilon) not in ways:
        sharing: Adding = (shared_sum, (epsilon,))
        ways[shared, epsilon] = with_sums(module, lambda node: sharing if str(node.target) in shared else PLAIN)
    return ways[shared, epsilon]


def is_signed(module: fx.GraphModule) -> bool:
    """Whether relevance passes layers whose outputs take either sign by design, so that z⁺ has no sense there.

    That is a layer or group norm, attention, or gates beside activations of either sign.
    """
    layers = [layer_of(module, node) for node in carriers(module)]
    mixed = any(isinstance(layer, (*NORMS, *PRODUCTS[1:])) for layer in layers)
    signed = any(isinstance(layer, _SIGNED) for layer in layers)
    return mixed or (signed and any(_is_gate(layer) for layer in layers))


def held_constant(module: fx.GraphModule) -> list[str]:
    """What relevance passes without being handed to it, in words."""
    layers = [layer_of(module, node) for node in carriers(module)]
    found = {
        "attention weights": any(isinstance(layer, PRODUCTS[1:]) for layer in layers),
        "gates": any(_is_gate(layer) for layer in layers),
        "the spread that norm layers divide by": any(isinstance(layer, NORMS) for layer in layers),
    }
    return [words for words, there in found.items() if there]


def _is_gate(layer: nn.Module | None) -> bool:
    """Whether another signal decides how much of one passes; an activation that is spelled out is none."""
    return isinstance(layer, GatedProduct) and not isinstance(layer, SelfGatedProduct)


def _cut(module: fx.GraphModule) -> fx.GraphModule:
    made = fx.GraphModule(module, copy.deepcopy(module.graph))
    reached = carriers(made)
    live = {node for node in made.graph.nodes if node.op == "placeholder"} | set(reached)
    for node in list(made.graph.nodes):
        if node.op == "output":
            continue
        if node.target is operator.getitem and node.args[0] in live:
            live.add(node)  # an item of a list is cut where it is used: the list itself is no tensor
            continue
        onward = receivers(made, node) if node in reached else []
        for place, value in enumerate(node.args):
            if isinstance(value, fx.Node) and value in live and not _goes(value, place, node, onward):
                with made.graph.inserting_before(node):
                    constant = made.graph.call_function(torch.Tensor.detach, (value,))
                constant.meta.update(value.meta)
                node.update_arg(place, constant)
    made.recompile()
    return made.eval()


def _goes(value: fx.Node, place: int, node: fx.Node, onward: list[fx.Node]) -> bool:
    """Whether relevance goes from a node to this argument of it."""
    return value in onward and (node.op != "call_module" or place == 0)
