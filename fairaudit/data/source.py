"""Where images come from: files in a folder, arrays in memory, or a subset of either."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fairaudit.data.decode import open_image
from fairaudit.errors import ImageError, RegionError, suggestion


class ImageSource(Protocol):
    """Images by row. Reading is thread-safe and depends on nothing but the row."""

    @property
    def mask_names(self) -> tuple[str, ...]:
        """Names of the masks that the source itself knows, without the @ that regions write before them."""

    def __len__(self) -> int:
        """Number of rows."""

    def read(self, row: int) -> Image.Image:
        """The upright image of a row in mode L or RGB; `info["note"]`, if there, states what was done to it.

        Raises:
            ImageError: it is missing or cannot be decoded.
        """

    def fingerprint(self, row: int) -> str:
        """SHA-256 of what the image is made from, or "missing"."""

    def name(self, row: int) -> str:
        """Path relative to the dataset's folder, or another name of the image."""

    def mask(self, row: int, name: str) -> NDArray[np.bool_]:
        """A mask of the original image's height and width that the source itself knows.

        Raises:
            RegionError: it knows none of that name.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSource:
    """Image files under one folder."""

    root: Path
    """Folder that names are relative to."""
    names: tuple[str, ...]
    """Path of every row's file, checked to stay in the folder; of a row that names none, its text."""
    upright: bool = True
    """Whether photographs are turned as their EXIF orientation says."""

    @property
    def mask_names(self) -> tuple[str, ...]:
        """None: files know nothing but pixels."""
        return ()

    def __len__(self) -> int:
        return len(self.names)

    def read(self, row: int) -> Image.Image:
        """The decoded file."""
        name = self.names[row]
        if not name or "\0" in name:
            problem = "The path holds a null character" if "\0" in name else "The row names no image"
            raise ImageError(problem, advice="Correct the manifest.")
        return open_image(self.root / name, upright=self.upright)

    def fingerprint(self, row: int) -> str:
        """SHA-256 of the file's bytes, or "missing"."""
        path = self.root / self.names[row]
        try:
            if not self.names[row] or not path.is_file():  # reading a device or a pipe would never end
                return "missing"
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return "missing"

    def name(self, row: int) -> str:
        """The path as the manifest gives it."""
        return self.names[row]

    def mask(self, row: int, name: str) -> NDArray[np.bool_]:
        """Always an error."""
        raise unknown_mask(name, self.mask_names)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArraySource:
    """Images that are already pixels in memory, such as MNIST's."""

    images: NDArray[np.uint8]
    """[row, height, width] or [row, height, width, 3]."""
    names: tuple[str, ...]
    """Name of every row."""

    def __post_init__(self) -> None:
        shape = self.images.shape
        if self.images.dtype != np.uint8 or not (len(shape) == 3 or (len(shape) == 4 and shape[3] == 3)):
            raise ValueError(f"images are {self.images.dtype}{shape}, not uint8 [row, height, width(, 3)]")
        if len(self.names) != len(self.images):
            raise ValueError(f"{len(self.names)} names for {len(self.images)} images")

    @property
    def mask_names(self) -> tuple[str, ...]:
        """None: pixels only."""
        return ()

    def __len__(self) -> int:
        return len(self.images)

    def read(self, row: int) -> Image.Image:
        """The row's pixels."""
        return Image.fromarray(self.images[row])

    def fingerprint(self, row: int) -> str:
        """SHA-256 of shape and pixels."""
        pixels = np.ascontiguousarray(self.images[row])
        return hashlib.sha256(f"{pixels.shape}".encode() + pixels.tobytes()).hexdigest()

    def name(self, row: int) -> str:
        """The row's name."""
        return self.names[row]

    def mask(self, row: int, name: str) -> NDArray[np.bool_]:
        """Always an error."""
        raise unknown_mask(name, self.mask_names)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubsetSource:
    """Some rows of another source, in a given order."""

    base: ImageSource
    """The whole."""
    rows: NDArray[np.int64]
    """Row of the whole for every row."""

    @property
    def mask_names(self) -> tuple[str, ...]:
        """Those of the whole."""
        return self.base.mask_names

    def __len__(self) -> int:
        return len(self.rows)

    def read(self, row: int) -> Image.Image:
        """The image of the whole's row."""
        return self.base.read(int(self.rows[row]))

    def fingerprint(self, row: int) -> str:
        """That of the whole's row."""
        return self.base.fingerprint(int(self.rows[row]))

    def name(self, row: int) -> str:
        """That of the whole's row."""
        return self.base.name(int(self.rows[row]))

    def mask(self, row: int, name: str) -> NDArray[np.bool_]:
        """That of the whole's row."""
        return self.base.mask(int(self.rows[row]), name)


def subset(source: ImageSource, rows: NDArray[np.int64]) -> ImageSource:
    """Some rows of a source; a subset of a subset is one subset."""
    if isinstance(source, SubsetSource):
        return SubsetSource(base=source.base, rows=source.rows[rows])
    return SubsetSource(base=source, rows=rows)


def stored_in_files(source: ImageSource) -> bool:
    """Whether every name is the path of a file that holds exactly the image that is read."""
    return isinstance(source.base if isinstance(source, SubsetSource) else source, FileSource)


def unknown_mask(name: str, known: Sequence[str]) -> RegionError:
    """The error for a mask that a source does not know."""
    return RegionError(
        f'These images come with no mask called "@{name}"',
        advice=suggestion(name, known) if known else "Give the region as a box, a polygon, columns or a mask file.",
    )
