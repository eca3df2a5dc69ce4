"""CIFAR-10's binary files: pixels where they belong, and what is broken is refused."""

import numpy as np
import pytest

from fairaudit.config.schema import Config
from fairaudit.data.layouts.cifar10 import RECORD, read_batch
from fairaudit.data.layouts.detect import detect
from fairaudit.data.open import open_manifest
from fairaudit.errors import DataError


def batch(labels):
    """Red is the row's number, green the column's, blue 7."""
    rows, columns = np.mgrid[0:32, 0:32].astype(np.uint8)
    pixels = np.concatenate([rows.ravel(), columns.ravel(), np.full(1024, 7, np.uint8)])
    return b"".join(bytes([label]) + pixels.tobytes() for label in labels)


def opened(root, **data):
    asked = {"manifest": {"layout": "cifar10", "root": str(root)}, **data}
    return open_manifest(Config.model_validate({"data": asked}), base=root)


def test_pixels_labels_and_splits(tmp_path):
    (tmp_path / "data_batch_1.bin").write_bytes(batch([3, 9]))
    (tmp_path / "test_batch.bin").write_bytes(batch([0]))
    assert detect(tmp_path) == "cifar10"
    manifest = opened(tmp_path)
    assert manifest.ids == ("data_batch_1/00000", "data_batch_1/00001", "test_batch/00000")
    assert [manifest.target.label(row) for row in range(3)] == ["cat", "truck", "airplane"]
    pixels = np.asarray(manifest.source.read(0))
    assert pixels[5, 20].tolist() == [5, 20, 7]
    train = opened(tmp_path, split={"column": "split", "use": "train"})
    assert train.ids == ("data_batch_1/00000", "data_batch_1/00001")


@pytest.mark.parametrize(
    ("content", "problem"), [(b"", "whole number"), (b"x" * (RECORD + 1), "whole number"), (batch([11]), "label")]
)
def test_broken_files_are_refused(tmp_path, content, problem):
    path = tmp_path / "test_batch.bin"
    path.write_bytes(content)
    with pytest.raises(DataError, match=problem):
        read_batch(path)


def test_a_folder_without_them_is_refused(tmp_path):
    with pytest.raises(DataError, match="binary files"):
        opened(tmp_path)
