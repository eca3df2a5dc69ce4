"""ISIC skin lesion folders: CSV files by image name, one of which has the labels, and image files anywhere below.

Read are the archive's metadata.csv and the files of the 2016 to 2020 challenges: a column "target", "benign_malignant"
or "diagnosis", or one column per diagnosis with 1 in one of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from fairaudit.data.dataset import Dataset
from fairaudit.data.layouts.common import decade, image_files, joined
from fairaudit.data.tables import Table, read_csv
from fairaudit.errors import DataError

_KEYS = ("isic_id", "image_name", "image", "image_id")
_DIAGNOSES = ("MEL", "NV", "BCC", "AK", "AKIEC", "BKL", "DF", "VASC", "SCC", "UNK")
_TARGETS = ("target", "benign_malignant", "diagnosis")
_MASKS = ("_segmentation", "_superpixels")


def read_isic(root: Path) -> Dataset:
    """All CSV files of the folder that name images, joined; ages also become decades.

    Raises:
        DataError: no CSV file names images, or none of the named images exists.
    """
    tables = [(table, key) for table in _tables(root) if (key := _key(table)) is not None]
    if not tables:
        raise DataError(
            "This is not an ISIC folder", wanted=f"a CSV file with a column {' or '.join(_KEYS)}", where=str(root)
        )
    # The table with a label is the one whose rows count; the others add columns to it.
    tables.sort(key=lambda pair: not _labelled(pair[0].columns))
    main, key = tables[0]
    ids = main.columns[key]
    columns: dict[str, Sequence[str]] = {name: column for name, column in main.columns.items() if name != key}
    for table, other in tables[1:]:
        columns = {**joined(table, other, ids), **columns}
    columns |= {"image": ids, "file": _files(root, ids)}
    columns |= _derived(columns, main)
    return Dataset(
        name=root.name,
        table=Table(file=main.file, columns=columns, places=main.places),
        folder=root,
        image="file",
        id="image",
        target=next((name for name in _TARGETS if name in columns), None),
        attributes=("sex",) if "sex" in columns else (),
        cluster=next((name for name in ("patient_id", "lesion_id") if name in columns), None),
    )


def _tables(root: Path) -> list[Table]:
    return [read_csv(path) for path in sorted(root.glob("*.csv"))]


def _key(table: Table) -> str | None:
    return next((name for name in _KEYS if name in table.columns), None)


def _labelled(columns: Mapping[str, Sequence[str]]) -> bool:
    return any(name in columns for name in _TARGETS) or sum(name in columns for name in _DIAGNOSES) >= 2


def _derived(columns: Mapping[str, Sequence[str]], main: Table) -> dict[str, Sequence[str]]:
    derived: dict[str, Sequence[str]] = {}
    if "age_approx" in columns:
        derived["age_group"] = [decade(text) for text in columns["age_approx"]]
    present = [name for name in _DIAGNOSES if name in columns]
    if len(present) >= 2 and "diagnosis" not in columns:
        derived["diagnosis"] = [
            _one_hot({name: columns[name][row] for name in present}, f"{main.file}, {main.places[row]}")
            for row in range(len(main))
        ]
    return derived


def _one_hot(cells: Mapping[str, str], place: str) -> str:
    chosen = [name for name, text in cells.items() if text in ("1", "1.0")]
    if len(chosen) > 1:
        raise DataError("A row has more than one diagnosis", found=", ".join(chosen), where=place)
    return chosen[0] if chosen else ""


def _files(root: Path, ids: Sequence[str]) -> list[str]:
    paths = {
        path.stem: path.relative_to(root).as_posix() for path in image_files(root) if not path.stem.endswith(_MASKS)
    }
    if not any(name in paths for name in ids):
        raise DataError(f"None of the {len(ids)} named images exists", found=f"{len(paths)} images", where=str(root))
    return [paths.get(name, f"{name}.jpg") for name in ids]
