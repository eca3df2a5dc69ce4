"""How pooling, sums, reshapes and activations become modules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from torch import fx, nn

from fairaudit.models.lift.arithmetic import linear_map
from fairaudit.models.lift.emit import Builder, Handler
from fairaudit.models.record import Call

Bound = dict[str, Any]


def pair(value: Any) -> Any:  # noqa: ANN401 - a padding may be a word
    """Two numbers of one or two; a word stays."""
    if isinstance(value, str):
        return value
    values = tuple(int(item) for item in value)
    return values * 2 if len(values) == 1 else values


def _max_pool(builder: Builder, call: Call, bound: Bound) -> fx.Node | None:
    kernel = pair(bound["kernel_size"])
    module = nn.MaxPool2d(
        kernel,
        stride=pair(bound["stride"]) if bound["stride"] else kernel,
        padding=pair(bound["padding"]),
        dilation=pair(bound["dilation"]),
        ceil_mode=bool(bound["ceil_mode"]),
    )
    return builder.module(module, bound["self"], kind="max_pool")


def _avg_pool(builder: Builder, call: Call, bound: Bound) -> fx.Node | None:
    kernel = pair(bound["kernel_size"])
    module = nn.AvgPool2d(
        kernel,
        stride=pair(bound["stride"]) if bound["stride"] else kernel,
        padding=pair(bound["padding"]),
        ceil_mode=bool(bound["ceil_mode"]),
        count_include_pad=bool(bound["count_include_pad"]),
        divisor_override=bound["divisor_override"],
    )
    return builder.module(module, bound["self"], kind="avg_pool")


def _adaptive_avg_pool(builder: Builder, call: Call, bound: Bound) -> fx.Node | None:
    return builder.module(nn.AdaptiveAvgPool2d(pair(bound["output_size"])), bound["self"], kind="avg_pool")


def _adaptive_max_pool(builder: Builder, call: Call, bound: Bound) -> fx.Node | None:
    return builder.module(nn.AdaptiveMaxPool2d(pair(bound["output_size"])), bound["self"], kind="max_pool")


def _mean(builder: Builder, call: Call, bound: Bound) -> fx.Node | None:
    """A mean over rows and columns is global average pooling; any other is a linear map."""
    dims = {int(dim) % 4 for dim in bound.get("dim") or ()}
    if len(builder.shape(bound["self"])) != 4 or dims != {2, 3} or bound["dtype"] is not None:
        return linear_map(builder, call)
    pooled = builder.module(nn.AdaptiveAvgPool2d((1, 1)), bound["self"], kind="avg_pool")
    pooled.meta["shape"] = (*builder.shape(bound["self"])[:2], 1, 1)
    return pooled if bound["keepdim"] else builder.module(nn.Flatten(1), pooled, kind="flatten")


def _flatten(builder: Builder, call: Call, bound: Bound) -> fx.Node | None:
    """A reshape to [image, features]."""
    before, after = builder.shape(bound["self"]), tuple(call.outputs[0].shape)
    if len(before) < 3 or len(after) != 2 or before[0] != builder.batch or after[0] != builder.batch:
        return None
    return builder.module(nn.Flatten(1), bound["self"], kind="flatten")


def _dropout(builder: Builder, call: Call, bound: Bound) -> fx.Node | None:
    """Nothing, in evaluation mode."""
    return None if bound["train"] else cast("fx.Node", builder.node(bound.get("input", bound.get("self"))))


def _activation(make: Callable[[Bound], nn.Module | None], kind: str, inputs: str = "self") -> Handler:
    def handler(builder: Builder, call: Call, bound: Bound) -> fx.Node | None:
        module = make(bound)
        return builder.module(module, bound[inputs], kind=kind) if module is not None else None

    return handler


def _clamp(bound: Bound) -> nn.Module | None:
    low, high = bound.get("min", bound.get("min_val")), bound.get("max", bound.get("max_val"))
    if not isinstance(low, int | float) or not isinstance(high, int | float | None):
        return None
    if low == 0 and high in (None, 6):
        return nn.ReLU() if high is None else nn.ReLU6()
    return nn.Hardtanh(float(low), float(high)) if high is not None else None


def _elu(bound: Bound) -> nn.Module | None:
    plain = bound["scale"] == 1 and bound["input_scale"] == 1
    return nn.ELU(float(bound["alpha"])) if plain else None


def _plain(module: Callable[[], nn.Module]) -> Callable[[Bound], nn.Module]:
    return lambda bound: module()


POOLING: Mapping[str, Handler] = {
    **dict.fromkeys(("max_pool2d", "max_pool2d_with_indices"), _max_pool),
    "avg_pool2d": _avg_pool,
    **dict.fromkeys(("adaptive_avg_pool2d", "_adaptive_avg_pool2d"), _adaptive_avg_pool),
    "adaptive_max_pool2d": _adaptive_max_pool,
    "mean": _mean,
    **dict.fromkeys(("flatten", "view", "reshape", "_unsafe_view"), _flatten),
    **dict.fromkeys(("dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout"), _dropout),
    "relu": _activation(_plain(nn.ReLU), "relu"),
    "relu6": _activation(_plain(nn.ReLU6), "relu6"),
    "selu": _activation(_plain(nn.SELU), "selu"),
    "silu": _activation(_plain(nn.SiLU), "silu"),
    "mish": _activation(_plain(nn.Mish), "mish"),
    "tanh": _activation(_plain(nn.Tanh), "tanh"),
    "sigmoid": _activation(_plain(nn.Sigmoid), "sigmoid"),
    "hardswish": _activation(_plain(nn.Hardswish), "hardswish"),
    "hardsigmoid": _activation(_plain(nn.Hardsigmoid), "hardsigmoid"),
    "elu": _activation(_elu, "elu"),
    "gelu": _activation(lambda bound: nn.GELU(bound["approximate"] or "none"), "gelu"),
    "leaky_relu": _activation(lambda bound: nn.LeakyReLU(float(bound["negative_slope"])), "leaky_relu"),
    "softplus": _activation(lambda bound: nn.Softplus(float(bound["beta"]), float(bound["threshold"])), "softplus"),
    **dict.fromkeys(("clamp", "clamp_min", "hardtanh"), _activation(_clamp, "clamp")),
}
"""Operation of torch, without a trailing underscore → how it becomes a module."""
