"""Decoded images and masks to the model's input size, by the same geometry.

Resizing is antialiased and in 8 bits, as in the pipelines that models are trained with: torchvision's, to the last bit,
by the function of torch that torchvision calls. (Importing torchvision takes longer than torch, as it loads its models
and torch's compiler.) Masks are sampled at the pixel that holds the output pixel's centre, in whole numbers:
torchvision's "nearest" for masks is half a pixel off, and its "nearest-exact" rounds in float32, so that a mask could
differ from the box that it shows.
"""

from __future__ import annotations

import platform
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from fairaudit.config.schema import PreprocessConfig
from fairaudit.data.geometry import Geometry, Window


def transform_image(image: Image.Image, geometry: Geometry, config: PreprocessConfig) -> Tensor:
    """An image in mode L or RGB as uint8 [c, h, w] at the output's size.

    Grey to RGB repeats the channel; RGB to grey is ITU-R 601 luma (0.299 R + 0.587 G + 0.114 B).
    """
    mode = "L" if config.channels == 1 else "RGB"
    pixels = _pixels(image if image.mode == mode else image.convert(mode))
    kept = _cropped_and_padded(pixels, geometry)
    if config.interpolation == "box":
        resized = _box(kept, geometry.resized)
    elif config.interpolation == "nearest":
        resized = _nearest(kept, geometry.resized)
    else:
        resized = _resized(kept, geometry.resized, mode=config.interpolation, antialias=config.antialias)
    return _final(resized, geometry).contiguous()


def transform_mask(mask: NDArray[np.bool_], geometry: Geometry) -> NDArray[np.bool_]:
    """A mask [height, width] of the original as a mask of the output; padding is outside."""
    pixels = torch.from_numpy(mask.astype(np.uint8))[None]
    resized = _nearest(_cropped_and_padded(pixels, geometry), geometry.resized)
    result: NDArray[np.bool_] = _final(resized, geometry)[0].numpy().astype(bool)
    return result


def to_float(pixels: Tensor) -> Tensor:
    """uint8 to float32 in [0, 1]: v / 255."""
    return pixels.to(torch.float32).div_(255)


def _pixels(image: Image.Image) -> Tensor:
    """A copy of the image's pixels, uint8 [c, h, w], in the memory order of the image."""
    values = torch.from_numpy(np.array(image))
    return values[None] if values.ndim == 2 else values.permute(2, 0, 1)


def _cropped_and_padded(pixels: Tensor, geometry: Geometry) -> Tensor:
    pixels = _cropped(pixels, geometry.crop)
    if any(geometry.padding):
        left, top, right, bottom = geometry.padding
        pixels = F.pad(pixels, (left, right, top, bottom), value=0)
    return pixels


def _cropped(pixels: Tensor, window: Window) -> Tensor:
    return pixels[..., window.top : window.top + window.height, window.left : window.left + window.width]


def _final(pixels: Tensor, geometry: Geometry) -> Tensor:
    return pixels if geometry.output == geometry.resized else _cropped(pixels, geometry.final)


def _resized(pixels: Tensor, size: tuple[int, int], *, mode: Literal["bilinear", "bicubic"], antialias: bool) -> Tensor:
    """Torchvision's resizing of uint8 pixels: in whole numbers where torch does that fast, else in float32, rounded."""
    if tuple(pixels.shape[-2:]) == size:
        return pixels
    batch = pixels[None]
    whole = mode == "bicubic" or _vectorised()
    found = F.interpolate(batch if whole else batch.float(), size, mode=mode, align_corners=False, antialias=antialias)
    return found[0] if whole else found[0].round_().to(pixels.dtype)


def _vectorised() -> bool:
    """Whether torch resizes bytes bilinearly by vector instructions here, as torchvision asks too."""
    return torch.backends.cpu.get_cpu_capability() in {"AVX2", "AVX512"} or platform.machine() in {"aarch64", "arm64"}


def _box(pixels: Tensor, size: tuple[int, int]) -> Tensor:
    """Averages over the pixels under each output pixel, by Pillow."""
    values = pixels.permute(1, 2, 0).numpy()
    image = Image.fromarray(np.ascontiguousarray(values[:, :, 0] if values.shape[2] == 1 else values))
    return _pixels(image.resize((size[1], size[0]), Image.Resampling.BOX))


def _nearest(pixels: Tensor, size: tuple[int, int]) -> Tensor:
    """The pixel that holds each output pixel's centre: ⌊(i + ½) · in / out⌋ in whole numbers."""
    rows, columns = (
        (2 * torch.arange(wanted) + 1) * present // (2 * wanted)
        for present, wanted in zip(pixels.shape[-2:], size, strict=True)
    )
    return pixels[:, rows][:, :, columns]
