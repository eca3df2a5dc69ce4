"""Whether images are scaled as in training: a batch norm keeps the statistics of its training inputs."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from fairaudit.errors import LiftError, MethodError
from fairaudit.models.classifier import Classifier

SCALES: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "pixels in [0, 1]": ((0.0,), (1.0,)),
    "ImageNet's mean and standard deviation": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "pixels in [-1, 1]": ((0.5,), (0.5,)),
    "pixels in [0, 255]": ((0.0,), (1 / 255,)),
}
"""The usual scalings of an input: name → (mean, std)."""


def scale_gap(model: Classifier, images: Tensor) -> float | None:
    """How far the images, as the model scales them, are from what its first batch norm saw in training.

    With running mean m_c and variance v_c of the first batch norm, mean a_c and variance b_c of what reaches it now:
    mean_c [(a_c − m_c)² / v_c + ln(b_c / v_c)²]. 0 for the training data itself; above about 0.5 the input is scaled or
    coloured in another way. Labels play no part.

    Args:
        model: the classifier, with the mean and standard deviation that are asked about.
        images: [image, channel, row, column] in [0, 1]; a few dozen do.

    Returns:
        The gap, or None where the model has no batch norm of feature maps with statistics, or cannot be lifted.
    """
    try:
        graph = model.lifted(images[:2]).module
    except (LiftError, MethodError):
        return None
    norm = next((m for m in graph.modules() if isinstance(m, nn.BatchNorm2d) and m.running_mean is not None), None)
    if norm is None:
        return None
    seen: list[Tensor] = []
    handle = norm.register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0].detach()))
    try:
        with torch.no_grad():
            graph(model.normalise(images))
    finally:
        handle.remove()
    return None if not seen else _gap(seen[0], norm)


def _gap(values: Tensor, norm: nn.BatchNorm2d) -> float:
    mean, variance = norm.running_mean, norm.running_var
    if mean is None or variance is None:
        raise ValueError("the batch norm keeps no statistics")
    values, mean = values.double(), mean.double()
    variance = variance.double().clamp_min(norm.eps)
    now = values.var((0, 2, 3), unbiased=False).clamp_min(norm.eps)
    shift = (values.mean((0, 2, 3)) - mean) ** 2 / variance
    return float((shift + (now / variance).log() ** 2).mean())
