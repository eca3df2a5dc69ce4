"""Backward passes from given values at the output.

`torch.autograd.grad` with values for the output loads sympy to compare two shapes, which takes half a second once.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class _Start(torch.autograd.Function):
    """Nothing forward; backward, the given values."""

    @staticmethod
    def forward(ctx: Any, output: Tensor, values: Tensor) -> Tensor:  # noqa: ANN401 - what torch hands in
        ctx.save_for_backward(values)
        return output.new_zeros(())

    @staticmethod
    def backward(ctx: Any, *_one: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401 - what torch hands in
        (values,) = ctx.saved_tensors
        return values, None


def handed_down(output: Tensor, source: Tensor, values: Tensor) -> Tensor:
    """Σ_j values_j · ∂output_j/∂source, in the shape of `source`.

    Args:
        output: computed from `source`, on the tape.
        source: what to differentiate by.
        values: in the shape of `output`.

    Raises:
        ValueError: the values have another shape.
    """
    if values.shape != output.shape:
        raise ValueError(f"values of shape {tuple(values.shape)} for an output of shape {tuple(output.shape)}")
    with torch.enable_grad():
        start: Tensor = _Start.apply(output, values)
    (below,) = torch.autograd.grad(start, source)
    return below
