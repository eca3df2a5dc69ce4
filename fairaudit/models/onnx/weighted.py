"""Layers with weights: convolutions, products with matrices, normalisation, quantisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from fairaudit.models.onnx.node import Inputs, Node, Operation, needed, optional, together


def paddings(
    node: Node, value: Tensor, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> tuple[list[int], list[int]]:
    """What is added before and after every spatial axis, from `pads` or `auto_pad`."""
    count = len(kernel)
    mode = node.get("auto_pad", "NOTSET")
    if mode in ("NOTSET", ""):
        pads = [int(pad) for pad in node.get("pads", [0] * 2 * count)]
        return pads[:count], pads[count:]
    if mode == "VALID":
        return [0] * count, [0] * count
    before, after = [], []
    for axis in range(count):
        side = value.shape[2 + axis]
        reach = (kernel[axis] - 1) * dilation[axis] + 1
        total = max((-(-side // stride[axis]) - 1) * stride[axis] + reach - side, 0)
        small = total // 2
        before.append(small if mode == "SAME_UPPER" else total - small)
        after.append(total - small if mode == "SAME_UPPER" else small)
    return before, after


def torch_pads(before: Sequence[int], after: Sequence[int]) -> list[int]:
    """The same in torch's order: the last axis first, before and after side by side."""
    return [pad for pair in reversed(list(zip(before, after, strict=True))) for pad in pair]


def _convolve(node: Node, inputs: Inputs) -> Tensor:
    value, weight, bias = needed(node, inputs, 0), needed(node, inputs, 1), optional(inputs, 2)
    count = weight.dim() - 2
    if count not in (1, 2, 3):
        raise node.refuse(f"a weight of {weight.dim()} axes")
    stride, dilation = _numbers(node, "strides", count), _numbers(node, "dilations", count)
    before, after = paddings(node, value, tuple(weight.shape[2:]), stride, dilation)
    if before != after:
        value, before = F.pad(value, torch_pads(before, after)), [0] * count
    function = (F.conv1d, F.conv2d, F.conv3d)[count - 1]
    return function(value, weight, bias, stride, before, dilation, int(node.get("group", 1)))


def _convolve_back(node: Node, inputs: Inputs) -> Tensor:
    value, weight, bias = needed(node, inputs, 0), needed(node, inputs, 1), optional(inputs, 2)
    if weight.dim() != 4 or node.get("auto_pad", "NOTSET") != "NOTSET" or node.get("output_shape") is not None:
        raise node.refuse("a transposed convolution with automatic padding or other than two axes")
    stride, dilation = _numbers(node, "strides", 2), _numbers(node, "dilations", 2)
    pads = [int(pad) for pad in node.get("pads", [0] * 4)]
    if pads[:2] != pads[2:]:
        raise node.refuse(f"unequal pads {pads}")
    more = [int(each) for each in node.get("output_padding", [0, 0])]
    return F.conv_transpose2d(value, weight, bias, stride, pads[:2], more, int(node.get("group", 1)), dilation)


def _numbers(node: Node, name: str, count: int) -> list[int]:
    return [int(each) for each in node.get(name, [1] * count)]


def _gemm(node: Node, inputs: Inputs) -> Tensor:
    left, right, bias = needed(node, inputs, 0), needed(node, inputs, 1), optional(inputs, 2)
    alpha, beta = float(node.get("alpha", 1.0)), float(node.get("beta", 1.0))
    left = left.t() if node.get("transA", 0) else left
    weight = right if node.get("transB", 0) else right.t()
    plain = alpha == 1 and (bias is None or beta == 1)
    if plain and (bias is None or (bias.dim() <= 2 and bias.numel() == weight.shape[0] > 1)):
        return F.linear(left, weight, None if bias is None else bias.reshape(-1))
    product = F.linear(left, weight) * alpha
    return product if bias is None else product + bias * beta


def _matmul(node: Node, inputs: Inputs) -> Tensor:
    return torch.matmul(*together(needed(node, inputs, 0), needed(node, inputs, 1)))


def _einsum(node: Node, inputs: Inputs) -> Tensor:
    values = together(*(needed(node, inputs, place) for place in range(len(inputs))))
    return torch.einsum(str(node.get("equation", "")), *values)


