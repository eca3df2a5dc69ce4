"""Columns of a table as the parts of a manifest: target, cluster, and what regions need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from fairaudit.config.schema import Config, DataConfig, ModelConfig, RegionConfig
from fairaudit.data.categorical import Categorical, canonical, encode, encode_as, uncertain_notes
from fairaudit.data.dataset import Dataset
from fairaudit.data.paths import pattern_columns
from fairaudit.data.tables import Table
from fairaudit.errors import DataError, suggestion


def target_column(config: Config, dataset: Dataset) -> tuple[Categorical | None, tuple[str, ...]]:
    """The target with notes; its values are in the order of the model's outputs as far as the configuration names them.

    Raises:
        DataError: a label is no class of the model, or the name of a sigmoid's one class is no value of the target and
            it is not clear which value it means.
    """
    data, table = config.data, dataset.table
    name = data.target or dataset.target
    if name is None:
        return None, ()
    texts = table.column(name, asked="data.target")
    classes = target_classes(config.model)
    if classes:
        column = encode_as(name, texts, classes=classes, unknown=data.unknown, where=table.file, places=table.places)
        notes = uncertain_notes(texts, unknown=data.unknown, place=f'{table.file}, column "{name}"')
    else:
        encoded = encode(name, texts, unknown=data.unknown, where=table.file)
        column = _in_order(encoded.column, dataset.classes if name == dataset.target else ())
        column, more = _positive_last(column, config.model)
        # A layout's own target has an order that its models are trained with, such as that of sorted folders.
        notes = (*encoded.notes, *(more if data.target is not None else ()), *_order_note(column, config.model))
    return column, notes


def _in_order(column: Categorical, classes: Sequence[str]) -> Categorical:
    """The column with its values in the order of the classes, where they are the same."""
    order = tuple(canonical(name) for name in classes)
    if order == column.values or set(order) != set(column.values) or len(order) != len(column.values):
        return column
    code = np.array([order.index(value) for value in column.values], np.int32)
    codes = np.where(column.codes < 0, column.codes, code[column.codes]).astype(np.int32)
    return Categorical(name=column.name, values=order, codes=codes)


SHOWN = 6
"""Values that a note lists."""


def _order_note(column: Categorical, model: ModelConfig) -> tuple[str, ...]:
    """Which order the model's outputs are taken to have, where several are matched to values by order alone."""
    values = column.values
    indices = values == tuple(str(number) for number in range(len(values)))
    if len(values) < 3 or indices or model.output == "multilabel" or model.pick is not None:
        return ()
    listed = ", ".join(values[:SHOWN]) + (f" … {values[-1]}" if len(values) > SHOWN else "")
    return (
        f"the model's outputs are taken to be in the order {listed}; name them in order in model.classes if the model "
        "has another.",
    )


def target_classes(model: ModelConfig) -> tuple[str, ...]:
    """Names of the target's values if the configuration gives them: not for one output picked among several labels."""
    if model.picks_several:
        return _picked_values(model)
    one_label = model.output != "multilabel" and model.pick is None
    return tuple(model.classes) if one_label and len(model.classes) >= 2 else ()


def _picked_values(model: ModelConfig) -> tuple[str, ...]:
    """Names of the outputs that a slice or a list picks, where the configuration gives them."""
    if isinstance(model.pick, list):
        if all(isinstance(each, str) and not each.isdecimal() for each in model.pick):
            return tuple(str(each) for each in model.pick)
        places = [int(each) for each in model.pick if str(each).isdecimal()]
    else:
        first, _, last = str(model.pick).partition(":")
        places = list(range(int(first), int(last)))
    if len(model.classes) == len(places):
        return tuple(model.classes)
    return tuple(model.classes[place] for place in places) if max(places, default=0) < len(model.classes) else ()


def positive_name(model: ModelConfig) -> str | None:
    """The configuration's name for the one output that decides between two values, or None."""
    if model.output == "softmax" or isinstance(model.pick, list) or model.picks_several:
        return None
    if isinstance(model.pick, int):
        return model.classes[model.pick] if 0 <= model.pick < len(model.classes) else None
    return model.pick or (model.classes[0] if len(model.classes) == 1 else None)


def _positive_last(column: Categorical, model: ModelConfig) -> tuple[Categorical, tuple[str, ...]]:
    """A target of two values with the one that the model's output is about as the second, and what to know about it."""
    values, name = column.values, positive_name(model)
    if len(values) != 2 or (name is not None and canonical(name) == values[1]):
        return column, ()
    if name is not None and canonical(name) == values[0]:
        codes = np.where(column.codes < 0, column.codes, 1 - column.codes).astype(np.int32)
        return Categorical(name=column.name, values=values[::-1], codes=codes), ()
    if values == ("0", "1"):
        return column, ()
    if name is not None and model.pick is None:
        raise DataError(
            "It is not clear which value of the target the model's output stands for",
            wanted=f'one of "{values[0]}" and "{values[1]}", the values of "{column.name}"',
            found=f'"{name}"',
            where="model.classes",
            advice="Name both values there, the positive one second, or the positive one alone.",
        )
    order = f'"{values[1]}" is taken for the positive value of "{column.name}" (the second of {values[0]}, {values[1]})'
    return column, (f"{order}; name both in order in model.classes if the model means the other.",)


