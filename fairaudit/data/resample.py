"""Seeded undersampling to cells of equal size, or to a chosen correlation of target and attribute."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fairaudit.config.schema import Resample
from fairaudit.data.categorical import Categorical
from fairaudit.data.manifest import Manifest
from fairaudit.data.source import stored_in_files
from fairaudit.errors import DataError, OutputError, suggestion
from fairaudit.measures.counts.association import contingency, phi
from fairaudit.seeds import generator

Counts = NDArray[np.int64]


def cell_counts(target: Categorical, attribute: Categorical) -> Counts:
    """Rows by [target, attribute]; rows where either is unknown are in none."""
    return contingency(target.codes, attribute.codes, rows=len(target.values), columns=len(attribute.values))


def yule_phi(counts: Counts) -> float:
    """Yule's φ of a 2 × 2 table, NaN when a row or a column is empty.

    >>> yule_phi(np.array([[3, 1], [1, 3]]))
    0.5
    """
    return float(phi(counts))


def balanced_counts(counts: Counts) -> Counts:
    """The same count in every cell: that of the smallest."""
    return np.full_like(counts, counts.min())


def phi_counts(counts: Counts, asked_phi: float) -> Counts:
    """The largest 2 × 2 table with both margins one half, inside the given counts, whose φ is the closest to the asked.

    Both margins are held at one half so that φ is the only thing that changes between two samples: then n00 = n11 = d,
    n01 = n10 = o and φ = (d − o) / (d + o). The table is as large as the scarcer of the two diagonals allows, and the
    other diagonal is rounded to the closest φ, which is off by less than 1 / (d + o). φ = 0 gives equal cells.

    >>> phi_counts(np.array([[90, 10], [10, 40]]), 0.5).tolist()
    [[30, 10], [10, 30]]
    """
    diagonal, other = int(min(counts[0, 0], counts[1, 1])), int(min(counts[0, 1], counts[1, 0]))
    asked = Fraction(str(asked_phi))
    if asked in (1, -1):
        same, cross = (diagonal, 0) if asked == 1 else (0, other)
    else:
        odds = (1 - asked) / (1 + asked)  # o / d
        if diagonal * odds <= other:
            same, cross = diagonal, _closest(Fraction(diagonal) * odds, diagonal, asked, other)
        else:
            same, cross = _closest(Fraction(other) / odds, other, -asked, diagonal), other
    return np.array([[same, cross], [cross, same]], np.int64)


def resample(manifest: Manifest, config: Resample, *, seed: int) -> Manifest:
    """A seeded part of the rows, in the manifest's order, in which target and attribute are as asked.

    Rows where either is unknown are left out. A cell's draw does not depend on the other cells.

    Raises:
        DataError: there is no target, the attribute does not exist, φ is asked of values that are not binary or is not
            given, or the sample would be empty.
    """
    target, attribute = _columns(manifest, config)
    counts = cell_counts(target, attribute)
    wanted = _wanted(counts, config, target, attribute)
    if not wanted.sum():
        raise DataError(
            "Resampling leaves no rows",
            found=f"rows by {target.name} and {attribute.name}: {_shown(counts, target, attribute)}",
            where="data.resample",
            advice="Every combination of attribute and target that the sample needs must have rows.",
        )
    rows = [
        _draw(target, attribute, cell=(label, group), size=int(wanted[label, group]), seed=seed)
        for label in range(counts.shape[0])
        for group in range(counts.shape[1])
    ]
    note = (
        f"resampled to {int(wanted.sum())} of {len(manifest)} rows (seed {seed}): {_shown(wanted, target, attribute)}"
    )
    if wanted.shape == (2, 2):
        note += f"; φ {yule_phi(counts):.4f} before, {yule_phi(wanted):.4f} after"
    return manifest.take(np.sort(np.concatenate(rows))).noted(note)


def phi_samples(manifest: Manifest, attribute: str, phis: Sequence[float], *, seed: int) -> dict[float, Manifest]:
    """φ → a seeded part of the rows at that φ; all parts have the same number of rows, and both margins are one half.

    So nothing but the association differs between them: two models trained on two of them can be compared.

    Raises:
        DataError: target or attribute is not binary, or a φ leaves no rows.
    """
    target, column = _columns(manifest, Resample(attribute=attribute, to="phi", phi=0.0))
    counts = cell_counts(target, column)
    largest = [int(_wanted(counts, Resample(attribute=attribute, to="phi", phi=asked), target, column).sum())
               for asked in phis]  # fmt: skip
    half = min(largest, default=0) // 2
    if half == 0:
        raise DataError(
            "Resampling to every φ leaves no rows",
            found=f"rows by {target.name} and {column.name}: {_shown(counts, target, column)}",
            advice="Leave out the largest φ, or give more rows.",
        )
    found = {}
    for asked in phis:
        most, other = int(min(counts[0, 0], counts[1, 1])), int(min(counts[0, 1], counts[1, 0]))
        same = max(min(round(half * (1 + asked) / 2), most), half - other)  # rounding may ask for one row too many
        sizes = {(0, 0): same, (1, 1): same, (0, 1): half - same, (1, 0): half - same}
        rows = [_draw(target, column, cell=cell, size=size, seed=seed) for cell, size in sizes.items()]
        note = f"resampled to {2 * half} of {len(manifest)} rows at φ {2 * same / half - 1:.4f} (seed {seed})"
        found[asked] = manifest.take(np.sort(np.concatenate(rows))).noted(note)
    return found


def write_manifest(manifest: Manifest, path: Path, *, table: Mapping[str, Mapping[str, str]] | None = None) -> None:
    """The manifest as a CSV file with id, file and all columns, each name once; unknown cells are empty.

    Args:
        manifest: the rows.
        path: file to write.
        table: id → the cells of the file that the rows come from; where it has them all, those are written as they
            were, with every column, so that the new file can stand in for the old one.

    Raises:
        DataError: the images are not files, so that a table cannot name them.
        OutputError: the file cannot be written.
    """
    if not stored_in_files(manifest.source):
        raise DataError(
            "A manifest can name only images that are files",
            found="images in memory, or with a planted colour",
            where=manifest.name,
            advice="Set data.resample instead: the rows are drawn when the data is opened.",
        )
    columns: dict[str, list[str]] = {}
    if table and all(name in table for name in manifest.ids):
        for column_name in table[manifest.ids[0]]:
            columns[column_name] = [table[name][column_name] for name in manifest.ids]
    else:
        columns = {"id": list(manifest.ids)}
        columns["file"] = [manifest.source.name(row) for row in range(len(manifest))]
    for column in (manifest.target, *manifest.attributes.values(), manifest.cluster):
        if column is not None and column.name not in columns:
            columns[column.name] = [column.label(row) for row in range(len(manifest))]
    for name, numbers in manifest.region_columns.items():
        columns.setdefault(name, ["" if np.isnan(value) else repr(value) for value in numbers.tolist()])
    for name, texts in manifest.text_columns.items():
        columns.setdefault(name, list(texts))
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    try:
        path.write_text(text.getvalue(), encoding="utf-8", newline="")
    except OSError as error:
        raise OutputError(f"The manifest cannot be written: {error.strerror or error}", where=str(path)) from error


def _columns(manifest: Manifest, config: Resample) -> tuple[Categorical, Categorical]:
    if manifest.target is None:
        raise DataError("Resampling needs a target", where="data.resample", advice="Set data.target.")
    if config.attribute not in manifest.attributes:
        raise DataError(
            f'There is no attribute called "{config.attribute}"',
            where="data.resample.attribute",
            advice=suggestion(config.attribute, manifest.attributes),
        )
    return manifest.target, manifest.attributes[config.attribute]


def _wanted(counts: Counts, config: Resample, target: Categorical, attribute: Categorical) -> Counts:
    if config.to == "balanced":
        return balanced_counts(counts)
    if config.phi is None:
        raise DataError(
            "Resampling to a φ needs a value of φ", where="data.resample.phi", advice="Set it from -1 to 1."
        )
    if counts.shape != (2, 2):
        raise DataError(
            "φ is defined for two target values and two attribute values",
            found=f"{len(target.values)} values of {target.name}, {len(attribute.values)} of {attribute.name}",
            where="data.resample",
            advice="Use to: balanced.",
        )
    return phi_counts(counts, config.phi)


def _closest(ideal: Fraction, fixed: int, asked: Fraction, most: int) -> int:
    """Of the two whole numbers around the ideal one, the one whose (fixed − n) / (fixed + n) is the closest."""
    low = int(ideal)
    options = [n for n in (low, low + 1) if n <= most and fixed + n > 0]
    return min(options, key=lambda n: (abs(Fraction(fixed - n, fixed + n) - asked), -n), default=0)


def _draw(target: Categorical, attribute: Categorical, *, cell: tuple[int, int], size: int, seed: int) -> Counts:
    rows = np.flatnonzero((target.codes == cell[0]) & (attribute.codes == cell[1])).astype(np.int64)
    return generator(seed, "resample", *cell).choice(rows, size=size, replace=False) if size else rows[:0]


def _shown(counts: Counts, target: Categorical, attribute: Categorical) -> str:
    cells = [
        f"{target.name}={target.values[label]} {attribute.name}={attribute.values[group]}: {counts[label, group]}"
        for label, group in np.ndindex(*counts.shape)
    ]
    more = f", and {len(cells) - 12} more cells" if len(cells) > 12 else ""
    return ", ".join(cells[:12]) + more
