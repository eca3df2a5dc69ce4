"""The content of a manifest file or a known dataset layout before columns are chosen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fairaudit.data.source import ImageSource
from fairaudit.data.tables import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A table, where its images are, and what its columns usually mean."""

    name: str
    """File or folder name."""
    table: Table
    """All rows and columns."""
    folder: Path
    """Where relative paths start."""
    image: str | None = None
    """Column with the image's path; None when `source` holds the images."""
    source: ImageSource | None = None
    """Images in memory, one per row of the table."""
    id: str | None = None
    """Column with the row's id (default: the image's path)."""
    target: str | None = None
    """Column that is usually predicted."""
    classes: tuple[str, ...] = ()
    """Its values in the order in which models of this layout are trained, where the layout has one."""
    attributes: tuple[str, ...] = ()
    """Columns that are usually protected."""
    cluster: str | None = None
    """Column whose values are usually resampled whole."""
    notes: tuple[str, ...] = ()
    """What happened on the way that is not an error."""
