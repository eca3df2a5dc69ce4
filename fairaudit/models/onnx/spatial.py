"""Pooling, reductions, padding and resizing."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from fairaudit.models.onnx.node import Inputs, Node, Operation, axes_of, bounded, ints, needed, optional
from fairaudit.models.onnx.weighted import paddings, torch_pads


def _window(node: Node, value: Tensor) -> tuple[list[int], list[int], list[int], list[int], list[int]]:
    """Kernel, stride, dilation, padding before and after."""
    kernel = [int(side) for side in node.get("kernel_shape", ())]
    if value.dim() != 4 or len(kernel) != 2:
        raise node.refuse(f"a window {kernel} over {value.dim()} axes", wanted="pooling over rows and columns")
    stride = [int(side) for side in node.get("strides", [1, 1])]
    dilation = [int(side) for side in node.get("dilations", [1, 1])]
    before, after = paddings(node, value, kernel, stride, dilation)
    return kernel, stride, dilation, before, after


def _max_pool(node: Node, inputs: Inputs) -> Tensor:
    value = needed(node, inputs, 0)
    kernel, stride, dilation, before, after = _window(node, value)
    if before != after or any(2 * pad > side for pad, side in zip(before, kernel, strict=True)):
        value, before = F.pad(value, torch_pads(before, after), value=-math.inf), [0, 0]
    return F.max_pool2d(value, kernel, stride, before, dilation, bool(node.get("ceil_mode", 0)))


def _average_pool(node: Node, inputs: Inputs) -> Tensor:
    value = needed(node, inputs, 0)
    kernel, stride, dilation, before, after = _window(node, value)
    if dilation != [1, 1]:
        raise node.refuse(f"average pooling with dilation {dilation}")
    ceil, count = bool(node.get("ceil_mode", 0)), bool(node.get("count_include_pad", 0))
    if before == after and all(2 * pad <= side for pad, side in zip(before, kernel, strict=True)):
        return F.avg_pool2d(value, kernel, stride, before, ceil, count)
    if ceil:
        raise node.refuse("average pooling with unequal pads and ceil_mode")
    pads = torch_pads(before, after)
    total = F.avg_pool2d(F.pad(value, pads), kernel, stride)
    if count:
        return total
    share = F.avg_pool2d(F.pad(torch.ones_like(value[:1, :1]), pads), kernel, stride)
    return total / share


def _global_average(node: Node, inputs: Inputs) -> Tensor:
    value = needed(node, inputs, 0)
    return F.adaptive_avg_pool2d(value, 1) if value.dim() == 4 else value.mean(dim=_spatial(value), keepdim=True)


def _global_max(node: Node, inputs: Inputs) -> Tensor:
    value = needed(node, inputs, 0)
    return F.adaptive_max_pool2d(value, 1) if value.dim() == 4 else value.amax(dim=_spatial(value), keepdim=True)


def _spatial(value: Tensor) -> tuple[int, ...]:
    return tuple(range(2, value.dim()))


def _reduce(function: Callable[[Tensor, list[int], bool], Tensor]) -> Operation:
    def run(node: Node, inputs: Inputs) -> Tensor:
        value, axes = needed(node, inputs, 0), axes_of(node, inputs)
        if axes is None:
            if node.get("noop_with_empty_axes", 0):
                return value
            axes = list(range(value.dim()))
        return function(value, [axis % value.dim() for axis in axes], bool(node.get("keepdims", 1)))

    return run


def _product(value: Tensor, axes: Sequence[int], keep: bool) -> Tensor:
    for axis in sorted(axes, reverse=True):
        value = value.prod(dim=axis, keepdim=keep)
    return value


def _largest_place(node: Node, inputs: Inputs) -> Tensor:
    value, axis = needed(node, inputs, 0), int(node.get("axis", 0))
    function = torch.argmax if node.op == "ArgMax" else torch.argmin
    if node.get("select_last_index", 0):
        raise node.refuse("select_last_index")
    return function(value, dim=axis, keepdim=bool(node.get("keepdims", 1)))


def _pad(node: Node, inputs: Inputs) -> Tensor:
    value, given = needed(node, inputs, 0), optional(inputs, 1)
    pads = ints(given) if given is not None else [int(pad) for pad in node.get("pads", node.get("paddings", []))]
    fill = optional(inputs, 2)
    number = float(fill) if fill is not None else float(node.get("value", 0.0))
    axes = optional(inputs, 3)
    chosen = [axis % value.dim() for axis in ints(axes)] if axes is not None else list(range(value.dim()))
    half = len(pads) // 2
    if half != len(chosen):
        raise node.refuse(f"{len(pads)} pads for {len(chosen)} axes")
    before, after = [0] * value.dim(), [0] * value.dim()
    for place, axis in enumerate(chosen):
        before[axis], after[axis] = pads[place], pads[half + place]
    bounded(node, [side + one + two for side, one, two in zip(value.shape, before, after, strict=True)])
    while len(before) > 1 and before[0] == after[0] == 0:
        before, after = before[1:], after[1:]
    mode = {"constant": "constant", "reflect": "reflect", "edge": "replicate"}.get(str(node.get("mode", "constant")))
    if mode is None:
        raise node.refuse(f"padding of mode {node.get('mode')}")
    pairs = torch_pads(before, after)
    return F.pad(value, pairs, value=number) if mode == "constant" else F.pad(value, pairs, mode=mode)


def _resize(node: Node, inputs: Inputs) -> Tensor:
    value = needed(node, inputs, 0)
    if value.dim() != 4 or node.get("axes") is not None or node.get("antialias", 0) or node.get("exclude_outside", 0):
        raise node.refuse(f"resizing of {value.dim()} axes with axes, antialias or exclude_outside")
    size = bounded(node, [*value.shape[:2], *_target(node, inputs, value)])[2:]
    mode, how = str(node.get("mode", "nearest")), _coordinates(node)
    if mode == "nearest":
        whole = all(new % old == 0 for new, old in zip(size, value.shape[2:], strict=True))
        rounding = str(node.get("nearest_mode", "round_prefer_floor"))
        alike = (("asymmetric", "floor"), *([("half_pixel", "round_prefer_floor")] if whole else []))
        if (how, rounding) not in alike and node.op != "Upsample":
            raise node.refuse(f"nearest resizing from {list(value.shape[2:])} to {size} with {how}, {rounding}")
        return F.interpolate(value, size, mode="nearest")
    standard = float(node.get("cubic_coeff_a", -0.75)) == -0.75
    if mode not in ("linear", "cubic") or how not in ("half_pixel", "pytorch_half_pixel", "align_corners"):
        raise node.refuse(f"resizing with {mode}, {how}")
    if not standard or node.get("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise node.refuse("resizing with another cubic coefficient or a kept aspect ratio")
    kind = "bilinear" if mode == "linear" else "bicubic"
    return F.interpolate(value, size, mode=kind, align_corners=how == "align_corners")


def _coordinates(node: Node) -> str:
    return str(node.get("coordinate_transformation_mode", "half_pixel" if node.opset >= 11 else "asymmetric"))


def _target(node: Node, inputs: Inputs, value: Tensor) -> list[int]:
    """Rows and columns after resizing.

    Raises:
        ModelError: the scales do not lead to whole numbers, where torch and ONNX place pixels differently.
    """
    first = 1 if node.op == "Upsample" or node.opset < 11 else 2
    scales, sizes = optional(inputs, first), optional(inputs, first + 1)
    if sizes is not None and sizes.numel():
        return ints(sizes)[-2:]
    given = scales.tolist() if scales is not None else list(node.get("scales", [1.0] * 4))
    exact = [side * float(factor) for side, factor in zip(value.shape[2:], given[-2:], strict=True)]
    if any(abs(side - round(side)) > 1e-4 for side in exact):
        raise node.refuse(f"scales {given[-2:]} of {list(value.shape[2:])} pixels")
    return [round(side) for side in exact]


SPATIAL: Mapping[str, Operation] = {
    "MaxPool": _max_pool,
    "AveragePool": _average_pool,
    "GlobalAveragePool": _global_average,
    "GlobalMaxPool": _global_max,
    "ReduceMean": _reduce(lambda value, axes, keep: value.mean(dim=axes, keepdim=keep)),
    "ReduceSum": _reduce(lambda value, axes, keep: value.sum(dim=axes, keepdim=keep)),
    "ReduceMax": _reduce(lambda value, axes, keep: value.amax(dim=axes, keepdim=keep)),
    "ReduceMin": _reduce(lambda value, axes, keep: value.amin(dim=axes, keepdim=keep)),
    "ReduceL2": _reduce(lambda value, axes, keep: value.square().sum(dim=axes, keepdim=keep).sqrt()),
    "ReduceL1": _reduce(lambda value, axes, keep: value.abs().sum(dim=axes, keepdim=keep)),
    "ReduceSumSquare": _reduce(lambda value, axes, keep: value.square().sum(dim=axes, keepdim=keep)),
    "ReduceProd": _reduce(_product),
    "ArgMax": _largest_place,
    "ArgMin": _largest_place,
    "Pad": _pad,
    "Resize": _resize,
    "Upsample": _resize,
}
"""Operation of ONNX → how torch computes it."""
