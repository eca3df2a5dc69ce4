"""Concept activation vectors: the direction in which a layer's features change with the attribute.

At an association of .9 the plain direction is mostly that of the target. *Within class*, features and attribute are
centred by target value first, which leaves what the attribute does beside it. Closed forms or convex fits, no random
numbers, and labels that stay beside their rows whatever the batch size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from fairaudit.errors import MethodError
from fairaudit.mitigation.method import Task
from fairaudit.mitigation.samples import DataPart
from fairaudit.registry import Registry

BATCH = 256
RIDGE = 1e-3
"""Penalties are relative to the features' mean variance."""
STEPS = 300

Fit = Callable[[Tensor, Tensor], Tensor]
"""Centred features [image, feature] and centred labels [image] → a direction [feature] of any length."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Concept:
    """A direction at a layer, and where both attribute values lie."""

    layer: str | None
    """Name of the module whose output it lives in; None for the bottleneck."""
    vector: Tensor
    """v, of length 1, [channel or feature], float64."""
    without: Tensor
    """Mean features where the attribute has its first value."""
    having: Tensor
    """Mean features where it has its second."""
    accuracy: float
    """Share of rows that the best threshold along v puts on the right side: .5 or less for a direction of nothing."""


def concept(
    task: Task, part: DataPart, *, kind: str = "mean", layer: str | None = None, within: bool = True
) -> Concept:
    """The concept of an attribute of two values.

    Args:
        task: the model.
        part: rows to learn from.
        kind: name in `CAVS`.
        layer: module whose output is looked at, its channels averaged over places; None for the bottleneck.
        within: centre features and labels by target value first.

    Raises:
        MethodError: the direction has no length, or a value of the attribute has no rows.
    """
    values = activations(task, part, layer)
    known = part.attribute >= 0
    x, a, t = values[known], part.attribute[known].double(), part.target[known]
    if not bool((a == 0).any() and (a == 1).any()):
        raise MethodError("A concept needs rows of both values of the attribute")
    groups = t if within else torch.zeros_like(t)
    direction = CAVS[kind](centred(x, groups), centred(a[:, None], groups)[:, 0])
    length = float(direction.norm())
    if not length > 0:
        raise MethodError(f'The concept "{kind}" has no direction: every weight is 0', where=layer or "bottleneck")
    vector = direction / length
    along = x @ vector
    return Concept(
        layer=layer,
        vector=vector,
        without=x[a == 0].mean(0),
        having=x[a == 1].mean(0),
        accuracy=_best_cut(along, a),
    )


@torch.no_grad()
def activations(task: Task, part: DataPart, layer: str | None, *, batch_size: int = BATCH) -> Tensor:
    """Features of every row in the order of the part, float64 on the CPU, [image, feature]."""
    found = []
    module = task.split.module.eval()
    for rows in torch.split(torch.arange(len(part)), batch_size):
        images = part.take(rows).images
        if layer is None:
            found.append(module(images)[0].flatten(1).double().cpu())
            continue
        kept: list[Tensor] = []
        with watched(module, layer, kept):
            module(images)
        found.append(pooled(kept[0]).double().cpu())
    return torch.cat(found)


def pooled(values: Tensor) -> Tensor:
    """Channels averaged over places: [image, channel, …] → [image, channel]."""
    return values.flatten(2).mean(2) if values.dim() > 2 else values


@contextmanager
def watched(module: nn.Module, layer: str, kept: list[Tensor]) -> Iterator[None]:
    """Keep what a layer returns while the context is open; the hook is gone after it, whatever happened.

    Raises:
        MethodError: there is no such layer.
    """

    def keep(_module: nn.Module, _inputs: Any, output: Tensor) -> None:  # noqa: ANN401
        kept.append(output)

    with hooked(module, layer, keep):
        yield


@contextmanager
def hooked(module: nn.Module, layer: str, hook: Callable[..., Tensor | None]) -> Iterator[None]:
    """A forward hook while the context is open.

    Raises:
        MethodError: there is no such layer.
    """
    try:
        handle = module.get_submodule(layer).register_forward_hook(hook)
    except AttributeError as error:
        raise MethodError(f'The model has no module called "{layer}"') from error
    try:
        yield
    finally:
        handle.remove()


def centred(values: Tensor, groups: Tensor) -> Tensor:
    """Values less the mean of their group, [image, …]."""
    found = values.clone()
    for group in torch.unique(groups):
        inside = groups == group
        found[inside] -= found[inside].mean(0)
    return found


def mean_difference(x: Tensor, a: Tensor) -> Tensor:
    """Covariance of features and labels: for two values the difference of their means, up to a factor."""
    return x.t() @ a / len(a)


def ridge(x: Tensor, a: Tensor) -> Tensor:
    """(XᵀX/n + λ I)⁻¹ Xᵀa/n with λ a thousandth of the mean variance."""
    gram = x.t() @ x / len(a)
    eye = torch.eye(len(gram), dtype=x.dtype)
    found: Tensor = torch.linalg.solve(gram + RIDGE * gram.diagonal().mean().clamp(min=1e-12) * eye, x.t() @ a / len(a))
    return found


def lasso(x: Tensor, a: Tensor) -> Tensor:
    """Min ½‖Xw - a‖²/n + λ‖w‖₁ by proximal gradient steps, λ a twentieth of the smallest that gives w = 0."""
    gram, cross = x.t() @ x / len(a), x.t() @ a / len(a)
    step = 1 / torch.linalg.matrix_norm(gram, 2).clamp(min=1e-12)
    limit, w = 0.05 * cross.abs().max(), torch.zeros_like(cross)
    for _ in range(STEPS):
        moved = w - step * (gram @ w - cross)
        w = moved.sign() * (moved.abs() - step * limit).clamp(min=0)
    return w


def logistic(x: Tensor, a: Tensor) -> Tensor:
    """Logistic regression with a ridge penalty."""
    return _convex(x, a, lambda margin: torch.nn.functional.softplus(-margin))


def svm(x: Tensor, a: Tensor) -> Tensor:
    """Linear support vector machine with the squared hinge, and a ridge penalty."""
    return _convex(x, a, lambda margin: (1 - margin).clamp(min=0).square())


CAVS: Registry[Fit] = Registry(
    "concept vector",
    [("mean", mean_difference), ("ridge", ridge), ("lasso", lasso), ("logistic", logistic), ("svm", svm)],
)
"""Name → how the direction is fitted."""


def _convex(x: Tensor, a: Tensor, loss: Callable[[Tensor], Tensor]) -> Tensor:
    sign = torch.where(a > 0, 1.0, -1.0).to(x.dtype)
    scale = x.square().mean().sqrt().clamp(min=1e-12)
    w = torch.zeros(x.shape[1] + 1, dtype=x.dtype, requires_grad=True)
    optimiser = torch.optim.LBFGS([w], max_iter=STEPS, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        margin = sign * (x @ w[:-1] / scale + w[-1])
        value = loss(margin).mean() + RIDGE * w[:-1].square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    return w[:-1].detach()


def _best_cut(along: Tensor, a: Tensor) -> float:
    order = torch.argsort(along)
    ones = a[order].cumsum(0)
    below = torch.arange(1, len(a) + 1, dtype=a.dtype) - ones  # zeros below each cut
    right = below + (ones[-1] - ones)
    return float(torch.maximum(right, len(a) - right).max() / len(a))
