"""The fifteen common corruptions at five severities, each a seeded function of one image.

Names, order and number of severities are those of Hendrycks and Dietterich, "Benchmarking Neural Network Robustness to
Common Corruptions and Perturbations", ICLR 2019. The functions are written anew in NumPy and SciPy: noise, brightness,
contrast and JPEG have that paper's strengths; whatever has a length in pixels is scaled with the image's side; frost is
drawn and not photographed. Results are comparable within fairaudit, not with published ImageNet-C numbers.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from fairaudit.registry import Registry

Pixels = NDArray[np.float64]
"""[row, column, channel] in [0, 1]."""
Corruption = Callable[[Pixels, int, np.random.Generator], Pixels]
"""Pixels, severity 0 … 4 and draws → pixels, which may leave [0, 1]."""
SEVERITIES: Final = 5


def corrupt(pixels: Pixels, name: str, *, severity: int, draws: np.random.Generator) -> Pixels:
    """The image with one corruption, in [0, 1], of the same shape.

    Args:
        pixels: [row, column, channel] in [0, 1].
        name: one of CORRUPTIONS.
        severity: 1 (slight) to 5.
        draws: where noise comes from.

    Raises:
        UsageError: no corruption has that name.
        ValueError: no such severity.
    """
    if not 1 <= severity <= SEVERITIES:
        raise ValueError(f"severity must be from 1 to {SEVERITIES}, found {severity}")
    return np.clip(CORRUPTIONS[name](pixels, severity - 1, draws), 0.0, 1.0)


def _gaussian_noise(x: Pixels, s: int, draws: np.random.Generator) -> Pixels:
    return x + draws.normal(0.0, (0.08, 0.12, 0.18, 0.26, 0.38)[s], x.shape)


def _shot_noise(x: Pixels, s: int, draws: np.random.Generator) -> Pixels:
    photons = (60, 25, 12, 5, 3)[s]
    return draws.poisson(x * photons) / photons


def _impulse_noise(x: Pixels, s: int, draws: np.random.Generator) -> Pixels:
    hit = draws.random(x.shape) < (0.03, 0.06, 0.09, 0.17, 0.27)[s]
    return np.where(hit, draws.integers(0, 2, x.shape).astype(np.float64), x)


def _defocus_blur(x: Pixels, s: int, draws: np.random.Generator) -> Pixels:
    del draws
    return _convolve(x, disk((3, 4, 6, 8, 10)[s] * _scale(x)))


def _glass_blur(x: Pixels, s: int, draws: np.random.Generator) -> Pixels:
    reach = (1, 1, 2, 2, 3)[s]
    sigma = (0.4, 0.6, 0.7, 0.9, 1.1)[s]
    height, width = x.shape[:2]
    blurred = _gaussian(x, sigma)
    rows, columns = np.mgrid[:height, :width]
    shifted = [
        np.clip(place + draws.integers(-reach, reach + 1, place.shape), 0, size - 1)
        for place, size in ((rows, height), (columns, width))
    ]
    return _gaussian(blurred[shifted[0], shifted[1]], sigma)


def _motion_blur(x: Pixels, s: int, draws: np.random.Generator) -> Pixels:
    length = (10, 15, 20, 25, 30)[s] * _scale(x)
    return _convolve(x, line(length, angle=float(draws.uniform(-np.pi / 4, np.pi / 4))))


def _zoom_blur(x: Pixels, s: int, draws: np.random.Generator) -> Pixels:
    del draws
    most = (0.11, 0.16, 0.21, 0.26, 0.33)[s]
    zoomed = [_zoomed(x, 1 + factor) for factor in np.linspace(0, most, 10)]
    return np.asarray(np.mean(zoomed, axis=0), np.float64)


def _snow(x: Pixels, s: int, draws: np.random.Generator) -> Pixels:
    amount, whiten = ((0.02, 0.1), (0.04, 0.2), (0.06, 0.25), (0.08, 0.3), (0.11, 0.35))[s]
    flakes = (draws.random(x.shape[:2]) < amount).astype(np.float64)[..., None]
    streaks = _convolve(_gaussian(flakes, 0.5), line(12 * _scale(x), angle=float(draws.uniform(1.0, 2.1))))
    peak = max(float(streaks.max()), 1e-12)
    grey = x.mean(axis=2, keepdims=True)
    pale = (1 - whiten) * x + whiten * np.maximum(x, 0.5 + 0.5 * grey)
    return np.asarray(pale + 0.9 * streaks / peak, np.float64)


def _frost(x: Pixels, s: int, draws: np.random.Generator) -> Pixels:
    keep, ice = ((1.0, 0.4), (0.85, 0.55), (0.75, 0.65), (0.7, 0.7), (0.65, 0.8))[s]
    ridges = 1 - np.abs(2 * plasma(x.shape[0], x.shape[1], roughness=1.2, draws=draws) - 1)
    return np.asarray(keep * x + ice * (ridges**3)[..., None], np.float64)


def _fog(x: Pixels, s: int, draws: np.random.Generator) -> Pixels:
    density, roughness = ((1.0, 2.0), (1.5, 2.0), (2.0, 1.7), (2.5, 1.5), (3.0, 1.4))[s]
    cloud = plasma(x.shape[0], x.shape[1], roughness=roughness, draws=draws)
    brightest = max(float(x.max()), 1e-12)
    return np.asarray((x + density * cloud[..., None]) * brightest / (brightest + density), np.float64)


def _brightness(x: Pixels, s: int, draws: np.random.Generator) -> Pixels:
    del draws
    value = x.max(axis=2, keepdims=True)
    target = np.minimum(value + (0.1, 0.2, 0.3, 0.4, 0.5)[s], 1.0)
    # Hue and saturation stay: every channel is scaled like the value; black has neither and becomes grey.
    scaled = x * np.divide(target, value, out=np.zeros_like(value), where=value > 0)
    return np.asarray(np.where(value > 0, scaled, target), np.float64)


def _contrast(x: Pixels, s: int, draws: np.random.Generator) -> Pixels:
    del draws
    mean = x.mean(axis=(0, 1), keepdims=True)
    return np.asarray((x - mean) * (0.4, 0.3, 0.2, 0.1, 0.05)[s] + mean, np.float64)


def _elastic_transform(x: Pixels, s: int, draws: np.random.Generator) -> Pixels:
    side = min(x.shape[:2])
    reach, smooth = (0.03, 0.045, 0.06, 0.075, 0.09)[s] * side, max(0.05 * side, 1.0)
    moves = []
    for _ in range(2):
        field = ndimage.gaussian_filter(draws.uniform(-1, 1, x.shape[:2]), smooth, mode="reflect")
        moves.append(field / max(float(np.abs(field).max()), 1e-12) * reach)
    rows, columns = np.mgrid[: x.shape[0], : x.shape[1]]
    places = [rows + moves[0], columns + moves[1]]
    return np.stack(
        [ndimage.map_coordinates(x[..., c], places, order=1, mode="reflect") for c in range(x.shape[2])], axis=2
    )


def _pixelate(x: Pixels, s: int, draws: np.random.Generator) -> Pixels:
    del draws
    share = (0.6, 0.5, 0.4, 0.3, 0.25)[s]
    size = (x.shape[1], x.shape[0])
    small = (max(1, round(size[0] * share)), max(1, round(size[1] * share)))
    image = _picture(x).resize(small, Image.Resampling.BOX).resize(size, Image.Resampling.NEAREST)
    return _pixels(image)


def _jpeg_compression(x: Pixels, s: int, draws: np.random.Generator) -> Pixels:
    del draws
    buffer = io.BytesIO()
    _picture(x).save(buffer, format="JPEG", quality=(25, 18, 15, 10, 7)[s])
    with Image.open(buffer) as image:
        return _pixels(image)


CORRUPTIONS: Registry[Corruption] = Registry(
    "corruption",
    [
        ("gaussian_noise", _gaussian_noise),
        ("shot_noise", _shot_noise),
        ("impulse_noise", _impulse_noise),
        ("defocus_blur", _defocus_blur),
        ("glass_blur", _glass_blur),
        ("motion_blur", _motion_blur),
        ("zoom_blur", _zoom_blur),
        ("snow", _snow),
        ("frost", _frost),
        ("fog", _fog),
        ("brightness", _brightness),
        ("contrast", _contrast),
        ("elastic_transform", _elastic_transform),
        ("pixelate", _pixelate),
        ("jpeg_compression", _jpeg_compression),
    ],
)
"""Name → corruption, in the paper's order."""


