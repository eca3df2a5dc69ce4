"""What the columns of a table are likely to mean: image, id, split, person, boxes, and values to compare."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fairaudit.config.schema import DataConfig
from fairaudit.data.categorical import Categorical, encode
from fairaudit.data.tables import Table
from fairaudit.errors import DataError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".avif", ".jp2")
"""Endings of paths of images."""
MOST_VALUES = 12
"""A column with more values is no attribute that is proposed."""
MOST_CLASSES = 1000
"""A column with more values is no target."""
_LOOKED_AT = 50
_SPLITS = ("split", "partition", "subset", "fold", "set", "phase")
_TESTS = ("test", "testing", "report", "holdout", "eval", "val", "valid", "validation")
_PERSONS = ("person", "subject", "patient", "identity", "person_id", "subject_id", "patient_id", "identity_id")
_CORNERS = (
    ("x0", "y0", "x1", "y1"), ("x1", "y1", "x2", "y2"), ("xmin", "ymin", "xmax", "ymax"),
    ("left", "top", "right", "bottom"),
)  # fmt: skip
_UNKNOWN = frozenset(DataConfig.model_fields["unknown"].get_default(call_default_factory=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Four columns that hold a box per row."""

    name: str
    """Name of the region: what the columns' names have in common."""
    columns: tuple[str, str, str, str]
    """Columns of x0, y0, x1, y1."""
    units: str
    """pixel where a value is above 1, else fraction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What the columns are likely to be; a proposal that a person confirms."""

    image: str | None
    """Column of the images' paths."""
    id: str | None
    """Column of unique row ids."""
    split: str | None
    """Column that says which part of the data a row belongs to."""
    use: str | None
    """Value of `split` whose rows are audited."""
    cluster: str | None
    """Column of persons or other groups of images."""
    boxes: tuple[Box, ...]
    """Regions that the table holds."""
    categories: Mapping[str, Categorical]
    """Columns with few values, which can be the target or an attribute."""


def read_columns(table: Table) -> Columns:
    """Infer what the columns of a table mean, from their values first, then from their names."""
    image = next((name for name, texts in table.columns.items() if _paths(texts)), None)
    boxes = find_boxes(table)
    used = {image, *(name for box in boxes for name in box.columns)}
    rest = {name: texts for name, texts in table.columns.items() if name not in used and not _paths(texts)}
    split = next((name for name in rest if name.lower() in _SPLITS and len(set(rest[name])) <= MOST_VALUES), None)
    row = next((name for name in rest if name.lower() in ("id", "image_id", "row_id") and _unique(rest[name])), None)
    cluster = next((name for name in rest if name.lower() in _PERSONS and not _unique(rest[name])), None)
    free = {name: texts for name, texts in rest.items() if name not in (split, row, cluster)}
    return Columns(
        image=image,
        id=row,
        split=split,
        use=None if split is None else chosen_part(rest[split]),
        cluster=cluster,
        boxes=boxes,
        categories=_categories(table, free),
    )


def chosen_part(texts: Sequence[str]) -> str:
    """The value of a split column whose rows an audit should use: that of the test split, else the rarest.

    >>> chosen_part(["train", "train", "val", "test"]), chosen_part(["a", "a", "b"])
    ('test', 'b')
    """
    values = [value for value in dict.fromkeys(texts) if value]
    for wanted in _TESTS:
        for value in values:
            if value.lower() == wanted:
                return value
    return min(values, key=lambda value: (texts.count(value), value), default="")


def find_boxes(table: Table) -> tuple[Box, ...]:
    """Every four columns NAME_x0, NAME_y0, NAME_x1, NAME_y1, or with another of the usual endings."""
    found: dict[str, Box] = {}
    for corners in _CORNERS:
        for column in table.columns:
            match = re.fullmatch(rf"(.*?)[_.-]?{corners[0]}", column)
            if match is None:
                continue
            stem = column[: len(column) - len(corners[0])]
            columns = tuple(stem + corner for corner in corners)
            if all(name in table.columns for name in columns):
                name = match.group(1) or "box"
                found.setdefault(name, Box(name=name, columns=columns, units=_units(table, columns)))  # type: ignore[arg-type]
    return tuple(found.values())


def image_folder(table: Table, column: str, start: Path) -> Path:
    """The folder that the paths of a column start from: the table's, or one below it.

    Raises:
        DataError: the first images are in none of them.
    """
    names = [text for text in table.columns[column] if text][:_LOOKED_AT]
    for folder in (start, *sorted(path for path in start.iterdir() if path.is_dir() and path.name[:1] != ".")):
        if names and sum((folder / name).is_file() for name in names) * 2 > len(names):
            return folder
    raise DataError(
        "The images that the table names do not exist",
        wanted=f'files that the column "{column}" names, in {start} or a folder in it',
        found=f'"{names[0]}" and others are missing' if names else "an empty column",
        where=table.file,
        advice="Give the folder that the paths start from with --root.",
    )


def _units(table: Table, columns: Sequence[str]) -> str:
    numbers = [_number(text) for name in columns for text in table.columns[name][:1000]]
    return "pixel" if any(number is not None and number > 1 for number in numbers) else "fraction"


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _paths(texts: Sequence[str]) -> bool:
    first = [text for text in texts[: 4 * _LOOKED_AT] if text][:_LOOKED_AT]
    return bool(first) and sum(text.lower().endswith(SUFFIXES) for text in first) * 2 > len(first)


def _unique(texts: Sequence[str]) -> bool:
    return len(set(texts)) == len(texts)


def _categories(table: Table, free: Mapping[str, Sequence[str]]) -> dict[str, Categorical]:
    """Columns of at least two and at most a thousand values, each of which two rows have on average."""
    found: dict[str, Categorical] = {}
    for name, texts in free.items():
        values = {text for text in texts if text.strip().lower() not in _UNKNOWN}
        if not 2 <= len(values) <= min(MOST_CLASSES, max(len(texts) // 2, 2)):
            continue
        try:
            column = encode(name, texts, unknown=_UNKNOWN, where=table.file).column
        except DataError:  # such as true/false among numbers: the audit's own error says more when it is asked for
            continue
        if len(column.values) >= 2:
            found[name] = column
    return found
