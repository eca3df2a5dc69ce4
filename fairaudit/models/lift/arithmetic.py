"""How products, sums and other arithmetic become modules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, fx, nn

from fairaudit.models.lift.align import Size
from fairaudit.models.lift.emit import Builder, Handler
from fairaudit.models.lift.products import HOLE, GatedProduct, LinearMap, Scale, SelfGatedProduct, Shift
from fairaudit.models.record import Call, Const, Ref, refs
from fairaudit.models.zennit_parts import Sum

Bound = dict[str, Any]

MOVES = frozenset(
    (
        *("stack", "cat", "concat", "view", "reshape", "_unsafe_view", "flatten", "unflatten", "permute", "transpose"),
        *("t", "movedim", "unsqueeze", "squeeze", "contiguous", "clone", "alias", "detach", "select", "slice"),
        *("narrow", "chunk", "split", "split_with_sizes", "tensor_split", "unbind", "getitem", "index_select", "index"),
        *(
            "expand",
            "expand_as",
            "broadcast_to",
            "repeat",
            "tile",
            "pad",
            "constant_pad_nd",
            "reflection_pad2d",
            "replication_pad2d",
        ),
        *("pixel_shuffle", "pixel_unshuffle", "channel_shuffle", "roll", "flip", "size", "to", "_to_copy", "type_as"),
        *("third_by_head", "joined_heads", "lift_fresh_copy", "view_as", "reshape_as", "moveaxis", "swapaxes"),
        *("permute_copy", "squeeze_copy", "unsqueeze_copy", "im2col", "dropout", "float", "_conj", "swapdims"),
        *("where", "masked_fill"),
    )
)
"""Functions that only move, repeat or choose numbers: their gradient is the identity, so relevance passes unchanged."""
_LIKE = frozenset(("expand_as", "view_as", "reshape_as", "type_as"))
"""Moves whose second argument lends its shape or type only."""
_OPEN = frozenset(
    ("sigmoid", "hardsigmoid", "softmax", "_softmax", "tanh", "erf", "silu", "gelu", "hardtanh", "relu6", "clamp")
)


_NOTHING = 1e-30
"""What a variance of 1 is the same with and without."""


def linear_map(builder: Builder, call: Call) -> fx.Node | None:
    """A function of one signal, linear in it, as a module of its own."""
    names = {key: builder.node(value) for key, value in call.kwargs.items() if not isinstance(value, Const | Ref)}
    if len(names) < len(call.kwargs) or _sized(call.args):
        return None
    signals = [ref for ref in refs(call.args) if builder.is_live(ref)]
    if len(signals) != 1:
        return None
    module = LinearMap(call.op, _template(builder, call.args), names)
    return builder.module(module, signals[0], kind=call.name)


def _template(builder: Builder, value: Any) -> Any:  # noqa: ANN401 - arguments of any type
    if builder.is_live(value):
        return HOLE
    if isinstance(value, list | tuple):
        return type(value)(_template(builder, item) for item in value)
    constant = builder.constant(value) if isinstance(value, Const | Ref) else None
    return constant.detach().clone() if constant is not None else value


def _sized(value: Any) -> bool:  # noqa: ANN401 - arguments of any type
    return any(_sized(item) for item in value) if isinstance(value, list | tuple) else isinstance(value, Size)


def _linear(builder: Builder, call: Call, bound: Bound) -> fx.Node | None:
    return linear_map(builder, call)


def _product(builder: Builder, call: Call, bound: Bound) -> fx.Node | None:
    """A signal times, or over, a constant or a gate."""
    left, right = bound["self"], bound["other"]
    divides = call.name.startswith("div")
    if bound.get("rounding_mode") is not None:
        return None
    if builder.is_live(left) and builder.is_live(right):
        return _quotient(builder, call, left, right) if divides else _gate(builder, call, left, right)
    if not builder.is_live(left):
        left, right = right, left
        if divides:
            return None
    factor = _constant(builder, right)
    if factor is None:
        return None
    factor = 1 / factor if divides else factor
    if not bool(torch.isfinite(factor).all()) or builder.shape(left) != _shape(call):
        return None
    channels = _per_channel(builder.shape(left), factor)
    if channels is None:
        return builder.module(Scale(factor), left, kind="scale")
    # A batch norm that only scales, which rules and folding know; torch refuses an eps of 0 up to 2.12.
    module = nn.BatchNorm2d(len(channels), eps=_NOTHING, device=channels.device, dtype=channels.dtype)
    module.weight = nn.Parameter(channels, requires_grad=False)
    module.bias = nn.Parameter(torch.zeros_like(channels), requires_grad=False)
    return builder.module(module, left, kind="scale")


def _per_channel(shape: tuple[int, ...], factor: Tensor) -> Tensor | None:
    """One factor per channel [channel] of a map [image, channel, row, column], where it is that."""
    if len(shape) != 4:
        return None
    if factor.numel() != 1 and not (factor.dim() in (3, 4) and factor.numel() == shape[1] == factor.shape[-3]):
        return None
    return factor.flatten().expand(shape[1]).clone()


def _constant(builder: Builder, value: object) -> Tensor | None:
    """A copy of what does not depend on the images, as a tensor of the graph's type."""
    if isinstance(value, int | float):
        return torch.tensor(float(value), dtype=builder.like.dtype, device=builder.like.device)
    found = builder.constant(value)
    return found.detach().clone().to(builder.like) if found is not None else None


