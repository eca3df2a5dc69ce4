"""What an audit keeps of a chunk: sums that are added, and per-image columns that are joined."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.generic]
Name = str | tuple[str, ...]
"""Of a sum or a column; several parts where it belongs to a method, a region or another thing with a name."""
Columns = dict[Name, Array]
"""Name → array; one that is being filled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The state of one audit after one chunk, or after several that were merged in order."""

    sums: Mapping[Name, Array] = field(default_factory=dict)
    """Name → array of int64 counts or float64 sums; merging adds them, so shapes are fixed by the manifest."""
    columns: Mapping[Name, Array] = field(default_factory=dict)
    """Name → array whose first axis runs over images; merging joins them in chunk order. No object arrays."""


def merge(parts: Iterable[Part]) -> Part:
    """The parts added and joined in the order given; float sums are added left to right, so order fixes every bit.

    Raises:
        ValueError: two parts disagree on names, or on the shape or type of a sum.
    """
    sums: Columns = {}
    columns: dict[Name, list[Array]] = {}
    for number, part in enumerate(parts):
        if number and (sums.keys() != part.sums.keys() or columns.keys() != part.columns.keys()):
            raise ValueError(f"part {number} has other names than the parts before it")
        for name, value in part.sums.items():
            sums[name] = _added(name, sums[name], value) if name in sums else value
        for name, value in part.columns.items():
            columns.setdefault(name, []).append(value)
    return Part(sums=sums, columns={name: np.concatenate(values) for name, values in columns.items()})


def _added(name: Name, left: Array, right: Array) -> Array:
    if left.shape != right.shape or left.dtype != right.dtype:
        raise ValueError(f"{name}: {left.dtype}{left.shape} cannot be added to {right.dtype}{right.shape}")
    return np.add(left, right)
