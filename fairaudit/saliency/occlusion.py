"""Occlusion: how much evidence goes when a window is covered."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from fairaudit.saliency.gradients.baselines import Baseline, reference
from fairaudit.saliency.method import Attribution, Explained, Family, check
from fairaudit.saliency.objective import Objective, objective

_ROWS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Occlusion:
    """Mean of F(x) − F(x with the window covered) over the windows that cover a pixel.

    Windows slide by `stride`; the last one of each axis is moved in to the edge, so that every pixel is covered.
    Zeiler and Fergus 2014, arXiv:1311.2901, section 4.2.
    """

    window: int | None = None
    """Side of the window in pixels; None: an eighth of the shorter side."""
    stride: int | None = None
    """Step in pixels; None: half the window."""
    baseline: Baseline = "mean"
    """What covers it."""
    name: str = "occlusion"
    """Name in reports."""
    family: Family = "perturbation"
    """Needs predictions only."""

    def attribute(self, classifier: Explained, images: Tensor, classes: Tensor, *, seed: int = 0) -> Attribution:
        """See Method.attribute; draws nothing."""
        check(images, classes)
        height, width = images.shape[-2:]
        side = self.window if self.window is not None else max(1, min(height, width) // 8)
        step = self.stride if self.stride is not None else max(1, side // 2)
        masks = windows(height, width, side=side, step=step).to(images.device)
        target = objective(classifier, images, classes)
        cover = reference(images, self.baseline)
        drops = _drops(classifier, target, images, cover, masks)
        weights = masks.to(drops.dtype).flatten(1)
        maps = (drops @ weights) / weights.sum(0)
        return Attribution(maps=maps.view(-1, height, width).to(images.dtype), evaluations=target.evaluations)


def windows(height: int, width: int, *, side: int, step: int) -> Tensor:
    """Masks [window, row, column] of squares that slide over an image and cover all of it."""
    rows, columns = _starts(height, side, step), _starts(width, side, step)
    masks = torch.zeros((len(rows) * len(columns), height, width), dtype=torch.bool)
    for number, (top, left) in enumerate((row, column) for row in rows for column in columns):
        masks[number, top : top + side, left : left + side] = True
    return masks


def _starts(size: int, side: int, step: int) -> list[int]:
    last = max(0, size - side)
    return sorted({*range(0, last + 1, step), last})


def _drops(classifier: Explained, target: Objective, images: Tensor, cover: Tensor, masks: Tensor) -> Tensor:
    """F(x) − F(x with the window covered), float64 [image, window]; a flat batch of (image, window) rows."""
    count = len(masks)
    everything = torch.arange(len(images), device=target.seeds.device)
    whole = target.values(classifier.normalise(images), everything)
    covered = []
    for begin in range(0, len(images) * count, _ROWS):
        row = torch.arange(begin, min(begin + _ROWS, len(images) * count), device=images.device)
        image, window = row // count, row % count
        inputs = torch.where(masks[window, None], cover[image], images[image])
        covered.append(target.values(classifier.normalise(inputs), image.to(everything.device)))
    without = torch.cat(covered).view(len(images), count) if covered else whole[:, None]
    return (whole[:, None] - without).to(images.device)
