"""Writes an undersampled manifest, and says what that did to the correlation of target and attribute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fairaudit.config.schema import Config, Resample
from fairaudit.data.manifest import Manifest
from fairaudit.data.open import open_manifest
from fairaudit.data.resample import cell_counts, resample, write_manifest, yule_phi
from fairaudit.data.tables import read_table
from fairaudit.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Resampled:
    """What undersampling did."""

    before: int
    """Rows before."""
    rows: int
    """Rows after."""
    phi_before: float | None
    """Yule's φ before; None unless target and attribute both have two values."""
    phi: float | None
    """Yule's φ after."""
    folder: Path
    """Folder that the written image paths are relative to: data.root of the new manifest."""


def resample_manifest(
    config: Config, *, base: Path, attribute: str, phi: float | None, output: Path, seed: int
) -> Resampled:
    """Undersample the configured rows and write them as a CSV manifest.

    Raises:
        DataError: the cells that the sample needs are empty, or φ is asked of values that are not binary.
        UsageError: the output is no .csv file.
        OutputError: the file cannot be written.
    """
    if output.suffix.lower() != ".csv":
        raise UsageError("A manifest is written as CSV", wanted="a file name that ends in .csv", found=output.name)
    not_onto_itself(config, base, output)
    manifest = open_manifest(config, base=base, seed=seed)
    asked = Resample(attribute=attribute, to="balanced" if phi is None else "phi", phi=phi)
    sample = resample(manifest, asked, seed=seed)
    write_manifest(sample, output, table=rows_of(config, base))
    return Resampled(
        before=len(manifest),
        rows=len(sample),
        phi_before=phi_of(manifest, attribute),
        phi=phi_of(sample, attribute),
        folder=manifest.folder,
    )


def not_onto_itself(config: Config, base: Path, output: Path) -> None:
    """Refuse to write over the manifest that is read.

    Raises:
        UsageError: the output is that file.
    """
    given = config.data.manifest
    if not isinstance(given, str) or not output.exists():
        return
    if output.resolve() == (base / given).resolve() or output.samefile(base / given):
        raise UsageError(
            "The new manifest would overwrite the one it is drawn from",
            found=str(output),
            where="--output",
            advice="Choose another file name.",
        )


def rows_of(config: Config, base: Path) -> Mapping[str, Mapping[str, str]]:
    """Rows of the manifest file by id, with every column, so that what is written can be used in its place.

    Empty for known layouts, whose columns come from no file.
    """
    if not isinstance(config.data.manifest, str) or (base / config.data.manifest).is_dir():
        return {}
    table = read_table(base / config.data.manifest)
    name = config.data.id or config.data.image
    if name not in table.columns:
        return {}
    return {
        key: {column: cells[row] for column, cells in table.columns.items()}
        for row, key in enumerate(table.columns[name])
    }


def phi_of(manifest: Manifest, attribute: str) -> float | None:
    """Yule's φ of target and attribute; None unless both have two values."""
    if manifest.target is None:
        return None
    table = cell_counts(manifest.target, manifest.attributes[attribute])
    return yule_phi(table) if table.shape == (2, 2) else None
