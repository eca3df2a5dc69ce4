"""CelebA's folder: img_align_celeba/ with list_attr_celeba and, if there, partition, identity and landmark lists.

Both the original text files and the CSV variants of the copy on Kaggle are read. The identity becomes the cluster;
landmarks (lefteye_x … rightmouth_y, pixels of the aligned image) become columns for regions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from fairaudit.counted import counted
from fairaudit.data.dataset import Dataset
from fairaudit.data.layouts.common import PARTS, first_file, joined, relabelled
from fairaudit.data.tables import Table, read_csv, read_text, table_of
from fairaudit.errors import DataError

_IN_THE_WILD = ("img_celeba",)
_IMAGES = ("img_align_celeba", "img_align_celeba_png", "img_celeba", "images")


def read_celeba(root: Path) -> Dataset:
    """A CelebA folder.

    Raises:
        DataError: the attribute list or the image folder is missing, or a list is broken.
    """
    path = first_file(root, ("list_attr_celeba.txt", "list_attr_celeba.csv"), layout="CelebA", needed=True)
    if path is None:
        raise ValueError("a needed file is always found or an error")
    table = _list(path)
    files = table.columns["image_id"]
    folder = _image_folder(root)
    extra: dict[str, Sequence[str]] = {"file": [f"{folder}/{name}" for name in files]}
    extra |= _more(root, files)
    wild = folder.split("/")[0] in _IN_THE_WILD
    listed = first_file(root, ("list_landmarks_align_celeba.txt", "list_landmarks_align_celeba.csv"), layout="CelebA")
    notes = (
        (f"{listed.name} is not used: its coordinates are of the aligned images, and {folder} holds others.",)
        if wild and listed is not None
        else ()
    )
    return Dataset(
        name=root.name,
        notes=notes,
        table=table.plus(extra),
        folder=root,
        image="file",
        id="image_id",
        cluster="identity" if "identity" in extra else None,
    )


def _more(root: Path, files: Sequence[str]) -> Mapping[str, Sequence[str]]:
    columns: dict[str, Sequence[str]] = {}
    partition = first_file(root, ("list_eval_partition.txt", "list_eval_partition.csv"), layout="CelebA")
    if partition is not None:
        table = _list(partition, header=("image_id", "partition"))
        columns |= joined(table, "image_id", files)
        columns["split"] = relabelled(columns["partition"], PARTS)
    identity = first_file(root, ("identity_CelebA.txt", "identity_CelebA.csv"), layout="CelebA")
    if identity is not None:
        columns |= joined(_list(identity, header=("image_id", "identity")), "image_id", files)
    if _image_folder(root).split("/")[0] in _IN_THE_WILD:
        return columns  # the aligned landmarks below are coordinates of other images
    landmarks = first_file(
        root, ("list_landmarks_align_celeba.txt", "list_landmarks_align_celeba.csv"), layout="CelebA"
    )
    if landmarks is not None:
        columns |= joined(_list(landmarks), "image_id", files)
    return columns


def _list(path: Path, *, header: Sequence[str] | None = None) -> Table:
    """A list file: CSV, or words; the text files of attributes and landmarks begin with a count and a line of names."""
    if path.suffix == ".csv":
        table = read_csv(path)
        if "image_id" not in table.columns:
            table.column("image_id", asked="the CelebA layout")
        return table
    lines = read_text(path).splitlines()
    words = [(line.split(), f"line {number}") for number, line in enumerate(lines, start=1) if line.strip()]
    if header is None:
        if len(words) < 2 or len(words[0][0]) != 1 or not words[0][0][0].isdigit():
            raise DataError("A CelebA list begins with a count and a line of names", where=path.name)
        count, names, words = int(words[0][0][0]), words[1][0], words[2:]
        if count != len(words):
            raise DataError(
                "A CelebA list is cut off", wanted=counted(count, "row"), found=str(len(words)), where=path.name
            )
        header = ["image_id", *(names[1:] if names[0] == "image_id" else names)]
    return table_of(path.name, header, words)


def _image_folder(root: Path) -> str:
    for name in _IMAGES:
        if (root / name).is_dir():
            twice = root / name / name  # the copy on Kaggle unpacks to a folder in a folder
            return f"{name}/{name}" if twice.is_dir() else name
    raise DataError("The CelebA folder has no image folder", wanted=f"{_IMAGES[0]}/", where=str(root))