def disk(radius: float) -> Pixels:
    """A disk that sums to 1, soft at its edge: [side, side] with an odd side; radius 0 is a single point."""
    half = int(np.ceil(radius))
    rows, columns = np.mgrid[-half : half + 1, -half : half + 1]
    inside = np.clip(radius + 0.5 - np.hypot(rows, columns), 0.0, 1.0)
    return np.asarray(inside / inside.sum(), np.float64)


def line(length: float, *, angle: float) -> Pixels:
    """A line through the middle that sums to 1: [side, side] with an odd side; at least three points long."""
    half = max(1, int(np.ceil(length / 2)))
    kernel = np.zeros((2 * half + 1, 2 * half + 1))
    for step in np.linspace(-half, half, 4 * half + 1):
        kernel[round(half + step * np.sin(angle)), round(half + step * np.cos(angle))] = 1.0
    return np.asarray(kernel / kernel.sum(), np.float64)


def plasma(height: int, width: int, *, roughness: float, draws: np.random.Generator) -> Pixels:
    """A cloud in [0, 1], [height, width]: noise whose spectrum falls as frequency^-roughness."""
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None, :])
    frequency[0, 0] = np.inf  # no constant part
    spectrum = np.fft.fft2(draws.normal(size=(height, width))) / frequency**roughness
    cloud = np.fft.ifft2(spectrum).real
    low, high = float(cloud.min()), float(cloud.max())
    return np.asarray((cloud - low) / max(high - low, 1e-12), np.float64)


def _scale(x: Pixels) -> float:
    """Lengths are given for a side of 224; pictures below 64 are blurred as if they were that large."""
    return float(max(min(x.shape[:2]), 64)) / 224


def _gaussian(x: Pixels, sigma: float) -> Pixels:
    return np.asarray(ndimage.gaussian_filter(x, (sigma, sigma, 0), mode="reflect"), np.float64)


def _convolve(x: Pixels, kernel: Pixels) -> Pixels:
    return np.asarray(ndimage.convolve(x, kernel[..., None], mode="reflect"), np.float64)


def _zoomed(x: Pixels, factor: float) -> Pixels:
    middle = (np.asarray(x.shape[:2]) - 1) / 2
    offset = (*(middle - middle / factor), 0.0)
    return np.asarray(
        ndimage.affine_transform(x, (1 / factor, 1 / factor, 1.0), offset=offset, order=1, mode="nearest"), np.float64
    )


def _picture(x: Pixels) -> Image.Image:
    values = np.round(np.clip(x, 0, 1) * 255).astype(np.uint8)
    return Image.fromarray(values[..., 0] if x.shape[2] == 1 else values)


def _pixels(image: Image.Image) -> Pixels:
    values = np.asarray(image, np.float64) / 255
    return values[..., None] if values.ndim == 2 else values
