"""Exact twins: for every row another image in which one attribute is flipped and nothing else."""

from __future__ import annotations

from collections.abc import Mapping

from fairaudit.config.flips import per_attribute
from fairaudit.config.schema import Config
from fairaudit.data.dataset import Dataset
from fairaudit.data.paths import inside
from fairaudit.data.source import FileSource, ImageSource
from fairaudit.errors import DataError

KEY = "audit.twins"


def twin_sources(config: Config, dataset: Dataset) -> Mapping[str, ImageSource]:
    """Attribute → images of the twins, over all rows of the table; a row whose cell is empty has none.

    Raises:
        ConfigError: it is not clear which attribute the twins are about.
        DataError: the column is missing or empty, a path leads out of the folder, or the images themselves are
            changed, which the twins would not be.
    """
    asked = per_attribute(config.audit.twins, config, key=KEY)
    if not asked:
        return {}
    if config.data.bias is not None:
        raise DataError(
            "Twins cannot be used with a planted bias",
            wanted="images as they are",
            found="data.bias, which changes the images and not their twins",
            where=KEY,
        )
    return {attribute: _source(dataset, column) for attribute, column in asked.items()}


def _source(dataset: Dataset, column: str) -> ImageSource:
    table = dataset.table
    texts = table.column(column, asked=KEY)
    if not any(texts):
        raise DataError(
            "No row has a twin", wanted="paths of images", found="empty cells", where=f"{table.file}, column {column}"
        )
    where = f'{table.file}, column "{column}"'
    names = tuple(
        inside(dataset.folder, text, where=f"{where}, {place}") if text else ""
        for text, place in zip(texts, table.places, strict=True)
    )
    return FileSource(root=dataset.folder, names=names)