def _shape(call: Call) -> tuple[int, ...]:
    return tuple(call.outputs[0].shape)


def _quotient(builder: Builder, call: Call, left: Ref, right: Ref) -> fx.Node | None:
    if builder.shape(left) != _shape(call):
        return None
    inverse = builder.function(torch.reciprocal, right)
    inverse.meta["shape"] = builder.shape(right)
    return builder.module(GatedProduct(), left, inverse, kind="gate")


def _gate(builder: Builder, call: Call, left: Ref, right: Ref) -> fx.Node | None:
    """The operand that is repeated over the other is the gate; of two equally large ones, that of a squashing function.

    Then one that is a sum or mean, which is repeated where there is more than one place for it, and last an activation
    that is written as a product. None where neither is a gate: two signals that are multiplied have no agreed rule.
    """
    pair = (left, right)
    whole = [builder.shape(_unexpanded(builder, value)) == _shape(call) for value in pair]
    if all(whole):
        opens = [_opens(builder, value) or _unexpanded(builder, value) != value for value in pair]
        for kind in (_summed, _spelled_out):
            if not any(opens):
                opens = [kind(builder, value) for value in pair]
        whole = [not opens[0], not opens[1]]
    if whole not in ([True, False], [False, True]):
        return None
    signal, gate = (left, right) if whole[0] else (right, left)
    module = SelfGatedProduct() if _opens_itself(builder, signal, gate) else GatedProduct()
    return builder.module(module, signal, gate, kind="gate")


def _unexpanded(builder: Builder, ref: Ref) -> Ref:
    """What a value was before it was repeated over another one."""
    while ref.call >= 0 and builder.calls[ref.call].name in ("expand", "expand_as", "broadcast_to"):
        source = builder.calls[ref.call].args[0]
        if not isinstance(source, Ref):
            break
        ref = source
    return ref


def _opens(builder: Builder, ref: Ref) -> bool:
    """Whether a value is that of a squashing function, but for moves and constant factors."""
    return _squashed(builder, _root(builder, ref)) is not None


def _opens_itself(builder: Builder, signal: Ref, gate: Ref) -> bool:
    """Whether a gate is a squashing function of the very signal that it multiplies, but for moves and constants."""
    inside = _squashed(builder, _root(builder, gate))
    return inside is not None and _root(builder, inside) == _root(builder, signal)


def _summed(builder: Builder, ref: Ref) -> bool:
    """Whether a value is a sum or mean over an axis that it keeps, but for moves and constant factors."""
    ref = _root(builder, ref)
    call = builder.calls[ref.call] if ref.call >= 0 else None
    return call is not None and call.name in ("sum", "mean") and bool(call.bound().get("keepdim"))


def _spelled_out(builder: Builder, ref: Ref) -> bool:
    """Whether a value is that of an activation written as a product, SiLU say, but for moves and constant factors."""
    ref = _root(builder, ref)
    if ref.call < 0 or builder.calls[ref.call].name.removesuffix("_") not in ("mul", "multiply"):
        return False
    pair = [value for value in refs(builder.calls[ref.call].args) if builder.is_live(value)]
    return len(pair) == 2 and (_opens_itself(builder, *pair) or _opens_itself(builder, *pair[::-1]))


