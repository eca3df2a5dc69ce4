"""Diffusion fill: the smoothest continuation of an image's surroundings into a region."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

SWEEPS = 12
"""Relaxation sweeps per level; the pyramid hands every level a start that is wrong only in its fine detail."""
OVER = 1.6
"""Over-relaxation, between 1 (Gauss-Seidel) and 2 (no convergence)."""


def inpaint(images: Tensor, masks: Tensor, *, sweeps: int = SWEEPS) -> Tensor:
    """Images whose masked pixels solve the heat equation at rest: every one is the mean of its four neighbours.

    Unmasked pixels keep their value and are the boundary; the image's own edge lets nothing through. Solved from coarse
    to fine over a pyramid of averages of the known pixels, with a fixed number of red-black over-relaxed sweeps per
    level, for all images and channels at once. Where no pixel is known there is nothing to diffuse: the image's mean is
    used. Filled pixels lie within the range of the known pixels around them, as the exact solution does.

    Args:
        images: `[image, channel, row, column]`.
        masks: True where pixels are replaced, `[image, row, column]`.
        sweeps: relaxation sweeps per level.

    Returns:
        Filled images; a new tensor.
    """
    filled = images.clone()
    start = images.mean(dim=(2, 3), keepdim=True)
    sizes = _sizes(masks)
    for size in torch.unique(sizes, dim=0).tolist():
        if not min(size):
            continue  # nothing to fill
        image = torch.nonzero((sizes == torch.tensor(size, device=sizes.device)).all(dim=1))[:, 0]
        rows, columns = _windows(masks[image], size)
        place = image[:, None, None]
        window = images[place, :, rows, columns].permute(0, 3, 1, 2)  # only the region's surroundings matter
        unknown = masks[place, rows, columns][:, None]
        solved = _solve(window, unknown, start[image], sweeps)
        filled[place, :, rows, columns] = torch.where(unknown, solved, window).permute(0, 2, 3, 1)
    return filled


def _sizes(masks: Tensor) -> Tensor:
    """Height and width of each image's window, `[image, 2]`; 0 without a mask.

    One more than the mask on each side, up to the next power of two: an image's window, and so its fill, must not
    depend on the other images, and few sizes make few groups.
    """
    return torch.stack([_length(masks.any(dim=2)), _length(masks.any(dim=1))], dim=1)


def _length(covered: Tensor) -> Tensor:
    first, last = _ends(covered)
    wanted = (last - first + 3).clamp(min=1)
    power = 2 ** torch.ceil(torch.log2(wanted.double())).long()
    return torch.where(covered.any(dim=1), power.clamp(max=covered.shape[1]), 0)


def _windows(masks: Tensor, size: list[int]) -> tuple[Tensor, Tensor]:
    """Indices `[image, height, 1]` and `[image, 1, width]` of windows of one size around the masks."""
    rows, columns = _span(masks.any(dim=2), size[0]), _span(masks.any(dim=1), size[1])
    return rows[:, :, None], columns[:, None, :]


def _span(covered: Tensor, length: int) -> Tensor:
    """Indices `[image, length]` of an interval around what is covered, inside the axis."""
    first, last = _ends(covered)
    before = (length - (last - first + 1)) // 2
    start = (first - before).clamp(0, covered.shape[1] - length)
    return start[:, None] + torch.arange(length, device=covered.device)


def _ends(covered: Tensor) -> tuple[Tensor, Tensor]:
    index = torch.arange(covered.shape[1], device=covered.device)
    first = torch.where(covered, index, covered.shape[1]).amin(dim=1)
    return first, torch.where(covered, index, -1).amax(dim=1)


def _solve(window: Tensor, unknown: Tensor, start: Tensor, sweeps: int) -> Tensor:
    levels = [(window, unknown)]
    while max(levels[-1][0].shape[2:]) > 1 and bool(levels[-1][1].any()):
        levels.append(_coarser(*levels[-1]))
    solution = torch.where(levels[-1][1], start, levels[-1][0])
    for known, missing in reversed(levels[:-1]):
        guess = functional.interpolate(solution, size=known.shape[2:], mode="bilinear", align_corners=False)
        solution = torch.where(missing, guess, known)
        solution = _relax(solution, missing, sweeps)
    low = window.masked_fill(unknown, torch.inf).amin(dim=(2, 3), keepdim=True)
    high = window.masked_fill(unknown, -torch.inf).amax(dim=(2, 3), keepdim=True)
    return torch.where(low <= high, torch.minimum(torch.maximum(solution, low), high), solution)


def _relax(solution: Tensor, missing: Tensor, sweeps: int) -> Tensor:
    height, width = solution.shape[2:]
    checker = torch.arange(height, device=solution.device)[:, None] + torch.arange(width, device=solution.device)
    colours = [missing & (checker % 2 == colour) for colour in (0, 1)]
    for _ in range(sweeps):
        for turn in colours:
            solution = torch.where(turn, (1 - OVER) * solution + OVER * _neighbours(solution), solution)
    return solution


def _coarser(known: Tensor, missing: Tensor) -> tuple[Tensor, Tensor]:
    """Averages of the known pixels over 2 x 2, unknown where none of them is known."""
    weight = (~missing).to(known.dtype)
    total, share = _halved(known * weight), _halved(weight)
    empty = share == 0
    return torch.where(empty, 0.0, total / share.masked_fill(empty, 1.0)), empty


def _halved(values: Tensor) -> Tensor:
    return functional.avg_pool2d(values, 2, ceil_mode=True, count_include_pad=False)


def _neighbours(values: Tensor) -> Tensor:
    padded = functional.pad(values, (1, 1, 1, 1), mode="replicate")
    vertical = padded[:, :, :-2, 1:-1] + padded[:, :, 2:, 1:-1]
    return (vertical + padded[:, :, 1:-1, :-2] + padded[:, :, 1:-1, 2:]) / 4
