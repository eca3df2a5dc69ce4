"""Operations that work on every element by itself: arithmetic, comparisons, activations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce

import torch
from torch import Tensor
from torch.nn import functional as F

from fairaudit.models.onnx.node import TYPES, Inputs, Node, Operation, needed, optional, together


def _one(function: Callable[[Tensor], Tensor]) -> Operation:
    return lambda node, inputs: function(needed(node, inputs, 0))


def _two(function: Callable[[Tensor, Tensor], Tensor]) -> Operation:
    def run(node: Node, inputs: Inputs) -> Tensor:
        return function(*together(needed(node, inputs, 0), needed(node, inputs, 1)))

    return run


def _many(function: Callable[[Tensor, Tensor], Tensor]) -> Operation:
    def run(node: Node, inputs: Inputs) -> Tensor:
        values = together(*(needed(node, inputs, place) for place in range(len(inputs))))
        return reduce(function, values)

    return run


def _divide(left: Tensor, right: Tensor) -> Tensor:
    if left.is_floating_point() or right.is_floating_point():
        return left / right
    return torch.div(left, right, rounding_mode="trunc")  # whole numbers are cut, as in C


def _mean(node: Node, inputs: Inputs) -> Tensor:
    values = together(*(needed(node, inputs, place) for place in range(len(inputs))))
    return reduce(torch.add, values) / len(values)


def _modulo(node: Node, inputs: Inputs) -> Tensor:
    left, right = together(needed(node, inputs, 0), needed(node, inputs, 1))
    return torch.fmod(left, right) if node.get("fmod", 0) else torch.remainder(left, right)


def _power(left: Tensor, right: Tensor) -> Tensor:
    return torch.pow(left, right.to(left.dtype)).to(left.dtype)


def _clip(node: Node, inputs: Inputs) -> Tensor:
    value = needed(node, inputs, 0)
    low, high = optional(inputs, 1), optional(inputs, 2)
    low_end = float(low) if low is not None else node.get("min")
    high_end = float(high) if high is not None else node.get("max")
    if low_end is None and high_end is None:
        return value
    if low_end == 0 and high_end is None:
        return value.relu()
    return value.clamp(low_end, high_end)


def _gelu(node: Node, inputs: Inputs) -> Tensor:
    return F.gelu(needed(node, inputs, 0), approximate=node.get("approximate", "none"))


def _hard_sigmoid(node: Node, inputs: Inputs) -> Tensor:
    value, alpha, beta = needed(node, inputs, 0), float(node.get("alpha", 0.2)), float(node.get("beta", 0.5))
    if abs(alpha - 1 / 6) < 1e-6 and beta == 0.5:
        return F.hardsigmoid(value)
    return (value * alpha + beta).clamp(0, 1)


def _leaky(node: Node, inputs: Inputs) -> Tensor:
    return F.leaky_relu(needed(node, inputs, 0), float(node.get("alpha", 0.01)))


def _selu(node: Node, inputs: Inputs) -> Tensor:
    value = needed(node, inputs, 0)
    alpha, gamma = float(node.get("alpha", 1.6732632)), float(node.get("gamma", 1.0507010))
    if abs(alpha - 1.6732632) < 1e-5 and abs(gamma - 1.0507010) < 1e-5:
        return F.selu(value)
    return F.elu(value, alpha) * gamma


def _dropout(node: Node, inputs: Inputs) -> Tensor:
    training = optional(inputs, 2)
    if training is not None and bool(training):
        raise node.refuse("dropout in training mode", wanted="a model exported in evaluation mode")
    return needed(node, inputs, 0)


def _elu(node: Node, inputs: Inputs) -> Tensor:
    return F.elu(needed(node, inputs, 0), float(node.get("alpha", 1.0)))


def _prelu(node: Node, inputs: Inputs) -> Tensor:
    value, slope = together(needed(node, inputs, 0), needed(node, inputs, 1))
    if slope.numel() == 1 or (value.dim() > 1 and slope.numel() == value.shape[1] and slope.dim() <= value.dim() - 1):
        return F.prelu(value, slope.reshape(-1))
    return torch.where(value >= 0, value, value * slope)


def _cast(node: Node, inputs: Inputs) -> Tensor:
    number = int(node.get("to", 1))
    if number not in TYPES:
        raise node.refuse(f"a cast to element type {number}")
    return needed(node, inputs, 0).to(TYPES[number])


def _cast_like(node: Node, inputs: Inputs) -> Tensor:
    return needed(node, inputs, 0).to(needed(node, inputs, 1).dtype)


def _where(node: Node, inputs: Inputs) -> Tensor:
    condition, left, right = together(*(needed(node, inputs, place) for place in range(3)))
    return torch.where(condition.bool(), left, right)


def _swish(node: Node, inputs: Inputs) -> Tensor:
    value, alpha = needed(node, inputs, 0), float(node.get("alpha", 1.0))
    return F.silu(value) if alpha == 1 else value * (alpha * value).sigmoid()


ELEMENTWISE: Mapping[str, Operation] = {
    "Add": _two(torch.add),
    "Sub": _two(torch.sub),
    "Mul": _two(torch.mul),
    "Div": _two(_divide),
    "Pow": _two(_power),
    "Mod": _modulo,
    "Sum": _many(torch.add),
    "Max": _many(torch.maximum),
    "Min": _many(torch.minimum),
    "Mean": _mean,
    "Equal": _two(torch.eq),
    "Greater": _two(torch.gt),
    "GreaterOrEqual": _two(torch.ge),
    "Less": _two(torch.lt),
    "LessOrEqual": _two(torch.le),
    "And": _two(torch.logical_and),
    "Or": _two(torch.logical_or),
    "Not": _one(torch.logical_not),
    "Neg": _one(torch.neg),
    "Abs": _one(torch.abs),
    "Sqrt": _one(torch.sqrt),
    "Reciprocal": _one(torch.reciprocal),
    "Exp": _one(torch.exp),
    "Log": _one(torch.log),
    "Erf": _one(torch.erf),
    "Sin": _one(torch.sin),
    "Cos": _one(torch.cos),
    "Floor": _one(torch.floor),
    "Ceil": _one(torch.ceil),
    "Round": _one(torch.round),
    "Sign": _one(torch.sign),
    "Identity": _one(lambda value: value),
    "Dropout": _dropout,
    "Relu": _one(torch.relu),
    "Sigmoid": _one(torch.sigmoid),
    "Tanh": _one(torch.tanh),
    "HardSwish": _one(F.hardswish),
    "Selu": _selu,
    "Softplus": _one(F.softplus),
    "Softsign": _one(F.softsign),
    "Mish": _one(F.mish),
    "Swish": _swish,
    "Gelu": _gelu,
    "HardSigmoid": _hard_sigmoid,
    "LeakyRelu": _leaky,
    "Elu": _elu,
    "PRelu": _prelu,
    "Clip": _clip,
    "Cast": _cast,
    "CastLike": _cast_like,
    "Where": _where,
}
"""Operation of ONNX → how torch computes it."""
