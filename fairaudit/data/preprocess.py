"""Decoded images and masks to the model's input size, by the same geometry.

Resizing is antialiased and in 8 bits, as in the pipelines that models are trained with. Masks are sampled at the pixel
that holds the output pixel's centre, in whole numbers: torchvision's "nearest" for masks is half a pixel off, and its
"nearest-exact" rounds in float32, so that a mask could differ from the box that it shows.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torchvision import tv_tensors
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional as F

from fairaudit.config.schema import PreprocessConfig
from fairaudit.data.geometry import Geometry

_MODES = {
    "bilinear": InterpolationMode.BILINEAR,
    "bicubic": InterpolationMode.BICUBIC,
}


def transform_image(image: Image.Image, geometry: Geometry, config: PreprocessConfig) -> Tensor:
    """An image in mode L or RGB as uint8 [c, h, w] at the output's size.

    Grey to RGB repeats the channel; RGB to grey is ITU-R 601 luma (0.299 R + 0.587 G + 0.114 B).
    """
    mode = "L" if config.channels == 1 else "RGB"
    pixels = tv_tensors.Image(F.pil_to_tensor(image if image.mode == mode else image.convert(mode)))
    kept = _cropped_and_padded(pixels, geometry)
    if config.interpolation == "box":
        resized = _box(kept, geometry.resized)
    elif config.interpolation == "nearest":
        resized = _nearest(kept, geometry.resized)
    else:
        resized = F.resize(
            kept, list(geometry.resized), interpolation=_MODES[config.interpolation], antialias=config.antialias
        )
    return _final(resized, geometry).as_subclass(Tensor).contiguous()


def transform_mask(mask: NDArray[np.bool_], geometry: Geometry) -> NDArray[np.bool_]:
    """A mask [height, width] of the original as a mask of the output; padding is outside."""
    pixels = tv_tensors.Mask(torch.from_numpy(mask.astype(np.uint8))[None])
    resized = _nearest(_cropped_and_padded(pixels, geometry), geometry.resized)
    result: NDArray[np.bool_] = _final(resized, geometry)[0].numpy().astype(bool)
    return result


def to_float(pixels: Tensor) -> Tensor:
    """uint8 to float32 in [0, 1]: v / 255."""
    return pixels.to(torch.float32).div_(255)


def _cropped_and_padded(pixels: Tensor, geometry: Geometry) -> Tensor:
    crop = geometry.crop
    if (crop.height, crop.width) != geometry.original:
        pixels = F.crop(pixels, crop.top, crop.left, crop.height, crop.width)
    if any(geometry.padding):
        pixels = F.pad(pixels, list(geometry.padding), fill=0)
    return pixels


def _final(pixels: Tensor, geometry: Geometry) -> Tensor:
    window = geometry.final
    if geometry.output == geometry.resized:
        return pixels
    cut: Tensor = F.crop(pixels, window.top, window.left, window.height, window.width)
    return cut


def _box(pixels: Tensor, size: tuple[int, int]) -> Tensor:
    """Averages over the pixels under each output pixel, by Pillow."""
    image: Image.Image = F.to_pil_image(pixels)
    resized: Tensor = F.pil_to_tensor(image.resize((size[1], size[0]), Image.Resampling.BOX))
    return resized


def _nearest(pixels: Tensor, size: tuple[int, int]) -> Tensor:
    """The pixel that holds each output pixel's centre: ⌊(i + ½) · in / out⌋ in whole numbers."""
    rows, columns = (
        (2 * torch.arange(wanted) + 1) * present // (2 * wanted)
        for present, wanted in zip(pixels.shape[-2:], size, strict=True)
    )
    return pixels.as_subclass(Tensor)[:, rows][:, :, columns]
