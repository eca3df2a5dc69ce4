"""From configuration to manifest: read the table, choose columns and rows, plant a bias, resample, limit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fairaudit.config.schema import Config, DataConfig
from fairaudit.counted import counted
from fairaudit.data.categorical import Categorical, encode
from fairaudit.data.chosen_rows import limited_rows, split_rows
from fairaudit.data.columns import (
    candidate_attributes,
    cluster_column,
    region_columns,
    target_column,
    text_columns,
    unique,
)
from fairaudit.data.dataset import Dataset
from fairaudit.data.layouts.detect import detect
from fairaudit.data.layouts.registry import LAYOUTS
from fairaudit.data.manifest import Manifest
from fairaudit.data.paths import inside
from fairaudit.data.planted.bias import plant_bias
from fairaudit.data.planted.planting import brought
from fairaudit.data.resample import resample
from fairaudit.data.source import FileSource, ImageSource, stored_in_files
from fairaudit.data.tables import read_table
from fairaudit.data.training import training_rows
from fairaudit.data.twins import twin_sources
from fairaudit.errors import DataError


def open_manifest(
    config: Config,
    *,
    base: Path,
    limit: int | None = None,
    seed: int = 0,
    images: bool = True,
    by_place: bool = False,
) -> Manifest:
    """The rows that are audited.

    In this order: the table or layout is read; columns are encoded over all its rows, so that values do not depend on
    the split; the split's rows are taken and put in the order of their ids, so that nothing depends on their order in
    the file; a bias is planted; rows are resampled; a seeded random part of `limit` rows is kept, in that order.

    Args:
        config: the whole configuration.
        base: folder that the configuration's paths are relative to.
        limit: largest number of rows.
        seed: seed of bias, resampling and limit.
        images: whether images will be read; without, neither the files nor a column that names them need exist.
        by_place: leave the rows in the file's order, for what is identified by its place in it, such as maps.

    Raises:
        DataError: anything about the table, its columns or its paths that makes an audit meaningless.
    """
    dataset = open_dataset(config.data, base)
    manifest = _encoded(config, dataset, images=images)
    manifest = _taken(manifest, *split_rows(dataset.table, config.data.split))
    manifest = manifest if by_place else manifest.ordered()
    if images:
        manifest = _one_file_at_least(manifest)
    if config.data.bias is not None:
        manifest = plant_bias(manifest, config.data.bias, seed=seed)
    if config.data.resample is not None:
        manifest = resample(manifest, config.data.resample, seed=seed)
    _check_values(manifest)
    manifest = _missing_noted(manifest)
    return _taken(manifest, *limited_rows(len(manifest), limit, seed=seed))


def open_dataset(data: DataConfig, base: Path) -> Dataset:
    """The table and the images that the configuration names, before any column is chosen.

    A folder without a layout is looked at: see `detect`.

    Raises:
        DataError: the file or folder is missing, broken or has no rows.
    """
    path = base / (data.manifest if isinstance(data.manifest, str) else data.manifest.root)
    if isinstance(data.manifest, str) and not path.is_dir():
        folder = base / data.root if data.root is not None else path.parent
        dataset = Dataset(name=path.name, table=read_table(path), folder=folder, image=data.image)
    else:
        if not path.is_dir():
            raise DataError("The dataset's folder does not exist", where=str(path))
        layout = detect(path) if isinstance(data.manifest, str) else data.manifest.layout
        dataset = LAYOUTS[layout](path)
    if not len(dataset.table):
        raise DataError("The manifest has no rows", where=dataset.table.file)
    return dataset


def _encoded(config: Config, dataset: Dataset, *, images: bool) -> Manifest:
    data, table = config.data, dataset.table
    if dataset.source is not None:
        source = dataset.source
    elif images or dataset.image in table.columns:
        source = _files(dataset, upright=config.preprocess.exif)
    else:
        source = FileSource(root=dataset.folder, names=tuple(table.places))
    names = tuple(source.name(row) for row in range(len(source)))
    id_column = data.id or dataset.id
    ids = tuple(table.column(id_column, asked="data.id")) if id_column else names
    # A row without an id is named by its place, so that it is excluded with its reason and not dropped.
    ids = tuple(name or place for name, place in zip(ids, table.places, strict=True))
    unique(ids, table, f'id (column "{id_column or dataset.image}")')
    target, target_notes = target_column(config, dataset)
    attributes, notes = _attributes(data, dataset)
    return Manifest(
        name=dataset.name,
        twins=twin_sources(config, dataset),
        training=training_rows(table, target, attributes, aligned=config.audit.aligned, split=data.split),
        ids=ids,
        source=source,
        target=target,
        attributes=attributes,
        candidates=() if attributes else candidate_attributes(table, but=_meanings(config, dataset)),
        cluster=cluster_column(data, dataset),
        region_columns=region_columns(config.regions, table),
        text_columns=text_columns(config.regions, table, ids=ids, names=names),
        folder=dataset.folder,
        notes=(*dataset.notes, *target_notes, *notes),
    )


def _files(dataset: Dataset, *, upright: bool) -> ImageSource:
    table = dataset.table
    if dataset.image is None:
        raise ValueError("a dataset needs an image column or a source")
    texts = table.column(dataset.image, asked="data.image")
    where = f'{table.file}, column "{dataset.image}"'
    names = tuple(
        # One row that names no file is that row's affair; a path that leads out of the folder is the manifest's.
        text if not text or "\0" in text else inside(dataset.folder, text, where=f"{where}, {place}")
        for text, place in zip(texts, table.places, strict=True)
    )
    unique(names, table, f'image path (column "{dataset.image}")', empty=True)
    return FileSource(root=dataset.folder, names=names, upright=upright)


def _attributes(data: DataConfig, dataset: Dataset) -> tuple[dict[str, Categorical], list[str]]:
    table = dataset.table
    columns: dict[str, Categorical] = {}
    notes: list[str] = []
    for name in data.attributes or dataset.attributes:
        if name in brought(data.bias) and name not in table.columns:
            continue  # the bias brings it
        texts = table.column(name, asked="data.attributes")
        encoded = encode(name, texts, unknown=data.unknown, where=table.file)
        columns[name] = encoded.column
        notes += encoded.notes
    return columns, notes


def _meanings(config: Config, dataset: Dataset) -> list[str | None]:
    """Columns that mean something else than an attribute."""
    data = config.data
    split = None if data.split is None else data.split.column
    return [data.target or dataset.target, dataset.image, data.id or dataset.id, data.cluster or dataset.cluster, split]


def _taken(manifest: Manifest, rows: NDArray[np.int64], notes: tuple[str, ...]) -> Manifest:
    taken = manifest if len(rows) == len(manifest) else manifest.take(rows)
    return taken.noted(*notes) if notes else taken


def _one_file_at_least(manifest: Manifest) -> Manifest:
    """Missing files exclude their rows while loading; all files missing is a wrong folder."""
    names = (manifest.source.name(row) for row in range(len(manifest)))
    if stored_in_files(manifest.source) and not any(_is_file(manifest.folder / name) for name in names):
        first = manifest.source.name(0)
        raise DataError(
            f"None of the {len(manifest)} image files exists",
            found=f'the first is "{first}"',
            where=str(manifest.folder),
            advice="Set data.root to the folder that the paths are relative to."
            if not _is_file(manifest.folder / first.replace("\\", "/"))
            else "The paths are written as on Windows: write / for every backslash in that column.",
        )
    return manifest


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # such as a name that is too long
        return False


def _check_values(manifest: Manifest) -> None:
    if manifest.target is not None:
        _check_two(manifest.target, "target", manifest.name)
    for column in manifest.attributes.values():
        _check_two(column, "attribute", manifest.name)


def _check_two(column: Categorical, kind: str, name: str) -> None:
    present = [value for value, count in zip(column.values, column.counts(), strict=True) if count]
    if len(present) < 2:
        raise DataError(
            f'The {kind} "{column.name}" has {"one value only" if present else "no known value"}, nothing to compare',
            found=f'"{present[0]}" in all rows where it is known' if present else f"{len(column.codes)} unknown rows",
            where=f"the rows of {name} that are audited",
            advice=f"Choose another {kind} or another split.",
        )


def _missing_noted(manifest: Manifest) -> Manifest:
    missing = 0 if manifest.target is None else int((manifest.target.codes < 0).sum())
    return manifest.noted(f"the target of {counted(missing, 'row')} is unknown: excluded") if missing else manifest