MOST_VALUES = 20
"""A column with more values is hardly an attribute."""
SPLITS = ("split", "partition", "fold")
"""Names of columns that say which part of the data a row belongs to."""


def candidate_attributes(table: Table, *, but: Sequence[str | None]) -> tuple[str, ...]:
    """Columns that could be a protected attribute: 2 to 20 different texts, each of them on several rows.

    Args:
        table: the table.
        but: columns that mean something else.

    >>> rows = Table(file="t", columns={"sex": ["f", "m", "f", "m"], "id": ["1", "2", "3", "4"]}, places=[""] * 4)
    >>> candidate_attributes(rows, but=["y"])
    ('sex',)
    """
    names = [name for name in table.columns if name not in but and name.lower() not in SPLITS]
    counts = {name: len({text for text in table.columns[name] if text}) for name in names}
    return tuple(name for name, values in counts.items() if 2 <= values <= min(MOST_VALUES, len(table) // 2))


def cluster_column(data: DataConfig, dataset: Dataset) -> Categorical | None:
    """The resampling unit; it may have as many values as rows, and unknown rows stand alone."""
    name = data.cluster or dataset.cluster
    if name is None:
        return None
    texts = dataset.table.column(name, asked="data.cluster")
    missing = {text.strip().lower() for text in data.unknown}
    values = tuple(sorted({text for text in texts if text.lower() not in missing}))
    index = {value: code for code, value in enumerate(values)}
    codes = np.asarray([index.get(text, -1) for text in texts], np.int32)
    return Categorical(name=name, values=values, codes=codes)


def region_columns(regions: Mapping[str, RegionConfig], table: Table) -> dict[str, NDArray[np.float64]]:
    """Numeric columns that regions name, NaN where a cell is empty.

    Raises:
        DataError: a column is missing, or a cell is no number.
    """
    columns: dict[str, NDArray[np.float64]] = {}
    for region, config in regions.items():
        names = list(config.columns or ())
        for point in config.landmarks or ():
            names += point
        for name in names:
            columns[name] = _numbers(table, name, f"regions.{region}")
    return columns


def text_columns(
    regions: Mapping[str, RegionConfig], table: Table, *, ids: Sequence[str], names: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """Columns that mask patterns name; {id} and {stem} are the row's id and the image's file name without suffix.

    Raises:
        DataError: a column is missing.
    """
    columns: dict[str, tuple[str, ...]] = {}
    for region, config in regions.items():
        if config.mask is None or config.mask.startswith("@"):
            continue
        for name in pattern_columns(config.mask, where=f"regions.{region}.mask"):
            if name in table.columns:
                columns[name] = tuple(table.columns[name])
            elif name == "id":
                columns[name] = tuple(ids)
            elif name == "stem":
                columns[name] = tuple(text.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0] for text in names)
            else:
                raise DataError(
                    f'The column "{name}" is missing',
                    wanted=f"the column that regions.{region}.mask names",
                    where=table.file,
                    advice=suggestion(name, [*table.columns, "id", "stem"]),
                )
    return columns


def unique(texts: Sequence[str], table: Table, what: str, *, empty: bool = False) -> None:
    """Check that no text occurs twice, or is empty where that is not allowed.

    Raises:
        DataError: with the places of the first duplicates.
    """
    first: dict[str, int] = {}
    twice: list[str] = []
    for row, text in enumerate(texts):
        if not text and empty:
            continue
        if not text:
            raise DataError(f"An {what} is empty", where=f"{table.file}, {table.places[row]}")
        if text in first:
            twice.append(f'"{text}" in {table.places[first[text]]} and {table.places[row]}')
        first.setdefault(text, row)
    if twice:
        more = f", and {len(twice) - 3} more" if len(twice) > 3 else ""
        raise DataError(
            f"Each {what} must occur once",
            found="; ".join(twice[:3]) + more,
            where=table.file,
            advice="An image counted twice would count as two people: remove the copies, or name data.id.",
        )


def _numbers(table: Table, name: str, asked: str) -> NDArray[np.float64]:
    texts = table.column(name, asked=asked)
    values = np.full(len(texts), np.nan)
    for row, text in enumerate(texts):
        if not text or text.lower() in ("nan", "none", "null", "na"):
            continue
        try:
            values[row] = float(canonical(text))
        except ValueError:
            values[row] = np.inf
        if not np.isfinite(values[row]):
            raise DataError(
                "A coordinate is not a number",
                found=f'"{text}"',
                where=f'{table.file}, column "{name}", {table.places[row]}',
            )
    return values
