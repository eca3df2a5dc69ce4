"""The fifteen common corruptions at five severities, each a seeded function of one image.

Names, order, severities and strengths are those of Hendrycks and Dietterich, "Benchmarking Neural Network Robustness to
Common Corruptions and Perturbations", ICLR 2019, and of the program that made ImageNet-C; the functions are written
anew in NumPy and SciPy. What differs: lengths in pixels are for a side of 224 and scaled with the image's, so that a
small image is corrupted as a large one would be before it is shrunk; frost and fog are drawn as noise with a falling
spectrum (the originals paste photographs, and halve squares at random); glass blur, whose shuffled pixels cannot be
scaled, and the elastic transform, whose published strengths do not grow with the severity, have strengths of their own.
Results are not comparable with ImageNet-C numbers.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

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
    radius, sigma = ((10, 3), (15, 5), (15, 8), (15, 12), (20, 15))[s]
    angle = float(draws.uniform(-np.pi / 4, np.pi / 4))
    return _convolve(x, trail(radius * _scale(x), sigma * _scale(x), angle=angle))


def _zoom_blur(x: Pixels, s: int, draws: np.random.Generator) -> Pixels:
    del draws
    most, step = ((0.10, 0.01), (0.15, 0.01), (0.20, 0.02), (0.24, 0.02), (0.30, 0.03))[s]
    zoomed = [_zoomed(x, 1 + number * step) for number in range(round(most / step) + 1)]
    return np.asarray(np.mean([x, *zoomed], axis=0), np.float64)


def _snow(x: Pixels, s: int, draws: np.random.Generator) -> Pixels:
    mean, deviation, zoom, least, radius, sigma, keep = (
        (0.1, 0.3, 3.0, 0.5, 10, 4, 0.8),
        (0.2, 0.3, 2.0, 0.5, 12, 4, 0.7),
        (0.55, 0.3, 4.0, 0.9, 12, 8, 0.7),
        (0.55, 0.3, 4.5, 0.85, 12, 8, 0.65),
        (0.55, 0.3, 2.5, 0.85, 12, 12, 0.55),
    )[s]
    size = tuple(max(1, round(side / _scale(x))) for side in x.shape[:2])
    flakes = _zoomed(draws.normal(mean, deviation, (*size, 1)), zoom)
    flakes = np.clip(np.where(flakes < least, 0.0, flakes), 0.0, 1.0)
    angle = float(draws.uniform(-3 * np.pi / 4, -np.pi / 4))
    streaks = _resized(_convolve(flakes, trail(radius, sigma, angle=angle)), x.shape[0], x.shape[1])
    pale = keep * x + (1 - keep) * np.maximum(x, 1.5 * _grey(x) + 0.5)
    return np.asarray(pale + streaks + streaks[::-1, ::-1], np.float64)


def _frost(x: Pixels, s: int, draws: np.random.Generator) -> Pixels:
    keep, ice = ((1.0, 0.4), (0.8, 0.6), (0.7, 0.7), (0.65, 0.7), (0.6, 0.75))[s]
    ridges = 1 - np.abs(2 * plasma(x.shape[0], x.shape[1], roughness=1.2, draws=draws) - 1)
    return np.asarray(keep * x + ice * (ridges**3)[..., None], np.float64)


def _fog(x: Pixels, s: int, draws: np.random.Generator) -> Pixels:
    density, roughness = ((1.5, 2.0), (2.0, 2.0), (2.5, 1.7), (2.5, 1.5), (3.0, 1.4))[s]
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
    from scipy import ndimage  # slow to import, and few commands plant anything

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


def trail(radius: float, sigma: float, *, angle: float) -> Pixels:
    """What a moving light leaves: half a Gaussian from the middle outwards, sums to 1, [side, side] with an odd side.

    Args:
        radius: the trail is 2 · radius + 1 points long, at least 3.
        sigma: its deviation, in points.
        angle: its direction, in radians; 0 is along the columns.
    """
    half = max(2, int(np.ceil(2 * radius)))
    kernel = np.zeros((2 * half + 1, 2 * half + 1))
    steps = np.arange(half + 1)
    places = (np.rint(half + steps * np.sin(angle)).astype(int), np.rint(half + steps * np.cos(angle)).astype(int))
    np.add.at(kernel, places, np.exp(-(steps**2) / (2 * max(sigma, 0.3) ** 2)))
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


def _grey(x: Pixels) -> Pixels:
    """Luma [row, column, 1]; of one channel that itself."""
    weights = np.array([0.299, 0.587, 0.114]) if x.shape[2] == 3 else np.full(x.shape[2], 1 / x.shape[2])
    return np.asarray((x * weights).sum(axis=2, keepdims=True), np.float64)


def _gaussian(x: Pixels, sigma: float) -> Pixels:
    from scipy import ndimage

    return np.asarray(ndimage.gaussian_filter(x, (sigma, sigma, 0), mode="reflect"), np.float64)


def _convolve(x: Pixels, kernel: Pixels) -> Pixels:
    from scipy import ndimage

    return np.asarray(ndimage.convolve(x, kernel[..., None], mode="reflect"), np.float64)


def _zoomed(x: Pixels, factor: float) -> Pixels:
    from scipy import ndimage

    middle = (np.asarray(x.shape[:2]) - 1) / 2
    offset = (*(middle - middle / factor), 0.0)
    return np.asarray(
        ndimage.affine_transform(x, (1 / factor, 1 / factor, 1.0), offset=offset, order=1, mode="nearest"), np.float64
    )


def _resized(x: Pixels, height: int, width: int) -> Pixels:
    """One channel at another size, averaged over what falls together."""
    image = Image.fromarray(x[..., 0].astype(np.float32))
    return np.asarray(image.resize((width, height), Image.Resampling.BOX), np.float64)[..., None]


def _picture(x: Pixels) -> Image.Image:
    values = np.round(np.clip(x, 0, 1) * 255).astype(np.uint8)
    return Image.fromarray(values[..., 0] if x.shape[2] == 1 else values)


def _pixels(image: Image.Image) -> Pixels:
    values = np.asarray(image, np.float64) / 255
    return values[..., None] if values.ndim == 2 else values
