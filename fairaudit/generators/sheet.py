"""The reconstruction sheet: images above what the generator makes of them."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fairaudit.generators.generator import EncoderDecoder


def reconstruction_sheet(
    generator: EncoderDecoder, images: Tensor, *, columns: int = 8, gap: int = 2
) -> NDArray[np.uint8]:
    """Rows of images, each followed by a row of their reconstructions, on white: [row, column, 3] uint8.

    Args:
        generator: encode and decode.
        images: [n, c, h, w] in [0, 1].
        columns: images per row.
        gap: white pixels between images.
    """
    with torch.no_grad():
        found = generator.decode(generator.encode(images))
    pairs = [_bytes(part) for part in (images, found)]
    height, width = images.shape[2] + gap, images.shape[3] + gap
    rows = -(-len(images) // columns)
    sheet = np.full((2 * rows * height + gap, columns * width + gap, 3), 255, np.uint8)
    for number in range(len(images)):
        row, column = divmod(number, columns)
        for below, part in enumerate(pairs):
            top, left = (2 * row + below) * height + gap, column * width + gap
            sheet[top : top + images.shape[2], left : left + images.shape[3]] = part[number]
    return sheet


def _bytes(images: Tensor) -> NDArray[np.uint8]:
    """[n, c, h, w] in [0, 1] → [n, h, w, 3] bytes."""
    array = (images.detach().float().clamp(0, 1) * 255).round().byte().cpu().numpy()
    return np.repeat(array, 3 // array.shape[1], axis=1).transpose(0, 2, 3, 1)
