"""Files to upright 8-bit images in mode L or RGB: every odd kind of file is either understood or refused.

EXIF orientation is applied. Palettes become colours. 16-bit grey is scaled to 8 bits. CMYK and other colour spaces
become RGB by Pillow's formulas, without colour profiles. Transparent pixels are laid over black, which is also what
padding uses and what most training code, which drops alpha from cleared pixels, has seen. Of an animation the
first frame is taken, with a note. Nothing is decoded before its size is known to be sane, and only common picture
formats are: among Pillow's many others are some that run other programs, such as PostScript.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from fairaudit.errors import ImageError
from fairaudit.files import POINTER, is_pointer
from fairaudit.limits import PIXELS

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "DIB", "TIFF", "WEBP", "PPM", "JPEG2000", "AVIF")
"""Formats that are decoded, as far as the installed Pillow knows them; recognised by content, not by suffix."""

_ORIENTATION = 0x0112
_COUNTED = ("PNG", "WEBP", "AVIF")
"""Formats whose header has the number of frames."""
_COUNTABLE = 1 << 20
"""Bytes of a file in which frames are counted."""
_ALPHA = {"RGBA", "LA", "PA", "La", "RGBa"}
_SIXTEEN_BIT = {"I;16", "I;16L", "I;16B", "I;16N"}


def open_image(path: Path, *, upright: bool = True) -> Image.Image:
    """An image file, decoded, upright and in mode L or RGB.

    Args:
        path: the file.
        upright: whether it is turned as its EXIF orientation says; a note says that it was.

    Raises:
        ImageError: the file is missing, empty, truncated, too large, or no image.
    """
    try:
        if path.exists() and not path.is_file():  # raises ValueError for a NUL in the name
            raise ImageError("The path is a folder, a device or a pipe, not a file", where=path.name)
        with path.open("rb") as file:
            if not file.read(1):
                raise ImageError("The image file is empty (0 bytes)", where=path.name)
            file.seek(0)
            if Image.MAX_IMAGE_PIXELS is not None and PIXELS.value() > Image.MAX_IMAGE_PIXELS:
                Image.MAX_IMAGE_PIXELS = PIXELS.value()  # raised by the user, so Pillow's own limit goes up with it
            with Image.open(file, formats=_formats()) as image:
                _check_size(image.size, path.name)
                return _upright(image, turn=upright)
    except UnidentifiedImageError as error:
        if is_pointer(path):
            raise ImageError(f"The image file is {POINTER}", where=path.name) from error
        raise ImageError(
            "The file is not an image of a known format, or its header is damaged",
            wanted=", ".join(FORMATS),
            where=path.name,
        ) from error
    except FileNotFoundError as error:
        raise ImageError("The image file is missing", where=path.name) from error
    except (ImageError, MemoryError):
        raise
    except Exception as error:  # Pillow's decoders raise almost any type on damaged files
        raise ImageError("The image cannot be decoded", found=_reason(error), where=path.name) from error


def to_canonical(image: Image.Image) -> Image.Image:
    """A decoded image in mode L or RGB.

    Raises:
        ImageError: pixels are floating point or over 16 bits, so that their scale is not known.
    """
    mode = image.mode
    if mode in ("L", "RGB"):
        return _over_black(image.convert("RGBA"), grey=mode == "L") if "transparency" in image.info else image
    if mode == "1":
        return image.convert("L")
    if mode == "P":
        return _over_black(image.convert("RGBA")) if "transparency" in image.info else image.convert("RGB")
    if mode in _ALPHA:
        return _over_black(image.convert("RGBA"), grey=mode in ("LA", "La"))
    if mode in _SIXTEEN_BIT or mode == "I":
        return _eight_bit(image)
    if mode == "F":
        raise ImageError("The image has floating-point pixels, whose scale is not known", found=f"mode {mode}")
    return image.convert("RGB")


@cache
def _formats() -> tuple[str, ...]:
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def _check_size(size: tuple[int, int], name: str) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise ImageError("The image has no pixels", found=f"{width} x {height}", where=name)
    if width * height > PIXELS.value():
        raise ImageError(
            "The image is too large to be decoded safely",
            wanted=f"at most {PIXELS.value():,} pixels",
            found=f"{width} x {height}",
            where=name,
            advice=PIXELS.advice(),
        )


def _upright(image: Image.Image, *, turn: bool) -> Image.Image:
    note = _animation(image)
    image.load()
    if image.getexif().get(_ORIENTATION, 1) in range(2, 9):
        done = "turned as its EXIF orientation says" if turn else "not turned, though its EXIF orientation says so"
        note = f"{note}; {done}" if note else done
    result = to_canonical(ImageOps.exif_transpose(image) if turn else image)
    plain = result.copy()
    plain.info = {"note": note} if note else {}
    return plain


def _animation(image: Image.Image) -> str:
    """A note where there are several frames; counting them reads the whole file, so a large one is not counted."""
    if image.format in _COUNTED or _length(image) <= _COUNTABLE:
        frames = getattr(image, "n_frames", 1)
        return f"first of {frames} frames" if frames > 1 else ""
    return "first of several frames" if getattr(image, "is_animated", False) else ""


def _length(image: Image.Image) -> int:
    file = getattr(image, "fp", None)
    if file is None:
        return 0
    place = file.tell()
    end: int = file.seek(0, 2)
    file.seek(place)
    return end


def _over_black(image: Image.Image, *, grey: bool = False) -> Image.Image:
    canvas = Image.new("RGBA", image.size, (0, 0, 0, 255))
    canvas.alpha_composite(image)
    return canvas.convert("L" if grey else "RGB")


def _eight_bit(image: Image.Image) -> Image.Image:
    """16-bit grey as 8-bit: round(v / 257), so that 65535 is 255."""
    values = np.asarray(image).astype(np.int64)
    if values.min() < 0 or values.max() > 65535:
        raise ImageError(
            "The image has more than 16 bits per pixel, whose scale is not known",
            found=f"mode {image.mode}, values {values.min()} to {values.max()}",
        )
    return Image.fromarray(((values + 128) // 257).astype(np.uint8))


def _reason(error: Exception) -> str:
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return f"too many pixels: {error}"
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
