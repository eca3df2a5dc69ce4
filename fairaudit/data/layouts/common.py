"""What several layouts need: finding files, joining tables by a key, and names of splits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fairaudit.data.dataset import Dataset
from fairaudit.data.source import ArraySource
from fairaudit.data.tables import Table
from fairaudit.errors import DataError

PARTS: Mapping[str, str] = {"0": "train", "1": "val", "2": "test"}
"""Split codes of CelebA and WILDS."""
IMAGE_SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm"))


def labelled(
    root: Path, images: Sequence[NDArray[np.uint8]], *, ids: list[str], labels: list[str], splits: list[str]
) -> Dataset:
    """A data set of images in memory, one array per part, with the target "label"."""
    return Dataset(
        name=root.name,
        table=Table(file=root.name, columns={"id": ids, "label": labels, "split": splits}, places=ids),
        folder=root,
        source=ArraySource(images=np.concatenate(images), names=tuple(ids)),
        id="id",
        target="label",
    )


def first_file(root: Path, names: Sequence[str], *, layout: str, needed: bool = False) -> Path | None:
    """The first of the files that exists, in the folder or in a folder Anno in it.

    Raises:
        DataError: none is there, and one is needed.
    """
    for folder in (root, root / "Anno", root / "Eval"):
        for name in names:
            if (folder / name).is_file():
                return folder / name
    if needed:
        raise DataError(f"This is not a {layout} folder", wanted=" or ".join(names), where=str(root))
    return None


def joined(table: Table, key: str, keys: Sequence[str]) -> dict[str, list[str]]:
    """The table's other columns in the order of the keys; "" where the table has no such key.

    Raises:
        DataError: the table has a key twice.
    """
    index: dict[str, int] = {}
    for row, text in enumerate(table.columns[key]):
        if text in index:
            raise DataError(
                f'"{text}" occurs twice',
                where=f"{table.file}, {table.places[index[text]]} and {table.places[row]}",
            )
        index[text] = row
    rows = [index.get(text, -1) for text in keys]
    return {
        name: [column[row] if row >= 0 else "" for row in rows] for name, column in table.columns.items() if name != key
    }


def relabelled(texts: Sequence[str], names: Mapping[str, str]) -> list[str]:
    """Texts with known codes replaced by names."""
    return [names.get(text, text) for text in texts]


def image_files(folder: Path) -> Iterator[Path]:
    """Image files below the folder, by suffix, sorted by path; hidden files are left out."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in IMAGE_SUFFIXES and not hidden and path.is_file():
            yield path


def decade(years: str) -> str:
    """An age in years as its decade, "" if it is not an age.

    >>> decade("34"), decade("105.0"), decade("")
    ('30-39', '100-109', '')
    """
    try:
        age = float(years)
    except ValueError:
        return ""
    if not 0 <= age < 130:
        return ""
    low = int(age) // 10 * 10
    return f"{low}-{low + 9}"
