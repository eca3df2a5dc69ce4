"""MNIST's IDX files, plain or gzip: train-* and t10k-*, also for data sets of the same form such as Fashion-MNIST.

IDX: two zero bytes, a type byte (8 is uint8), the number of dimensions, each dimension as a big-endian 32-bit number,
then the values in row-major order (http://yann.lecun.com/exdb/mnist/).
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from fairaudit.data.dataset import Dataset
from fairaudit.data.layouts.common import labelled
from fairaudit.errors import DataError

MAX_BYTES = 4 * 2**30
_PARTS = (("train", "train"), ("t10k", "test"))


def read_mnist(root: Path) -> Dataset:
    """The parts that exist; the target is "label", splits are train and test, ids are such as t10k/00042.

    Raises:
        DataError: no part is there, a part is broken, or images and labels differ in number or size.
    """
    images, labels, splits, ids = [], [], [], []
    for prefix, split in _PARTS:
        path = _find(root, f"{prefix}-images", "idx3-ubyte")
        if path is None:
            continue
        label_path = _find(root, f"{prefix}-labels", "idx1-ubyte")
        if label_path is None:
            raise DataError(
                f"{path.name} has no labels beside it", wanted=f"{prefix}-labels-idx1-ubyte", where=str(root)
            )
        pixels, codes = read_idx(path, dimensions=3), read_idx(label_path, dimensions=1)
        if len(pixels) != len(codes):
            raise DataError(
                "Images and labels differ in number", found=f"{len(pixels)} and {len(codes)}", where=path.name
            )
        images.append(pixels)
        labels += [str(code) for code in codes.tolist()]
        splits += [split] * len(codes)
        ids += [f"{prefix}/{number:05d}" for number in range(len(codes))]
    if not images:
        raise DataError("This is not an MNIST folder", wanted="t10k-images-idx3-ubyte(.gz)", where=str(root))
    if len({pixels.shape[1:] for pixels in images}) > 1:
        raise DataError("Training and test images differ in size", where=str(root))
    return labelled(root, images, ids=ids, labels=labels, splits=splits)


def read_idx(path: Path, *, dimensions: int) -> NDArray[np.uint8]:
    """An IDX file of uint8 values.

    Raises:
        DataError: the header is not that of such a file, or the values are fewer or more than it says.
    """
    try:
        with _open(path) as file:
            header = file.read(4 + 4 * dimensions)
            if len(header) < 4 + 4 * dimensions or header[:4] != bytes((0, 0, 8, dimensions)):
                raise DataError(
                    "The file is not an IDX file of this kind",
                    wanted=f"bytes 0 0 8 {dimensions} first",
                    found=" ".join(str(byte) for byte in header[:4]) or "an empty file",
                    where=path.name,
                )
            shape = tuple(int(size) for size in np.frombuffer(header[4:], ">u4"))
            count = math.prod(shape)
            if count > MAX_BYTES:
                raise DataError(
                    "The header of the file gives too large a size", found=f"{count} bytes", where=path.name
                )
            data = file.read(count + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"The file cannot be read: {error}", where=path.name) from error
    if len(data) != count:
        raise DataError(
            "The file is cut off" if len(data) < count else "The file holds more than its header says",
            wanted=f"{count} values",
            found=str(len(data)) if len(data) < count else "more",
            where=path.name,
        )
    return np.frombuffer(data, np.uint8).reshape(shape)


def _open(path: Path) -> BinaryIO:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return cast(BinaryIO, gzip.open(path, "rb")) if packed else path.open("rb")


def _find(root: Path, stem: str, kind: str) -> Path | None:
    names = [f"{stem}{dot}{kind}{suffix}" for dot in "-." for suffix in ("", ".gz")]
    return next((root / name for name in names if (root / name).is_file()), None)
