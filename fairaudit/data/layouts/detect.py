"""The known layout of a folder, by its content."""

from __future__ import annotations

from pathlib import Path

from fairaudit.data.layouts.common import image_files
from fairaudit.data.tables import read_csv
from fairaudit.errors import DataError

_SAMPLE = 20


def detect(root: Path) -> str:
    """The name of the folder's layout.

    Raises:
        DataError: nothing in it is known.
    """
    if any(
        (folder / f"list_attr_celeba.{kind}").is_file() for folder in (root, root / "Anno") for kind in ("txt", "csv")
    ):
        return "celeba"
    if any(root.glob("*-images*idx3-ubyte*")):
        return "mnist"
    if (root / "test_batch.bin").is_file() or (root / "data_batch_1.bin").is_file():
        return "cifar10"
    tables = sorted(root.glob("*.csv"))
    columns = {name for path in tables for name in read_csv(path).columns}
    if (root / "metadata.csv") in tables and {"img_filename", "y"} <= columns:
        return "wilds"
    if columns & {"isic_id", "image_name"} or {"image", "MEL"} <= columns:
        return "isic"
    files = [path for _, path in zip(range(_SAMPLE), image_files(root), strict=False)]
    if files and sum(_looks_like_utkface(path.name) for path in files) * 2 > len(files):
        return "utkface"
    if any(len(path.relative_to(root).parts) >= 2 for path in files):
        return "imagefolder"
    raise DataError(
        "The folder has no known dataset layout",
        wanted="a manifest file, or a folder of CelebA, WILDS, MNIST, CIFAR-10, UTKFace or ISIC, or one per class",
        where=str(root),
    )


def _looks_like_utkface(name: str) -> bool:
    words = name.split(".")[0].split("_")
    return len(words) >= 3 and all(word.isdecimal() for word in words)
