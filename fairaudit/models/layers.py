"""How layers with weights become modules, and the whole table that the lift goes by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F

from fairaudit.models.emit import Builder, Handler
from fairaudit.models.pooling import POOLING, Bound, pair
from fairaudit.models.record import Call, Const, refs

_SHAPES = {"view", "reshape", "flatten", "unflatten", "transpose", "permute", "unsqueeze", "squeeze", "contiguous"}
_SHAPES |= {"clone", "select", "slice", "chunk", "split", "unbind", "t", "getitem"}
_ATTENTION = {"scaled_dot_product_attention", "bmm", "baddbmm", "matmul", "softmax", "_softmax"}


def self_attention(tokens: Tensor, weight: Tensor, bias: Tensor | None, heads: int) -> Tensor:
    """Multi-head self-attention before its last projection: [image, token, width] to the same shape.

    softmax(q kᵀ / √(width / heads)) v per head, where q, k and v are the thirds of tokens · weightᵀ + bias.
    """
    images, count, width = tokens.shape
    parts = F.linear(tokens, weight, bias).chunk(3, dim=-1)
    query, key, value = (part.reshape(images, count, heads, width // heads).transpose(1, 2) for part in parts)
    return F.scaled_dot_product_attention(query, key, value).transpose(1, 2).reshape(images, count, width)


def _weight(tensor: Tensor) -> nn.Parameter:
    return nn.Parameter(tensor.detach().clone(memory_format=torch.contiguous_format), requires_grad=False)


def _set(module: nn.Module, weight: Tensor | None, bias: Tensor | None) -> nn.Module:
    module.register_parameter("weight", _weight(weight) if weight is not None else None)
    module.register_parameter("bias", _weight(bias) if bias is not None else None)
    return module


def _convolution(builder: Builder, call: Call, bound: Bound) -> fx.Node | None:
    weight, bias = builder.constant(bound["weight"]), builder.constant(bound["bias"])
    if weight is None or weight.dim() != 4 or len(builder.shape(bound["input"])) != 4:
        return None
    if bias is None and bound["bias"] is not None:
        return None
    settings = {key: pair(bound[key]) for key in ("stride", "padding", "dilation")}
    groups = int(bound["groups"])
    if bound.get("transposed") or call.name == "conv_transpose2d":
        settings["output_padding"] = pair(bound["output_padding"])
        channels = (weight.shape[0], weight.shape[1] * groups)
        kind: Callable[..., nn.Module] = nn.ConvTranspose2d
    else:
        channels = (weight.shape[1] * groups, weight.shape[0])
        kind = nn.Conv2d
    size = tuple(weight.shape[2:])
    module = kind(*channels, size, groups=groups, bias=bias is not None, device="meta", **settings)
    return builder.module(_set(module, weight, bias), bound["input"], kind="conv", weight=weight)


def _linear(builder: Builder, call: Call, bound: Bound) -> fx.Node | None:
    return _as_linear(builder, call, bound["input"], builder.constant(bound["weight"]), bound["bias"])


def _addmm(builder: Builder, call: Call, bound: Bound) -> fx.Node | None:
    if bound["beta"] != 1 or bound["alpha"] != 1:
        return None
    return _as_linear(builder, call, bound["mat1"], _transposed(builder.constant(bound["mat2"])), bound["self"])


def _matmul(builder: Builder, call: Call, bound: Bound) -> fx.Node | None:
    right = bound.get("other", bound.get("mat2"))
    return _as_linear(builder, call, bound["self"], _transposed(builder.constant(right)), None)


def _transposed(weight: Tensor | None) -> Tensor | None:
    return weight.t() if weight is not None and weight.dim() == 2 else None


def _as_linear(builder: Builder, call: Call, inputs: Any, weight: Tensor | None, bias: Any) -> fx.Node | None:  # noqa: ANN401
    offset = builder.constant(bias)
    if weight is None or (offset is None and bias is not None) or not builder.is_live(inputs):
        return None
    if offset is not None and tuple(offset.shape) != (weight.shape[0],):
        return None
    if _projects_attention(builder, call, weight):
        return builder.function(
            F.linear, inputs, *(Const(value) if value is not None else None for value in (weight, offset))
        )
    module = nn.Linear(weight.shape[1], weight.shape[0], bias=offset is not None, device="meta")
    return builder.module(_set(module, weight, offset), inputs, kind="linear", weight=weight)


def _projects_attention(builder: Builder, call: Call, weight: Tensor) -> bool:
    """Whether a product is the packed projection of an attention, which is no layer of its own in the model.

    Its weight then has a name such as in_proj_weight. Where names are gone, it has three times as many rows as columns
    and its result goes to an attention after nothing but reshaping.
    """
    name = builder.name_of(weight)
    if name is not None:
        return name.rpartition(".")[2] == "in_proj_weight"
    if weight.shape[0] != 3 * weight.shape[1]:
        return False
    return _reaches_attention(builder, builder.calls.index(call))


def _reaches_attention(builder: Builder, number: int) -> bool:
    waiting, seen = [number], set()
    while waiting:
        current = waiting.pop()
        seen.add(current)
        for later, call in enumerate(builder.calls[current + 1 :], current + 1):
            if later in seen or not any(ref.call == current for ref in refs((call.args, call.kwargs))):
                continue
            if call.name in _ATTENTION:
                return True
            if call.name in _SHAPES or call.name in ("mul", "div"):
                waiting.append(later)
    return False


def _attention(builder: Builder, call: Call, bound: Bound) -> fx.Node | None:
    """Torch's fused self-attention, which has no gradient: the same in operations that have one."""
    if not bound["query"] == bound["key"] == bound["value"] or bound["mask"] is not None:
        return None
    weight, bias = builder.constant(bound["proj_weight"]), builder.constant(bound["proj_bias"])
    if weight is None:
        return None
    inside = (bound["query"], bound["qkv_weight"], bound["qkv_bias"], int(bound["num_head"]))
    mixed = builder.function(self_attention, *inside)
    mixed.meta["shape"] = builder.shape(bound["query"])
    module = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None, device="meta")
    return builder.module(_set(module, weight, bias), mixed, kind="linear", weight=weight)


