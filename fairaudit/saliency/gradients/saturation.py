"""Saturation of path methods: how much of a map comes from where the score no longer changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fairaudit.ratio import ratio
from fairaudit.saliency.gradients.path import Path
from fairaudit.saliency.method import Explained, check
from fairaudit.saliency.objective import objective

Floats = NDArray[np.float64]


@runtime_checkable
class OnPath(Protocol):
    """A method that integrates along a path that is known beforehand: integrated gradients, blur-IG and cgi.

    The paths of guided IG are found on the way, and expected gradients have a path per reference.
    """

    def path(self, classifier: Explained, images: Tensor) -> Path:
        """The path to these images."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saturation:
    """The evidence and what the map gathers, along a path from the reference to the image."""

    t: Floats
    """[point] places on the path, 0 … 1."""
    progress: Floats
    """[image, point] (F(γ(t)) − F(γ(0))) / (F(γ(1)) − F(γ(0))); NaN where both ends have the same F."""
    gathered: Floats
    """[image, point] share of ∫|∂F/∂γ · γ′| that lies before t; NaN where it is 0."""
    onset: Floats
    """[image] smallest t from which on the progress stays within 10 % of 1; NaN where the progress is undefined."""
    saturated: Floats
    """[image] share of ∫|∂F/∂γ · γ′| after the onset: 0 … 1, lower is better. Relevance from there is noise about F."""
    unsaturated: Floats
    """[image] share of the path's places in which F makes nine tenths of its moves, up and down, the largest first:
    0 … 0.9, higher is better; 0.9 where F moves evenly. NaN where F does not move."""


def saturation(classifier: Explained, images: Tensor, classes: Tensor, path: Path, *, points: int = 17) -> Saturation:
    """Follow F and its slope along a path of these images.

    Miglani et al. 2020, arXiv:2010.12697, section 3, with the region after 90 % of the change counted as saturated. A
    path may also start where F is flat, as one between two drawn images does; `unsaturated` counts flat places wherever
    they lie. Figure 7 of counterfactual interpolation augmentation compares paths by such curves, without a number.

    Args:
        classifier: the model.
        images: [image, channel, row, column] in [0, 1], the ends of the path.
        classes: [image] whose evidence is followed.
        path: such as `Straight` or `Deblurring`.
        points: evenly spaced places, at least 2.
    """
    check(images, classes)
    target = objective(classifier, images, classes)
    device = target.seeds.device
    count = len(images)
    t = torch.linspace(0, 1, points, dtype=torch.float64, device=device)
    image = torch.arange(count, device=device).repeat_interleave(points)
    value, gradient = target.gradients(path.points(image, t.repeat(count)), image)
    gradient = gradient.view(count, points, *gradient.shape[1:])
    steps = torch.arange(count, device=device).repeat_interleave(points - 1)
    moves = path.moves(steps, t[:-1].repeat(count), t[1:].repeat(count)).view(count, points - 1, *images.shape[1:])
    slopes = (0.5 * (gradient[:, :-1] + gradient[:, 1:]) * moves).flatten(2).double().sum(2)
    return _summary(t.cpu().numpy(), value.view(count, points).cpu().numpy(), slopes.abs().cpu().numpy())


def _summary(t: Floats, value: Floats, slopes: Floats) -> Saturation:
    progress = ratio(value - value[:, :1], value[:, -1:] - value[:, :1])
    gathered = ratio(np.pad(slopes.cumsum(axis=1), ((0, 0), (1, 0))), slopes.sum(axis=1, keepdims=True))
    near = np.abs(progress - 1) <= 0.1
    # The run of points near 1 that reaches the end: the first place from which all later ones are near.
    settled = np.logical_and.accumulate(near[:, ::-1], axis=1)[:, ::-1]
    first = settled.argmax(axis=1)
    defined = ~np.isnan(progress).any(axis=1)
    return Saturation(
        t=t,
        progress=progress,
        gathered=gathered,
        onset=np.where(defined, t[first], np.nan),
        saturated=np.where(defined, 1 - gathered[np.arange(len(first)), first], np.nan),
        unsaturated=unsaturated_share(value),
    )


def unsaturated_share(value: Floats, *, most: float = 0.9) -> Floats:
    """Share of evenly spaced steps, the largest first, that hold `most` of Σ|ΔF|; of the last step, the part needed.

    Args:
        value: [image, point] F along the path.
        most: share of the moves.

    >>> unsaturated_share(np.array([[0.0, 1.0, 2.0], [0.0, 5.0, 5.0], [2.0, 2.0, 2.0]])).round(2).tolist()
    [0.9, 0.45, nan]
    """
    moves = np.sort(np.abs(np.diff(value, axis=1)), axis=1)[:, ::-1]
    held = ratio(moves, moves.sum(axis=1, keepdims=True))
    before = np.cumsum(held, axis=1) - held
    needed = np.clip(ratio(most - before, held), 0.0, 1.0)
    # A step of 0 holds nothing: 0 / 0 there, where all others hold the whole already.
    return np.where(np.isnan(held).any(axis=1), np.nan, np.nan_to_num(needed).mean(axis=1))
