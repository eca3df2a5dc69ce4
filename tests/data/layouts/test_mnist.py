"""IDX files: plain and packed, and every way in which they can be broken."""

from __future__ import annotations

import gzip
import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest

from fairaudit.config.schema import Config
from fairaudit.data.layouts.mnist import read_idx
from fairaudit.data.open import open_manifest
from fairaudit.errors import DataError

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 3, 4), dtype=np.uint8)
LABELS = np.array([0, 1, 2, 2, 1, 0], np.uint8)


def idx(values: np.ndarray) -> bytes:
    return struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape) + values.tobytes()


def write(root: Path, prefix: str, images: np.ndarray, labels: np.ndarray, *, packed: bool = False, dot: str = "-"):
    for kind, values in ((f"images{dot}idx3", images), (f"labels{dot}idx1", labels)):
        path = root / f"{prefix}-{kind}-ubyte{'.gz' if packed else ''}"
        path.write_bytes(gzip.compress(idx(values)) if packed else idx(values))


def opened(root: Path, **data):
    asked = {"manifest": {"layout": "mnist", "root": str(root)}, **data}
    return open_manifest(Config.model_validate({"data": asked}), base=root)


@pytest.mark.parametrize(("packed", "dot"), [(False, "-"), (True, "-"), (False, ".")])
def test_pixels_and_labels(tmp_path, packed, dot):
    write(tmp_path, "t10k", IMAGES, LABELS, packed=packed, dot=dot)
    manifest = opened(tmp_path)
    assert manifest.ids[:2] == ("t10k/00000", "t10k/00001")
    assert manifest.target.values == ("0", "1", "2")
    assert np.array_equal(manifest.target.codes, LABELS)
    assert all(np.array_equal(np.asarray(manifest.source.read(row)), IMAGES[row]) for row in range(6))


def test_both_parts_are_splits(tmp_path):
    write(tmp_path, "train", IMAGES, LABELS)
    write(tmp_path, "t10k", IMAGES[:3] + 1, LABELS[:3], packed=True)
    whole = opened(tmp_path)
    assert len(whole) == 9
    assert whole.notes == (
        "all splits are used (test, train); name one with data.split, or with `fairaudit audit --split`",
    )
    test = opened(tmp_path, split={"use": "test"})
    assert test.ids == ("t10k/00000", "t10k/00001", "t10k/00002")
    assert np.array_equal(np.asarray(test.source.read(2)), IMAGES[2] + 1)
    assert opened(tmp_path, manifest=str(tmp_path)).digest() == whole.digest()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", ["not an IDX file", "an empty file"]),
        (b"\0\0\x08\x03\0\0\0\1", ["not an IDX file"]),
        (b"\0\0\x0d\x03" + b"\0\0\0\1" * 3, ["not an IDX file", "bytes 0 0 8 3", "0 0 13 3"]),
        (idx(LABELS), ["not an IDX file", "0 0 8 1"]),
        (idx(IMAGES)[:-5], ["cut off", "72 values", "67"]),
        (idx(IMAGES) + b"x", ["more than its header says"]),
        (struct.pack(">HBBIII", 0, 8, 3, 2**32 - 1, 2**32 - 1, 9), ["gives too large a size"]),
        (gzip.compress(idx(IMAGES))[:-12], ["cannot be read"]),
        (b"\x1f\x8bnothing", ["cannot be read"]),
    ],
    ids=["empty", "short", "float", "labels", "cut", "long", "huge", "packed-cut", "packed-broken"],
)
def test_broken_files(tmp_path, data, words):
    path = tmp_path / "t10k-images-idx3-ubyte"
    path.write_bytes(data)
    with pytest.raises(DataError) as caught:
        read_idx(path, dimensions=3)
    assert [word for word in [*words, path.name] if word not in str(caught.value)] == [], str(caught.value)


def test_broken_folders(tmp_path):
    with pytest.raises(DataError, match="not an MNIST folder"):
        opened(tmp_path)
    write(tmp_path, "t10k", IMAGES, LABELS[:5])
    with pytest.raises(DataError, match="differ in number"):
        opened(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match="no labels beside it"):
        opened(tmp_path)
    write(tmp_path, "t10k", IMAGES, LABELS)
    write(tmp_path, "train", IMAGES[:, :2], LABELS)
    with pytest.raises(DataError, match="differ in size"):
        opened(tmp_path)


def test_the_real_test_digits(mnist_folder):
    images = read_idx(mnist_folder / "t10k-images-idx3-ubyte.gz", dimensions=3)
    labels = read_idx(mnist_folder / "t10k-labels-idx1-ubyte.gz", dimensions=1)
    assert images.shape == (10_000, 28, 28)
    assert labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]  # the first digits of the published test set
    assert abs(images.mean() / 255 - 0.1325) < 0.0001  # the mean of the test set
    with gzip.open(mnist_folder / "t10k-images-idx3-ubyte.gz") as file:
        assert hashlib.sha256(file.read()[16:]).digest() == hashlib.sha256(images.tobytes()).digest()