def _squashed(builder: Builder, ref: Ref) -> Ref | None:
    """What a squashing function takes, where the value is one's."""
    if ref.call < 0 or builder.calls[ref.call].name.removesuffix("_") not in _OPEN:
        return None
    call = builder.calls[ref.call]
    return next((source for source in refs((call.args, call.kwargs)) if builder.is_live(source)), None)


def _root(builder: Builder, ref: Ref) -> Ref:
    """The value that another one is, but for moves and constants that it was multiplied by or added to."""
    while ref.call >= 0:
        call = builder.calls[ref.call]
        name = call.name.removesuffix("_")
        given = call.args[:1] if name in _LIKE else (call.args, call.kwargs)
        sources = [source for source in refs(given) if builder.is_live(source)]
        if name not in MOVES | {"mul", "div", "add"} or len(sources) != 1:
            break
        ref = sources[0]
    return ref


def _sum(builder: Builder, call: Call, bound: Bound) -> fx.Node | None:
    """The sum or difference of two signals, as residual connections have it, or of a signal and a constant."""
    left, right, factor = bound["self"], bound["other"], bound.get("alpha", 1)
    if call.name.startswith("sub"):
        factor = -factor
    elif call.name.startswith("rsub"):
        if factor != 1:
            return None
        left, right, factor = right, left, -1
    live = [builder.is_live(value) for value in (left, right)]
    if all(live):
        return _residual(builder, call, left, _times(builder, right, factor))
    if live[0]:
        offset, signal = _constant(builder, right), left
        offset = offset * factor if offset is not None else None
    else:
        offset, signal = _constant(builder, left), _times(builder, right, factor)
    shape = builder.shape(left if live[0] else right)
    if offset is None or shape != _shape(call):
        return None
    return builder.module(Shift(offset), signal, kind="shift")


def _times(builder: Builder, signal: Ref, factor: float) -> Ref | fx.Node:
    if factor == 1:
        return signal
    constant = torch.tensor(float(factor), dtype=builder.like.dtype, device=builder.like.device)
    scaled = builder.module(Scale(constant), signal, kind="scale")
    scaled.meta["shape"] = builder.shape(signal)
    return scaled


def _residual(builder: Builder, call: Call, left: Ref, right: Ref | fx.Node) -> fx.Node:
    parts: list[Any] = [left, right]
    for place, shape in enumerate(builder.shape(value) for value in parts):
        if shape != _shape(call):
            whole = parts[1 - place]
            parts[place] = builder.function(torch.ops.aten.expand_as.default, parts[place], whole)
            parts[place].meta["shape"] = _shape(call)
    stacked = builder.function(torch.stack, parts, -1)
    stacked.meta["shape"] = (*_shape(call), 2)
    return builder.module(Sum(), stacked, kind="sum")


def _negative(builder: Builder, call: Call, bound: Bound) -> fx.Node | None:
    scaled = _times(builder, bound["self"], -1)
    return scaled if isinstance(scaled, fx.Node) else None


def _scaled_and_shifted(builder: Builder, call: Call, bound: Bound) -> fx.Node | None:
    """An addcmul of constants: self + value · tensor1 · tensor2 with one signal among the factors."""
    factors = [bound["tensor1"], bound["tensor2"]]
    signals = [value for value in factors if builder.is_live(value)]
    offset = _constant(builder, bound["self"])
    factor = next((builder.constant(value) for value in factors if not builder.is_live(value)), None)
    if len(signals) != 1 or offset is None or factor is None or builder.shape(signals[0]) != _shape(call):
        return None
    scaled = builder.module(Scale(factor.detach().clone() * float(bound["value"])), signals[0], kind="scale")
    scaled.meta["shape"] = _shape(call)
    return builder.module(Shift(offset), scaled, kind="shift")


ARITHMETIC: Mapping[str, Handler] = {
    **dict.fromkeys(("mul", "div", "multiply", "divide", "true_divide"), _product),
    **dict.fromkeys(("add", "sub", "rsub", "subtract"), _sum),
    **dict.fromkeys(("neg", "negative"), _negative),
    "addcmul": _scaled_and_shifted,
    **dict.fromkeys(
        ("sum", "upsample_nearest2d", "upsample_bilinear2d", "upsample_bicubic2d", "_upsample_nearest_exact2d"), _linear
    ),
    **dict.fromkeys(("_upsample_bilinear2d_aa", "_upsample_bicubic2d_aa", "conv1d", "avg_pool1d"), _linear),
}
"""Operation of torch, without a trailing underscore → how it becomes a module."""
