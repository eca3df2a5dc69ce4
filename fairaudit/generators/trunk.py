"""The convolutional halves that the built-in generators are made of."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fairaudit.errors import UsageError

SMALLEST_SIDE, LARGEST_SIDE = 28, 256


def check_size(channels: int, size: tuple[int, int]) -> None:
    """Refuse images that the built-in generators are not made for.

    Raises:
        UsageError: a side outside of 28 … 256, or channels other than 1 and 3.
    """
    if channels not in (1, 3) or not all(SMALLEST_SIDE <= side <= LARGEST_SIDE for side in size):
        raise UsageError(
            "The built-in generators do not take this size",
            wanted=f"1 or 3 channels of {SMALLEST_SIDE} to {LARGEST_SIDE} pixels a side",
            found=f"{channels} channels of {size[0]} x {size[1]} pixels",
            advice="Set preprocess.size, or bring a generator of your own as a TorchScript archive.",
        )


def sides(size: tuple[int, int], smallest: int = 7) -> list[tuple[int, int]]:
    """Height and width at every level, halved (rounding up) until a side is at most `smallest`.

    >>> sides((28, 28)), sides((64, 48))
    ([(28, 28), (14, 14), (7, 7)], [(64, 48), (32, 24), (16, 12), (8, 6)])
    """
    levels = [size]
    while min(levels[-1]) > smallest:
        height, width = levels[-1]
        levels.append(((height + 1) // 2, (width + 1) // 2))
    return levels


def widths(levels: int, width: int) -> list[int]:
    """Channels at every level below the image: doubling, at most eight times the first."""
    return [width * min(2**level, 8) for level in range(levels)]


class Down(nn.Module):
    """Images to a vector, or to a grid of vectors: strided convolutions, no layer that mixes images.

    Args:
        channels: channels of the input.
        size: height and width of the input.
        width: channels of the first level.
        features: length of the vector, or of every vector of the grid.
        grid: largest shorter side of the grid; 0 for one vector.
    """

    def __init__(self, channels: int, size: tuple[int, int], width: int, features: int, grid: int = 0) -> None:
        super().__init__()
        levels = sides(size, grid or 7)
        wide = widths(len(levels) - 1, width)
        layers: list[nn.Module] = []
        for before, after in zip([channels, *wide[:-1]], wide, strict=True):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.GroupNorm(_groups(after), after), nn.SiLU()]
        self.layers = nn.Sequential(*layers)
        self.out: nn.Module
        if grid:
            self.out = nn.Conv2d(wide[-1], features, 1)
        else:
            self.out = nn.Sequential(nn.Flatten(), nn.Linear(wide[-1] * levels[-1][0] * levels[-1][1], features))

    def forward(self, images: Tensor) -> Tensor:
        """[n, c, h, w] → [n, features], or [n, features, row, column] for a grid."""
        result: Tensor = self.out(self.layers(images))
        return result


class Up(nn.Module):
    """A vector, or a grid of them, to images in (0, 1).

    Convolutions and nearest-neighbour growth to half the size, then 2 × 2 sub-pixels.

    Args:
        features: length of the vector, or of every vector of the grid.
        channels: channels of the output.
        size: height and width of the output.
        width: channels of the last level before the image.
        grid: as for `Down`.
    """

    def __init__(self, features: int, channels: int, size: tuple[int, int], width: int, grid: int = 0) -> None:
        super().__init__()
        self.levels = sides(size, grid or 7)
        wide = widths(len(self.levels) - 1, width)
        start = (wide[-1], *self.levels[-1])
        self.into: nn.Module
        if grid:
            self.into = nn.Conv2d(features, start[0], 1)
        else:
            self.into = nn.Sequential(nn.Linear(features, start[0] * start[1] * start[2]), nn.Unflatten(1, start))
        blocks: list[nn.Module] = []
        for before, after in zip(wide[::-1], [*wide[-2::-1], width], strict=True):
            blocks.append(
                nn.Sequential(nn.Conv2d(before, after, 3, padding=1), nn.GroupNorm(_groups(after), after), nn.SiLU())
            )
        self.blocks = nn.ModuleList(blocks)
        self.out = nn.Conv2d(width, 4 * channels, 3, padding=1)

    def forward(self, vectors: Tensor) -> Tensor:
        """[n, features], or [n, features, row, column] for a grid → [n, c, h, w]."""
        found = self.into(vectors)
        for level, block in enumerate(self.blocks, start=2):
            found = block(found)
            # Growing after the convolution is a quarter of the work of growing before it.
            if level < len(self.levels):
                found = F.interpolate(found, size=self.levels[-level], mode="nearest")
        height, width = self.levels[0]
        return torch.sigmoid(F.pixel_shuffle(self.out(found), 2)[:, :, :height, :width])


def initialise(module: nn.Module) -> None:
    """He's initialisation of all weights: with torch's own, the first hundreds of steps learn only a mean image."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
            if part.bias is not None:
                nn.init.zeros_(part.bias)


def _groups(channels: int) -> int:
    # Few groups: one channel a group would take the mean of every channel away, and the colour of a ground with it.
    return 4 if channels % 64 == 0 else 1
