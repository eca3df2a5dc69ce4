"""CIFAR-10's own binary files, data_batch_1.bin to data_batch_5.bin and test_batch.bin; never the pickled ones.

Every record is one byte with the label and 3,072 with the pixels, channel by channel, row by row
(https://www.cs.toronto.edu/~kriz/cifar.html).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fairaudit.data.dataset import Dataset
from fairaudit.data.layouts.common import labelled
from fairaudit.errors import DataError

SIDE, CHANNELS = 32, 3
RECORD = 1 + CHANNELS * SIDE * SIDE
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_PARTS = (*((f"data_batch_{number}", "train") for number in range(1, 6)), ("test_batch", "test"))


def read_cifar10(root: Path) -> Dataset:
    """The parts that exist; the target is "label" by name, splits are train and test, ids such as test_batch/00042.

    Raises:
        DataError: no part is there, or one is broken.
    """
    images, labels, splits, ids = [], [], [], []
    for stem, split in _PARTS:
        path = root / f"{stem}.bin"
        if not path.is_file():
            continue
        pixels, codes = read_batch(path)
        images.append(pixels)
        labels += [CLASSES[code] for code in codes.tolist()]
        splits += [split] * len(codes)
        ids += [f"{stem}/{number:05d}" for number in range(len(codes))]
    if not images:
        raise DataError(
            "This is not a folder of CIFAR-10's binary files",
            wanted="test_batch.bin or data_batch_1.bin",
            where=str(root),
            advice="Take the binary version of the data set; the Python version is pickled, and is not opened.",
        )
    return labelled(root, images, ids=ids, labels=labels, splits=splits)


def read_batch(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images [image, row, column, channel] and labels [image] of one file.

    Raises:
        DataError: it cannot be read, is no whole number of records, or has a label beyond 9.
    """
    try:
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise DataError(f"The file cannot be read: {error}", where=path.name) from error
    if not len(data) or len(data) % RECORD:
        raise DataError(
            "The file does not hold a whole number of records",
            wanted=f"a multiple of {RECORD} bytes",
            found=f"{len(data)} bytes",
            where=path.name,
        )
    records = data.reshape(-1, RECORD)
    labels = records[:, 0]
    if int(labels.max()) >= len(CLASSES):
        raise DataError("A record has a label that does not exist", wanted="0 to 9", found=str(labels.max()),
                        where=path.name)  # fmt: skip
    pixels = records[:, 1:].reshape(-1, CHANNELS, SIDE, SIDE).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(pixels), labels
