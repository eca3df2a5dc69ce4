"""WILDS folders such as Waterbirds: metadata.csv with img_filename, y, split 0/1/2 and attribute columns."""

from __future__ import annotations

from pathlib import Path

from fairaudit.data.dataset import Dataset
from fairaudit.data.layouts.common import PARTS, relabelled
from fairaudit.data.tables import read_csv
from fairaudit.errors import DataError


def read_wilds(root: Path) -> Dataset:
    """A folder with metadata.csv; the target is y, the attribute of Waterbirds is place, splits are train, val, test.

    Raises:
        DataError: metadata.csv is missing or has no img_filename or y.
    """
    path = root / "metadata.csv"
    if not path.is_file():
        raise DataError("This is not a WILDS folder", wanted="metadata.csv", where=str(root))
    table = read_csv(path)
    for name in ("img_filename", "y"):
        table.column(name, asked="the WILDS layout")
    if "split" in table.columns:
        table = table.plus({"split": relabelled(table.columns["split"], PARTS)})
    return Dataset(
        name=root.name,
        table=table,
        folder=root,
        image="img_filename",
        target="y",
        attributes=("place",) if "place" in table.columns else (),
    )
