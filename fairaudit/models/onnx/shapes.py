"""Operations that move, select or make values without computing with them."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from fairaudit.models.onnx.node import Inputs, Node, Operation, axes_of, bounded, ints, needed, optional, together


def _shape(node: Node, inputs: Inputs) -> Tensor:
    sides = list(needed(node, inputs, 0).shape)
    end = node.get("end")
    return torch.tensor(sides[int(node.get("start", 0)) : None if end is None else int(end)], dtype=torch.int64)


def _size(node: Node, inputs: Inputs) -> Tensor:
    return torch.tensor(needed(node, inputs, 0).numel(), dtype=torch.int64)


def _reshape(node: Node, inputs: Inputs) -> Tensor:
    value, given = needed(node, inputs, 0), optional(inputs, 1)
    sides = ints(given) if given is not None else [int(side) for side in node.get("shape", ())]
    if not node.get("allowzero", 0):
        sides = [value.shape[place] if side == 0 else side for place, side in enumerate(sides)]
    return value.reshape(sides)


def _flatten(node: Node, inputs: Inputs) -> Tensor:
    value, axis = needed(node, inputs, 0), int(node.get("axis", 1))
    if axis == 1:
        return value.flatten(1) if value.dim() > 1 else value.reshape(-1, 1)
    axis = axis % value.dim() if axis < 0 else axis
    rows = 1
    for side in value.shape[:axis]:
        rows *= side
    return value.reshape(rows, -1)


def _squeeze(node: Node, inputs: Inputs) -> Tensor:
    value, axes = needed(node, inputs, 0), axes_of(node, inputs)
    if axes is None:
        return value.squeeze()
    for axis in sorted((axis % value.dim() for axis in axes), reverse=True):
        value = value.squeeze(axis)
    return value


def _unsqueeze(node: Node, inputs: Inputs) -> Tensor:
    value, axes = needed(node, inputs, 0), axes_of(node, inputs) or []
    total = value.dim() + len(axes)
    for axis in sorted(axis % total for axis in axes):
        value = value.unsqueeze(axis)
    return value


def _transpose(node: Node, inputs: Inputs) -> Tensor:
    value = needed(node, inputs, 0)
    order = node.get("perm")
    return value.permute(*([int(axis) for axis in order] if order else range(value.dim() - 1, -1, -1)))


def _concat(node: Node, inputs: Inputs) -> Tensor:
    values = together(*(needed(node, inputs, place) for place in range(len(inputs))))
    return torch.cat(values, dim=int(node.get("axis", 0)))


def _split(node: Node, inputs: Inputs) -> tuple[Tensor, ...]:
    value, given = needed(node, inputs, 0), optional(inputs, 1)
    axis = int(node.get("axis", 0))
    sizes = ints(given) if given is not None else node.get("split")
    if sizes is None:
        count = int(node.get("num_outputs", len(node.outputs)))
        each = -(-value.shape[axis] // count)
        sizes = [min(each, value.shape[axis] - start) for start in range(0, value.shape[axis], each)]
    return torch.split(value, [int(size) for size in sizes], dim=axis)


def _slice(node: Node, inputs: Inputs) -> Tensor:
    value = needed(node, inputs, 0)
    if node.opset < 10:
        starts, ends = list(node.get("starts", ())), list(node.get("ends", ()))
        axes, steps = list(node.get("axes", range(len(starts)))), [1] * len(starts)
    else:
        starts, ends = ints(needed(node, inputs, 1)), ints(needed(node, inputs, 2))
        given, strides = optional(inputs, 3), optional(inputs, 4)
        axes = ints(given) if given is not None else list(range(len(starts)))
        steps = ints(strides) if strides is not None else [1] * len(starts)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        value = _one_slice(node, value, int(start), int(end), int(axis) % value.dim(), int(step))
    return value


def _one_slice(node: Node, value: Tensor, start: int, end: int, axis: int, step: int) -> Tensor:
    side = value.shape[axis]
    if step == 0:
        raise node.refuse("a slice with step 0")
    places = range(*slice(start, None if step < 0 and end < -side else end, step).indices(side))
    if step > 0:
        first = min(places.start, side)
        return value[(slice(None),) * axis + (slice(first, max(places.stop, first), step),)]
    return value.index_select(axis, torch.tensor(list(places), dtype=torch.int64, device=value.device))


def _gather(node: Node, inputs: Inputs) -> Tensor:
    value, places = needed(node, inputs, 0), needed(node, inputs, 1)
    axis = int(node.get("axis", 0)) % value.dim()
    side = value.shape[axis]
    if places.dim() == 0:
        return value.select(axis, int(places) % side if side else 0)
    flat = places.reshape(-1).long().to(value.device)
    taken = value.index_select(axis, torch.where(flat < 0, flat + side, flat))
    return taken.reshape(*value.shape[:axis], *places.shape, *value.shape[axis + 1 :])


def _gather_elements(node: Node, inputs: Inputs) -> Tensor:
    value, places = together(needed(node, inputs, 0), needed(node, inputs, 1))
    axis = int(node.get("axis", 0)) % value.dim()
    return value.gather(axis, torch.where(places < 0, places + value.shape[axis], places))


def _gather_nd(node: Node, inputs: Inputs) -> Tensor:
    value, places = together(needed(node, inputs, 0), needed(node, inputs, 1))
    shared = int(node.get("batch_dims", 0))
    indices = [index.long() for index in places.unbind(-1)]
    for axis in range(shared):
        # Along axes that both have, each slice looks into its own.
        count = torch.arange(value.shape[axis], device=value.device)
        indices.insert(axis, count.reshape(-1, *[1] * (indices[-1].dim() - axis - 1)))
    return value[tuple(indices)]


def _expand(node: Node, inputs: Inputs) -> Tensor:
    value, sides = needed(node, inputs, 0), ints(needed(node, inputs, 1))
    longest = max(value.dim(), len(sides))
    own, other = [1] * (longest - value.dim()) + list(value.shape), [1] * (longest - len(sides)) + sides
    return value.expand(
        bounded(node, [second if first == 1 else first for first, second in zip(own, other, strict=True)])
    )


def _tile(node: Node, inputs: Inputs) -> Tensor:
    value, times = needed(node, inputs, 0), ints(needed(node, inputs, 1))
    bounded(node, [side * count for side, count in zip(value.shape, times, strict=True)])
    return value.repeat(times)


def _constant(node: Node, inputs: Inputs) -> Tensor:
    for name in ("value", "value_float", "value_int", "value_floats", "value_ints"):
        given = node.get(name)
        if isinstance(given, Tensor):
            return given
        if given is not None:
            kind = torch.float32 if "float" in name else torch.int64
            return torch.tensor(given, dtype=kind)
    raise node.refuse("a constant that is no number")


def _constant_of_shape(node: Node, inputs: Inputs) -> Tensor:
    shape = bounded(node, ints(needed(node, inputs, 0)))
    value = node.get("value")
    if not isinstance(value, Tensor):
        return torch.zeros(shape)
    return torch.full(shape, value.reshape(-1)[0].item(), dtype=value.dtype)


def _range(node: Node, inputs: Inputs) -> Tensor:
    first, last, step = (needed(node, inputs, place) for place in range(3))
    count = max(0, -int((float(first) - float(last)) // float(step))) if float(step) else 0
    bounded(node, [count])
    return torch.arange(first.item(), last.item(), step.item(), dtype=first.dtype)


def _depth_to_space(node: Node, inputs: Inputs) -> Tensor:
    value, block = needed(node, inputs, 0), int(node.get("blocksize", 1))
    images, channels, rows, columns = value.shape
    if node.get("mode", "DCR") == "CRD":
        return torch.nn.functional.pixel_shuffle(value, block)
    parts = value.reshape(images, block, block, channels // block**2, rows, columns).permute(0, 3, 4, 1, 5, 2)
    return parts.reshape(images, channels // block**2, rows * block, columns * block)


def _space_to_depth(node: Node, inputs: Inputs) -> Tensor:
    if node.get("mode", "DCR") != "DCR":
        raise node.refuse(f"mode {node.get('mode')}")
    value, block = needed(node, inputs, 0), int(node.get("blocksize", 1))
    images, channels, rows, columns = value.shape
    parts = value.reshape(images, channels, rows // block, block, columns // block, block).permute(0, 3, 5, 1, 2, 4)
    return parts.reshape(images, channels * block**2, rows // block, columns // block)


def _largest(node: Node, inputs: Inputs) -> tuple[Tensor, Tensor]:
    value, count = needed(node, inputs, 0), ints(needed(node, inputs, 1))[0]
    found = value.topk(count, dim=int(node.get("axis", -1)), largest=bool(node.get("largest", 1)))
    return found.values, found.indices


SHAPES: Mapping[str, Operation] = {
    "Shape": _shape,
    "Size": _size,
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Transpose": _transpose,
    "Concat": _concat,
    "Split": _split,
    "Slice": _slice,
    "Gather": _gather,
    "GatherElements": _gather_elements,
    "GatherND": _gather_nd,
    "Expand": _expand,
    "Tile": _tile,
    "Constant": _constant,
    "ConstantOfShape": _constant_of_shape,
    "Range": _range,
    "DepthToSpace": _depth_to_space,
    "SpaceToDepth": _space_to_depth,
    "TopK": _largest,
}
"""Operation of ONNX → how torch computes it."""
