"""How attention becomes modules: fused, or written as product, softmax and product."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, fx

from fairaudit.models.lift.arithmetic import MOVES, linear_map
from fairaudit.models.lift.emit import Builder, Handler
from fairaudit.models.lift.products import Attend, Mix
from fairaudit.models.record import Call, Ref, refs

Bound = dict[str, Any]

_LAYERS = {"linear", "matmul", "mm", "addmm", "add", "mul"}
"""Linear in the one signal that they have beside constants."""


def mixing(builder: Builder, call: Call, bound: Bound) -> fx.Node | None:
    """A product of two signals, one of which is a softmax, or of one signal and a constant."""
    left, right = bound["self"], bound["other"] if "other" in bound else bound["mat2"]
    if not (builder.is_live(left) and builder.is_live(right)):
        return linear_map(builder, call)
    soft = [is_softmax(builder, value) for value in (left, right)]
    if soft == [True, False]:
        return builder.module(Mix(_weights_times_values), right, left, kind="mix")
    return builder.module(Mix(torch.matmul), left, right, kind="mix") if soft == [False, True] else None


def is_softmax(builder: Builder, ref: Ref) -> bool:
    """Whether a value comes from a softmax, apart from moves and linear layers, as where heads are mixed.

    A file may spell a linear layer out as a product with a constant and a sum.
    """
    while ref.call >= 0:
        call = builder.calls[ref.call]
        name = call.name.removesuffix("_")
        if name in ("softmax", "_softmax"):
            return True
        sources = [source for source in refs((call.args, call.kwargs)) if builder.is_live(source)]
        if name not in MOVES | _LAYERS or len(sources) != 1:
            return False
        ref = sources[0]
    return False


def _weights_times_values(values: Tensor, weights: Tensor) -> Tensor:
    return torch.matmul(weights, values)


def _einsum(builder: Builder, call: Call, bound: Bound) -> fx.Node | None:
    operands = bound["tensors"]
    live = [builder.is_live(value) for value in operands]
    if sum(live) == 1:
        return linear_map(builder, call)
    if live != [True, True] or bound.get("path") is not None:
        return None
    soft = [is_softmax(builder, value) for value in operands]
    if sum(soft) != 1:
        return None
    values, weights = operands[soft.index(False)], operands[soft.index(True)]
    product: Callable[[Tensor, Tensor], Tensor] = partial(_summed, str(bound["equation"]), soft[0])
    return builder.module(Mix(product), values, weights, kind="mix")


def _summed(equation: str, weights_first: bool, values: Tensor, weights: Tensor) -> Tensor:
    return torch.einsum(equation, *((weights, values) if weights_first else (values, weights)))


def _attend(builder: Builder, call: Call, bound: Bound) -> fx.Node | None:
    if float(bound["dropout_p"]) or bound.get("enable_gqa") or not builder.is_live(bound["value"]):
        return None
    module = Attend(scale=bound.get("scale"), causal=bool(bound["is_causal"]))
    mask = [bound["attn_mask"]] if bound["attn_mask"] is not None else []
    return builder.module(module, bound["value"], bound["query"], bound["key"], *mask, kind="attend")


MIXING: Mapping[str, Handler] = {
    "bmm": mixing,
    "einsum": _einsum,
    "scaled_dot_product_attention": _attend,
}
"""Operation of torch, without a trailing underscore → how it becomes a module."""
