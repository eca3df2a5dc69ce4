"""Which families of attribution methods are valid on a lifted model, and why the others are not.

The rules are an allow-list: a family whose needs are not all met is refused with the reason, and nothing is tried and
hoped for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal

import torch
from torch import Tensor, fx, nn

from fairaudit.errors import MethodError
from fairaudit.models.lift.carriers import carriers, layer_of, receivers, word
from fairaudit.models.lift.lift import Lifted

Family = Literal["gradient", "lrp", "gradcam"]


def methods_for(lifted: Lifted, images: Tensor) -> Mapping[Family, str | None]:
    """For each family None where it is valid, or the reason why it is not.

    gradient: the gradient of the logits with respect to the images exists, is finite and not all 0.
    lrp: every operation between the images and the logits is a layer with a propagation rule, or only moves numbers.
    gradcam: there is a last feature map that convolutions made, without attention after it.

    Args:
        lifted: the model.
        images: normalised images [image, channel, row, column] to take a gradient on.
    """
    gradient = _no_gradient(lifted.module, images)
    return MappingProxyType(
        {
            "gradient": gradient,
            "lrp": gradient or _no_rules(lifted.module),
            "gradcam": gradient or lifted.no_features,
        }
    )


def require(family: Family, reasons: Mapping[Family, str | None], *, method: str, model: str) -> None:
    """Refuse a method that is not valid.

    Raises:
        MethodError: with the reason, and the families that are valid.
    """
    reason = reasons[family]
    if reason is None:
        return
    valid = [name for name, other in reasons.items() if other is None]
    raise MethodError(
        f"{method} is not valid for this model: {reason}",
        where=model,
        advice=f"Valid here: {', '.join([*valid, 'perturbation'])} methods.",
    )


def _no_gradient(module: nn.Module, images: Tensor) -> str | None:
    probe = images.detach().clone().requires_grad_()
    try:
        with torch.enable_grad():
            outputs = module(probe)
            # Unequal weights: the sum of probabilities is 1 whatever the images are.
            weights = torch.arange(1, outputs.shape[1] + 1, device=outputs.device, dtype=outputs.dtype).sqrt()
            (gradient,) = torch.autograd.grad((outputs * weights).sum(), probe)
    except (RuntimeError, NotImplementedError) as error:
        return f"its outputs have no gradient with respect to the images ({str(error).splitlines()[0][:120]})"
    if not bool(torch.isfinite(gradient).all()):
        return "the gradient of its outputs with respect to the images is not finite"
    if bool(gradient.any()):
        return None
    zero = "the gradient of its outputs with respect to the images is 0 everywhere"
    with torch.no_grad():
        everything = torch.cat([outputs, module(-images)])
    alike = bool((everything == everything[:1]).all())
    return f"{zero}, because it answers every image with the same numbers" if alike else zero


def _no_rules(module: fx.GraphModule) -> str | None:
    layers, functions = _without_rule(module)
    if not layers and not functions:
        return None
    words = ", ".join([*_counted(layers), *_counted(functions)])
    hint = ""
    if "mul" in functions:
        hint = "; there is no agreed rule for products of two signals neither of which is a gate"
    if any(name in functions for name in ("matmul", "bmm", "einsum")):
        hint = "; of two signals that are multiplied, one has to be the softmax of an attention"
    elif any(name in functions for name in ("softmax", "_softmax", "log_softmax")):
        hint = "; a model that returns logits, without a softmax, can be explained"
    return f"it has operations without a propagation rule ({words}){hint}"


def _without_rule(module: fx.GraphModule) -> tuple[list[str], list[str]]:
    """Classes of modules and names of functions that relevance comes to and cannot leave."""
    layers, functions = [], []
    for node, passes in carriers(module).items():
        if passes:
            continue
        layer = layer_of(module, node)
        if layer is not None:
            layers.append(type(layer).__name__)
        else:
            constant = word(node) in ("mul", "div") and len(receivers(module, node)) == 1
            functions.append(f"{word(node)} by a constant" if constant else word(node))
    return layers, functions


def _counted(names: Iterable[str]) -> list[str]:
    found = list(names)
    return [f"{found.count(name)} {name}" for name in dict.fromkeys(found)]
