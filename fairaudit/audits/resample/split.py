"""Divides a manifest into parts that share no image and no cluster, each at the φ or balance that it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from fairaudit.audits.resample.resample import not_onto_itself, phi_of, rows_of
from fairaudit.config.schema import Config, Resample
from fairaudit.data.manifest import Manifest
from fairaudit.data.open import open_manifest
from fairaudit.data.resample import resample, write_manifest
from fairaudit.errors import DataError, UsageError
from fairaudit.pruning.parts import check_disjoint, pieces

COLUMN = "part"
"""Column of the new manifest that names each row's part."""
SHARES: Mapping[str, float] = {"train": 0.4, "debias": 0.25, "choose": 0.1, "report": 0.25}
"""Share of the rows that every part is drawn from."""
ASSOCIATED = ("train", "debias")
"""Parts in which attribute and target go together; the others are balanced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DividedPart:
    """One part."""

    name: str
    rows: int
    phi: float | None
    """Yule's φ of target and attribute; None unless both have two values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Divided:
    """What was written."""

    parts: tuple[DividedPart, ...]
    before: int
    """Rows before."""
    folder: Path
    """Folder that image paths are relative to."""


def split_manifest(
    config: Config, *, base: Path, attribute: str, phi: float | None, output: Path, seed: int
) -> Divided:
    """Write one manifest with a column `part`: train and debias at φ, choose and report balanced.

    Rows that share an image or a cluster are in one part. With φ left out train and debias keep what they have.

    Args:
        config: what is opened.
        base: folder that its paths start from.
        attribute: attribute whose association with the target is set.
        phi: Yule's φ of train and debias.
        output: manifest to write (.csv).
        seed: seed of every draw.

    Raises:
        DataError: a part cannot be formed, or the images are not files.
        UsageError: the output is no .csv file, or the one that is read.
        OutputError: the file cannot be written.
    """
    if output.suffix.lower() != ".csv":
        raise UsageError("A manifest is written as CSV", wanted="a file name that ends in .csv", found=output.name)
    not_onto_itself(config, base, output)
    whole = open_manifest(config, base=base, seed=seed)
    parts = dict(zip(SHARES, pieces(whole, tuple(SHARES.values()), seed=seed), strict=True))
    parts = {name: _set(name, part, attribute, phi, seed) for name, part in parts.items()}
    check_disjoint(parts)
    table = rows_of(config, base)
    if not table:
        raise DataError(
            "The parts need a manifest file to be written to",
            found="a known layout",
            advice="Write one first with `fairaudit resample`, which names its files, and split that.",
        )
    named = {row: {**table[row], COLUMN: name} for name, part in parts.items() for row in part.ids if row in table}
    places = {row: number for number, row in enumerate(whole.ids)}
    kept = whole.take(sorted(places[row] for part in parts.values() for row in part.ids))
    write_manifest(replace(kept, notes=()), output, table=named)
    found = tuple(DividedPart(name=n, rows=len(part), phi=phi_of(part, attribute)) for n, part in parts.items())
    return Divided(parts=found, before=len(whole), folder=whole.folder)


def _set(name: str, part: Manifest, attribute: str, phi: float | None, seed: int) -> Manifest:
    if name in ASSOCIATED:
        if phi is None:
            return part
        return resample(part, Resample(attribute=attribute, to="phi", phi=phi), seed=seed)
    return resample(part, Resample(attribute=attribute), seed=seed)
