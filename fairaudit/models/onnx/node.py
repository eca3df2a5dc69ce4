"""One operation of an ONNX graph, and the inputs of its implementation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from fairaudit.errors import ModelError

MOST = 2**30
"""Largest number of elements that one operation may make."""

Inputs = Sequence[Tensor | None]
Result = Tensor | Sequence[Tensor]
Operation = Callable[["Node", Inputs], Result]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """An operation with its attributes."""

    op: str
    """Name in ONNX's standard, such as Conv."""
    inputs: tuple[str, ...]
    """Names of the values it takes; empty for one that is left out."""
    outputs: tuple[str, ...]
    """Names of the values it makes."""
    opset: int
    """Version of the standard."""
    name: str = ""
    """Its own name, for errors."""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """Numbers, texts, lists, tensors and graphs."""
    fixed: bool = False
    """Whether it computes with weights and constants alone."""

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - an attribute of any type
        """An attribute, or its default."""
        return self.attributes.get(name, default)

    def refuse(self, found: str, wanted: str | None = None) -> ModelError:
        """The error for what cannot be computed here."""
        return ModelError(
            f"An operation of the ONNX file cannot be computed ({self.op})",
            wanted=wanted,
            found=found,
            where=self.name or ", ".join(self.outputs),
            advice="Export the model with torch.onnx.export, or give it as TorchScript.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A graph inside an operation: what a loop repeats, or one of two branches."""

    nodes: Sequence[Node]
    """In the order they are computed."""
    tensors: Mapping[str, Tensor]
    """Name of a value → the constant it is."""
    inputs: tuple[str, ...]
    """Names of the values it is given."""
    outputs: tuple[str, ...]
    """Names of the values it hands back."""


def needed(node: Node, inputs: Inputs, place: int) -> Tensor:
    """The input at a place.

    Raises:
        ModelError: it was left out.
    """
    value = inputs[place] if place < len(inputs) else None
    if value is None:
        raise node.refuse(f"no input number {place + 1}")
    return value


def optional(inputs: Inputs, place: int) -> Tensor | None:
    """The input at a place, or None where it was left out."""
    return inputs[place] if place < len(inputs) else None


def ints(value: Tensor) -> list[int]:
    """Whole numbers of a small tensor of shapes, axes or positions."""
    return [int(item) for item in value.reshape(-1).tolist()]


def axes_of(node: Node, inputs: Inputs, place: int = 1) -> list[int] | None:
    """Axes from an attribute (older files) or an input (newer ones); None for all."""
    given = optional(inputs, place)
    if given is not None:
        return ints(given) or None
    axes = node.get("axes")
    return None if axes is None else [int(axis) for axis in axes]


def bounded(node: Node, shape: Sequence[int]) -> list[int]:
    """A shape of bounded size.

    Raises:
        ModelError: it has too many elements, or a side below 0.
    """
    total = 1
    for side in shape:
        total *= int(side)
    if total > MOST or any(side < 0 for side in shape):
        raise node.refuse(f"a result of shape {list(shape)[:8]}", wanted=f"at most {MOST:,} elements")
    return [int(side) for side in shape]


def together(*values: Tensor) -> tuple[Tensor, ...]:
    """The values on one device: small constants follow the others."""
    devices = [value.device for value in values if value.device.type != "cpu"]
    return tuple(value.to(devices[0]) for value in values) if devices else values


TYPES: Mapping[int, torch.dtype] = {
    1: torch.float32,
    2: torch.uint8,
    3: torch.int8,
    5: torch.int16,
    6: torch.int32,
    7: torch.int64,
    9: torch.bool,
    10: torch.float16,
    11: torch.float64,
    16: torch.bfloat16,
}
"""Number of an element type in ONNX → torch's."""