def _batch_norm(builder: Builder, call: Call, bound: Bound) -> fx.Node | None:
    mean, variance = builder.constant(bound["running_mean"]), builder.constant(bound["running_var"])
    weight, bias = builder.constant(bound["weight"]), builder.constant(bound["bias"])
    dims = len(builder.shape(bound["input"]))
    if bound.get("training") or mean is None or variance is None or dims not in (2, 3, 4):
        return None
    kind = nn.BatchNorm2d if dims == 4 else nn.BatchNorm1d
    # Either both or none, as in torch's own layer; a missing half is 1 or 0.
    affine = weight is not None or bias is not None
    module = kind(len(mean), eps=float(bound["eps"]), affine=affine, device=mean.device, dtype=mean.dtype)
    if affine:
        _set(
            module,
            torch.ones_like(mean) if weight is None else weight,
            torch.zeros_like(mean) if bias is None else bias,
        )
    module.running_mean, module.running_var = mean.detach().clone(), variance.detach().clone()
    return builder.module(module, bound["input"], kind="batch_norm", weight=mean if weight is None else weight)


def _scale(builder: Builder, call: Call, bound: Bound) -> fx.Node | None:
    """A product with one constant per channel: a batch norm that only scales, which rules and folding know."""
    inputs, other = bound["self"], bound["other"]
    if call.name.startswith("mul") and builder.is_live(other):
        inputs, other = other, inputs
    shape = builder.shape(inputs)
    factor = torch.tensor(float(other)) if isinstance(other, int | float) else builder.constant(other)
    if len(shape) != 4 or factor is None or not builder.is_live(inputs) or bound.get("rounding_mode") is not None:
        return None
    per_channel = factor.dim() in (3, 4) and factor.numel() == shape[1] == factor.shape[-3]
    if factor.numel() != 1 and not per_channel:
        return None
    values = factor.detach().clone().to(builder.like).flatten().expand(shape[1])
    values = 1 / values if call.name.startswith("div") else values
    if not bool(torch.isfinite(values).all()):
        return None
    module = nn.BatchNorm2d(shape[1], eps=0.0, device=values.device, dtype=values.dtype)
    return builder.module(_set(module, values, torch.zeros_like(values)), inputs, kind="scale")


def _layer_norm(builder: Builder, call: Call, bound: Bound) -> fx.Node | None:
    weight, bias = builder.constant(bound["weight"]), builder.constant(bound["bias"])
    if (weight is None and bound["weight"] is not None) or (weight is None and bias is not None):
        return None
    shape = tuple(int(side) for side in bound["normalized_shape"])
    module = nn.LayerNorm(
        shape, eps=float(bound["eps"]), elementwise_affine=weight is not None, bias=bias is not None, device="meta"
    )
    return builder.module(_set(module, weight, bias), bound["input"], kind="layer_norm", weight=weight)


def _group_norm(builder: Builder, call: Call, bound: Bound) -> fx.Node | None:
    weight, bias = builder.constant(bound["weight"]), builder.constant(bound["bias"])
    if (weight is None) != (bias is None) or (weight is None and bound["weight"] is not None):
        return None
    groups, channels = int(bound["num_groups"]), builder.shape(bound["input"])[1]
    module = nn.GroupNorm(groups, channels, eps=float(bound["eps"]), affine=weight is not None, device="meta")
    return builder.module(_set(module, weight, bias), bound["input"], kind="group_norm", weight=weight)


def _prelu(builder: Builder, call: Call, bound: Bound) -> fx.Node | None:
    weight = builder.constant(bound["weight"])
    if weight is None:
        return None
    module = nn.PReLU(weight.numel(), device="meta")
    module.weight = _weight(weight.flatten())
    return builder.module(module, bound["self"], kind="prelu", weight=weight)


HANDLERS: Mapping[str, Handler] = {
    **POOLING,
    **dict.fromkeys(("conv2d", "conv_transpose2d", "convolution", "_convolution"), _convolution),
    "linear": _linear,
    "addmm": _addmm,
    **dict.fromkeys(("matmul", "mm"), _matmul),
    "_native_multi_head_attention": _attention,
    **dict.fromkeys(("batch_norm", "native_batch_norm", "_native_batch_norm_legit_no_training"), _batch_norm),
    **dict.fromkeys(("layer_norm", "native_layer_norm"), _layer_norm),
    "group_norm": _group_norm,
    **dict.fromkeys(("mul", "div"), _scale),
    "prelu": _prelu,
}
"""Operation of torch, without a trailing underscore → how it becomes a module."""
