"""Operations that write values at given places of a tensor."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import torch
from torch import Tensor

from fairaudit.models.onnx.node import Inputs, Node, Operation, needed, together

_REDUCED = {"add": "sum", "mul": "prod", "max": "amax", "min": "amin"}


def _scatter_nd(node: Node, inputs: Inputs) -> Tensor:
    """Slices of the data replaced, or added to and the like, at places [..., axis] of its first axes."""
    data, places, updates = _three(node, inputs)
    how = str(node.get("reduction", "none"))
    indices = places.unbind(-1)
    if how in ("none", "add"):
        # As torch writes an assignment: it is recorded as one operation.
        return torch.index_put(data, tuple(indices), updates, accumulate=how == "add")
    depth = places.shape[-1]
    rows = torch.zeros(places.shape[:-1], dtype=torch.int64, device=data.device)
    for axis, index in enumerate(indices):
        rows = rows * data.shape[axis] + torch.where(index < 0, index + data.shape[axis], index)
    flat = data.reshape(prod(data.shape[:depth]), -1)
    chosen = rows.reshape(-1, 1).expand(-1, flat.shape[1])
    written = flat.scatter_reduce(0, chosen, updates.reshape(chosen.shape), _reduction(node, how))
    return written.reshape(data.shape)


def _scatter_elements(node: Node, inputs: Inputs) -> Tensor:
    data, places, updates = _three(node, inputs)
    axis = int(node.get("axis", 0)) % data.dim()
    how = str(node.get("reduction", "none"))
    chosen = torch.where(places < 0, places + data.shape[axis], places)
    if how == "none":
        return data.scatter(axis, chosen, updates)
    return data.scatter_reduce(axis, chosen, updates, _reduction(node, how))


def _three(node: Node, inputs: Inputs) -> tuple[Tensor, Tensor, Tensor]:
    data, places, updates = together(*(needed(node, inputs, place) for place in range(3)))
    return data, places.long(), updates


def _reduction(node: Node, how: str) -> str:
    if how not in _REDUCED:
        raise node.refuse(f"reduction {how}", wanted=", ".join(("none", *_REDUCED)))
    return _REDUCED[how]


SCATTER: Mapping[str, Operation] = {
    "ScatterND": _scatter_nd,
    "ScatterElements": _scatter_elements,
    "Scatter": _scatter_elements,
}
"""Operation of ONNX → how torch computes it."""
