"""How layers with weights become modules, and the whole table that the lift goes by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, fx, nn

from fairaudit.models.lift.arithmetic import ARITHMETIC
from fairaudit.models.lift.emit import Builder, Handler
from fairaudit.models.lift.mixing import MIXING, mixing
from fairaudit.models.lift.pooling import POOLING, Bound, pair
from fairaudit.models.lift.products import Attend, joined_heads, third_by_head
from fairaudit.models.record import Call


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
    linear = _as_linear(builder, call, bound["self"], _transposed(builder.constant(right)), None)
    return linear or mixing(builder, call, bound)


def _transposed(weight: Tensor | None) -> Tensor | None:
    return weight.t() if weight is not None and weight.dim() == 2 else None


def _as_linear(builder: Builder, call: Call, inputs: Any, weight: Tensor | None, bias: Any) -> fx.Node | None:  # noqa: ANN401
    offset = builder.constant(bias)
    if weight is None or (offset is None and bias is not None) or not builder.is_live(inputs):
        return None
    if offset is not None and tuple(offset.shape) != (weight.shape[0],):
        return None
    return builder.module(_linear_layer(weight, offset), inputs, kind="linear", weight=weight)


def _attention(builder: Builder, call: Call, bound: Bound) -> fx.Node | None:
    """Torch's fused self-attention, which has no gradient: the same in layers that have one."""
    if not bound["query"] == bound["key"] == bound["value"] or bound["mask"] is not None:
        return None
    constants = [builder.constant(bound[name]) for name in ("qkv_weight", "qkv_bias", "proj_weight", "proj_bias")]
    inner, outer = constants[0], constants[2]
    if inner is None or outer is None:
        return None
    images, tokens, width = builder.shape(bound["query"])
    heads = int(bound["num_head"])
    packed = builder.module(_linear_layer(inner, constants[1]), bound["query"], kind="in_proj", weight=inner)
    packed.meta["shape"] = (images, tokens, 3 * width)
    parts = [builder.function(third_by_head, packed, third, heads) for third in range(3)]
    for part in parts:
        part.meta["shape"] = (images, heads, tokens, width // heads)
    query, key, values = parts
    mixed = builder.module(Attend(), values, query, key, kind="attend")
    mixed.meta["shape"] = (images, heads, tokens, width // heads)
    joined = builder.function(joined_heads, mixed)
    joined.meta["shape"] = (images, tokens, width)
    return builder.module(_linear_layer(outer, constants[3]), joined, kind="linear", weight=outer)


def _linear_layer(weight: Tensor, bias: Tensor | None) -> nn.Module:
    return _set(nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None, device="meta"), weight, bias)


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


def _instance_norm(builder: Builder, call: Call, bound: Bound) -> fx.Node | None:
    """A norm of every channel by itself, as ONNX files also write group norms: one group per channel."""
    weight, bias = builder.constant(bound["weight"]), builder.constant(bound["bias"])
    given = [bound[name] is None for name in ("weight", "bias")] != [weight is None, bias is None]
    if given or (weight is None) != (bias is None) or not bound["use_input_stats"]:
        return None
    channels = builder.shape(bound["input"])[1]
    module = nn.GroupNorm(channels, channels, eps=float(bound["eps"]), affine=weight is not None, device="meta")
    return builder.module(_set(module, weight, bias), bound["input"], kind="instance_norm", weight=weight)


def _prelu(builder: Builder, call: Call, bound: Bound) -> fx.Node | None:
    weight = builder.constant(bound["weight"])
    if weight is None:
        return None
    module = nn.PReLU(weight.numel(), device="meta")
    module.weight = _weight(weight.flatten())
    return builder.module(module, bound["self"], kind="prelu", weight=weight)


HANDLERS: Mapping[str, Handler] = {
    **POOLING,
    **ARITHMETIC,
    **MIXING,
    **dict.fromkeys(("conv2d", "conv_transpose2d", "convolution", "_convolution"), _convolution),
    "linear": _linear,
    "addmm": _addmm,
    **dict.fromkeys(("matmul", "mm"), _matmul),
    "_native_multi_head_attention": _attention,
    **dict.fromkeys(("batch_norm", "native_batch_norm", "_native_batch_norm_legit_no_training"), _batch_norm),
    **dict.fromkeys(("layer_norm", "native_layer_norm"), _layer_norm),
    "group_norm": _group_norm,
    "instance_norm": _instance_norm,
    "prelu": _prelu,
}
"""Operation of torch, without a trailing underscore → how it becomes a module."""
