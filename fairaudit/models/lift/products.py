"""Modules of a lifted graph for what torch writes as functions: factors, gates, attention and linear maps.

The argument that relevance goes on through always comes first; whatever decides how much of it passes comes after.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

HOLE = object()
"""Stands for the one signal among the arguments of a linear map."""


class Scale(nn.Module):
    """A signal times a constant.

    Args:
        factor: any tensor that broadcasts to the signal's shape.
    """

    factor: Tensor

    def __init__(self, factor: Tensor) -> None:
        super().__init__()
        self.register_buffer("factor", factor)

    def forward(self, signal: Tensor) -> Tensor:
        """Signal · factor, of the signal's shape."""
        return signal * self.factor


class Shift(nn.Module):
    """A signal plus a constant, such as a position embedding.

    Args:
        offset: any tensor that broadcasts to the signal's shape.
    """

    offset: Tensor

    def __init__(self, offset: Tensor) -> None:
        super().__init__()
        self.register_buffer("offset", offset)

    def forward(self, signal: Tensor) -> Tensor:
        """Signal + offset, of the signal's shape."""
        return signal + self.offset


class GatedProduct(nn.Module):
    """The product of a signal and a gate that depends on the image too, as in squeeze-and-excitation."""

    def forward(self, signal: Tensor, gate: Tensor) -> Tensor:
        """Signal · gate, of the signal's shape."""
        return signal * gate


class SelfGatedProduct(GatedProduct):
    """An activation that a file spells out: a signal times a squashing function of itself, as SiLU, GELU and Hardswish.

    Relevance passes it as it passes the activation's own module, and it opens no way that another signal decides about.
    """


class Mix(nn.Module):
    """Values mixed by attention weights that were computed beside them.

    Args:
        product: how, as a function of values and weights.
    """

    def __init__(self, product: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.product = product

    def forward(self, values: Tensor, weights: Tensor) -> Tensor:
        """The product."""
        return self.product(values, weights)


class Attend(nn.Module):
    """softmax(q kᵀ · scale + mask) v.

    Args:
        scale: factor of the products; 1 / √width of a query when left out.
        causal: whether a token sees only itself and earlier ones.
    """

    def __init__(self, *, scale: float | None = None, causal: bool = False) -> None:
        super().__init__()
        self.scale, self.causal = scale, causal

    def forward(self, values: Tensor, query: Tensor, key: Tensor, mask: Tensor | None = None) -> Tensor:
        """[…, query, width] from values and keys [..., token, width]; the mask is added, or False where it hides."""
        return F.scaled_dot_product_attention(
            query, key, values, attn_mask=mask, is_causal=self.causal, scale=self.scale
        )

    def weights(self, query: Tensor, key: Tensor, mask: Tensor | None = None) -> Tensor:
        """The softmax [..., query, token] itself."""
        scale = self.scale if self.scale is not None else query.shape[-1] ** -0.5
        score = query * scale @ key.transpose(-2, -1)
        if self.causal:
            mask = torch.ones(score.shape[-2:], dtype=torch.bool, device=score.device).tril()
        if mask is not None:
            score = score.masked_fill(~mask, float("-inf")) if mask.dtype == torch.bool else score + mask
        return score.softmax(-1)


class LinearMap(nn.Module):
    """A function that is linear in its one signal, such as a mean over tokens or a bilinear enlargement.

    Args:
        function: the function.
        arguments: its positional arguments, with HOLE where the signal goes; lists may hold it too.
        names: its keyword arguments.
    """

    def __init__(self, function: Callable[..., Tensor], arguments: tuple[Any, ...], names: dict[str, Any]) -> None:
        super().__init__()
        self.function, self.arguments, self.names = function, arguments, names

    def forward(self, signal: Tensor) -> Tensor:
        """The function of the signal."""
        return self.function(*_filled(self.arguments, signal), **self.names)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> LinearMap:
        self.arguments = _moved(self.arguments, fn)
        moved: LinearMap = super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        return moved

    def __deepcopy__(self, memo: dict[int, Any]) -> LinearMap:
        """A copy that shares the constants, which nothing changes."""
        return LinearMap(self.function, self.arguments, dict(self.names)).train(self.training)


def third_by_head(packed: Tensor, third: int, heads: int) -> Tensor:
    """Queries (0), keys (1) or values (2) of a packed projection, [image, head, token, width of a head]."""
    part = packed.chunk(3, dim=-1)[third]
    return part.reshape(*part.shape[:2], heads, -1).transpose(1, 2)


def joined_heads(parts: Tensor) -> Tensor:
    """[image, head, token, width] to [image, token, head · width]."""
    return parts.transpose(1, 2).flatten(2)


def _filled(value: Any, signal: Tensor) -> Any:  # noqa: ANN401 - arguments of any type
    if value is HOLE:
        return signal
    return type(value)(_filled(item, signal) for item in value) if isinstance(value, list | tuple) else value


def _moved(value: Any, fn: Callable[[Tensor], Tensor]) -> Any:  # noqa: ANN401 - arguments of any type
    if isinstance(value, Tensor):
        return fn(value)
    return type(value)(_moved(item, fn) for item in value) if isinstance(value, list | tuple) else value