def _batch_norm(node: Node, inputs: Inputs) -> Tensor:
    training = bool(node.get("training_mode", 0))
    if training and not node.fixed:
        raise node.refuse("batch norm in training mode", wanted="a model exported in evaluation mode")
    value, weight, bias, mean, variance = (needed(node, inputs, place) for place in range(5))
    if training:  # of weights that are standardised: by their own mean and variance
        mean, variance = mean.clone(), variance.clone()
    return F.batch_norm(value, mean, variance, weight, bias, training, 0.0, float(node.get("epsilon", 1e-5)))


def _layer_norm(node: Node, inputs: Inputs) -> Tensor:
    value, weight, bias = needed(node, inputs, 0), needed(node, inputs, 1), optional(inputs, 2)
    axis = int(node.get("axis", -1)) % value.dim()
    return F.layer_norm(value, tuple(value.shape[axis:]), weight, bias, float(node.get("epsilon", 1e-5)))


def _instance_norm(node: Node, inputs: Inputs) -> Tensor:
    value, weight, bias = (needed(node, inputs, place) for place in range(3))
    return F.instance_norm(value, None, None, weight, bias, True, 0.0, float(node.get("epsilon", 1e-5)))


def _group_norm(node: Node, inputs: Inputs) -> Tensor:
    value, weight, bias = (needed(node, inputs, place) for place in range(3))
    groups, channels = int(node.get("num_groups", 1)), value.shape[1]
    if weight.numel() == groups != channels:  # before version 21 there was one factor per group
        weight, bias = (each.repeat_interleave(channels // groups) for each in (weight, bias))
    return F.group_norm(value, groups, weight, bias, float(node.get("epsilon", 1e-5)))


def _rms_norm(node: Node, inputs: Inputs) -> Tensor:
    value, weight = needed(node, inputs, 0), needed(node, inputs, 1)
    axis = int(node.get("axis", -1)) % value.dim()
    return F.rms_norm(value, tuple(value.shape[axis:]), weight, float(node.get("epsilon", 1e-5)))


def _soft(node: Node, inputs: Inputs) -> Tensor:
    value = needed(node, inputs, 0)
    function = torch.softmax if node.op == "Softmax" else torch.log_softmax
    axis = int(node.get("axis", -1 if node.opset >= 13 else 1)) % max(value.dim(), 1)
    if node.opset >= 13 or axis == value.dim() - 1:
        return function(value, dim=axis)
    return function(value.flatten(axis), dim=axis).reshape(value.shape)  # older versions run over all axes from there


def _along(parameter: Tensor, value: Tensor, axis: int) -> Tensor:
    """One number, or one per place of an axis, shaped to be multiplied with the value."""
    if parameter.numel() == 1:
        return parameter.reshape(())
    shape = [1] * value.dim()
    shape[axis] = parameter.numel()
    return parameter.reshape(shape)


def _quantise(node: Node, inputs: Inputs) -> Tensor:
    value, scale, zero = needed(node, inputs, 0), needed(node, inputs, 1), optional(inputs, 2)
    axis = int(node.get("axis", 1))
    dtype = torch.uint8 if zero is None else zero.dtype
    limits = torch.iinfo(dtype)
    value, scale = together(value, scale)
    places = (value / _along(scale, value, axis)).round()
    if zero is not None:
        places = places + _along(together(value, zero)[1].to(value.dtype), value, axis)
    return places.clamp(limits.min, limits.max).to(dtype)


def _dequantise(node: Node, inputs: Inputs) -> Tensor:
    value, scale, zero = needed(node, inputs, 0), needed(node, inputs, 1), optional(inputs, 2)
    axis = int(node.get("axis", 1)) if value.dim() else 0
    value, scale = together(value, scale)
    moved = value.to(scale.dtype)
    if zero is not None:
        moved = moved - _along(together(value, zero)[1].to(scale.dtype), value, axis)
    return moved * _along(scale, value, axis)


WEIGHTED: Mapping[str, Operation] = {
    "Conv": _convolve,
    "ConvTranspose": _convolve_back,
    "Gemm": _gemm,
    "MatMul": _matmul,
    "Einsum": _einsum,
    "BatchNormalization": _batch_norm,
    "LayerNormalization": _layer_norm,
    "InstanceNormalization": _instance_norm,
    "GroupNormalization": _group_norm,
    "RMSNormalization": _rms_norm,
    "Softmax": _soft,
    "LogSoftmax": _soft,
    "QuantizeLinear": _quantise,
    "DequantizeLinear": _dequantise,
}
"""Operation of ONNX → how torch computes it."""
