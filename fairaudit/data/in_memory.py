"""Arrays in memory as files that every audit reads alike."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairaudit.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def written_pictures(
    folder: Path, images: NDArray[np.uint8], target: object, attributes: object, size: tuple[int, int] | None
) -> dict[str, Any]:
    """Images in memory as files and a manifest; returns the sections of the configuration that name them.

    Raises:
        UsageError: the images are of another type or shape, or their labels or attributes are missing.
    """
    import numpy as np
    from PIL import Image

    values = np.asarray(images)
    if values.dtype != np.uint8 or values.ndim != 4 or values.shape[-1] != 3:
        raise UsageError(
            "The images cannot be used",
            wanted="an array [image, row, column, 3] of uint8",
            found=f"{values.dtype} of shape {values.shape}",
            advice="Other types would have to be rounded, and the numbers would be about other images.",
        )
    if target is None or isinstance(target, str) or not isinstance(attributes, Mapping) or not attributes:
        raise UsageError(
            "Images in memory need labels and attribute values",
            wanted="target=[image] labels, attributes={NAME: [image]}",
        )
    for number, image in enumerate(values):
        Image.fromarray(image).save(folder / f"{number}.png", compress_level=1)
    texts = {"file": [f"{number}.png" for number in range(len(values))], "target": as_texts(target)}
    texts |= {name: as_texts(column) for name, column in attributes.items()}
    write_columns(folder / "arrays.csv", texts)
    return {
        "data": {
            "manifest": str(folder / "arrays.csv"),
            "image": "file",
            "target": "target",
            "attributes": list(attributes),
        },
        "preprocess": {"size": list(size or values.shape[1:3])},
    }


def named_columns(features: object) -> dict[str, Any]:
    """Columns by name; a single one is called "group"."""
    if isinstance(features, Mapping) or hasattr(features, "columns"):
        return {str(name): values for name, values in features.items()}  # type: ignore[attr-defined]
    return {"group": features}


def as_texts(values: object) -> list[str]:
    """A column as text; None, NaN and nothing are empty, which reads as unknown."""
    import numpy as np

    column = np.asarray(values).ravel().tolist()
    return ["" if value is None or value != value else str(value) for value in column]


def write_columns(path: Path, columns: Mapping[str, Iterable[str]]) -> None:
    """Write columns of one length as CSV.

    Raises:
        UsageError: they differ in length.
    """
    lists = {name: list(values) for name, values in columns.items()}
    lengths = {name: len(values) for name, values in lists.items()}
    if len(set(lengths.values())) != 1:
        raise UsageError(
            "The columns differ in length", found=", ".join(f"{name} {length}" for name, length in lengths.items())
        )
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(lists)
        writer.writerows(zip(*lists.values(), strict=True))
