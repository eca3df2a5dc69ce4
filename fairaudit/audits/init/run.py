"""Looks at a model and at data, and proposes a configuration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fairaudit.audits.init.columns import Columns, image_folder, read_columns
from fairaudit.audits.init.model import ModelFacts, look_at_model
from fairaudit.audits.init.propose import Proposal, propose
from fairaudit.audits.init.text import configuration, relative
from fairaudit.config.schema import Config, DataConfig, Layout, ModelConfig, Split
from fairaudit.data.dataset import Dataset
from fairaudit.data.layouts.detect import detect
from fairaudit.data.open import open_dataset, open_manifest
from fairaudit.errors import DataError, UsageError

TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
"""Suffixes of tables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the person gave on the command line; None leaves it to the proposal."""

    target: str | None = None
    attributes: Sequence[str] | None = None
    root: Path | None = None
    arch: str | None = None
    size: tuple[int, int] | None = None
    trust: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A proposed configuration."""

    text: str
    """The file."""
    proposal: Proposal
    """What it says."""
    columns: Columns
    """What the table holds."""
    model: ModelFacts
    """What the model is."""
    rows: int
    """Rows that an audit would take."""


def start(
    model: Path, data: Path, *, folder: Path, wishes: Wishes, ask: Callable[[Proposal, Columns], Wishes] | None = None
) -> Started:
    """A configuration for a model and a table or a dataset's folder.

    Args:
        model: model file.
        data: table, folder with one table, or folder of a known layout.
        folder: where the configuration will be; its paths are relative to this.
        wishes: what is given.
        ask: shows the proposal to a person and returns what they wish; None takes the proposal.

    Raises:
        DataError: the data cannot be read, or has no image column.
        ModelError: the model cannot be opened.
        UsageError: no column can be the target or an attribute.
    """
    config, layout = _data_config(data)
    dataset = open_dataset(config, folder)
    columns = read_columns(dataset.table)
    config = _completed(config, columns, dataset, layout, wishes)
    # In the order of the table, which the columns have: the model's answers are compared with them.
    manifest = open_manifest(Config(data=config), base=folder, by_place=True)
    found = look_at_model(model, manifest, config=ModelConfig(arch=wishes.arch), size=wishes.size, trust=wishes.trust)
    audited = _of_rows(columns, dataset, config)
    proposal = propose(
        audited,
        found,
        target=wishes.target or _usual(dataset, audited),
        attributes=wishes.attributes,
        folder=data if layout else None,
    )
    if ask is not None:
        asked = ask(proposal, audited)
        proposal = propose(
            audited, found, target=asked.target, attributes=asked.attributes, folder=data if layout else None
        )
    text = configuration(
        proposal,
        columns,
        manifest=None if layout else relative(Path(str(config.manifest)), folder),
        layout=(layout, relative(data, folder)) if layout else None,
        root=relative(Path(config.root), folder) if config.root else None,
    )
    return Started(text=text, proposal=proposal, columns=columns, model=found, rows=len(manifest))


def _data_config(data: Path) -> tuple[DataConfig, str | None]:
    """Where the rows come from, and the layout's name where it is one."""
    if not data.exists():
        raise DataError("The data does not exist", wanted="a table, or a dataset's folder", where=str(data))
    if data.is_file():
        return DataConfig(manifest=str(data.absolute())), None
    tables = sorted(path for path in data.iterdir() if path.suffix.lower() in TABLES and path.is_file())
    try:
        name = detect(data)
    except DataError:
        name = ""
    if name and not (name == "imagefolder" and tables):
        return DataConfig(manifest=Layout(layout=name, root=str(data.absolute()))), name
    if len(tables) == 1:
        return DataConfig(manifest=str(tables[0].absolute())), None
    raise UsageError(
        "It is not clear which table describes the images" if tables else "The folder holds no table of a known kind",
        wanted=f"one file with a row per image ({', '.join(TABLES)})",
        found=", ".join(path.name for path in tables[:5]) or "none",
        where=str(data),
        advice="Name the table itself.",
    )


def _completed(
    config: DataConfig, columns: Columns, dataset: Dataset, layout: str | None, wishes: Wishes
) -> DataConfig:
    """The data section as far as the audit's rows depend on it."""
    update: dict[str, object] = {}
    if layout is None:
        if columns.image is None:
            raise DataError(
                "No column of the table names image files",
                wanted="a column with paths that end in .png, .jpg or another image suffix",
                found=", ".join(list(dataset.table.columns)[:12]),
                where=dataset.table.file,
            )
        root = wishes.root or image_folder(dataset.table, columns.image, dataset.folder)
        update = {"image": columns.image, "id": columns.id}
        if root.absolute() != dataset.folder.absolute():
            update["root"] = str(root.absolute())
    if columns.split and columns.use:
        update["split"] = Split(column=columns.split, use=columns.use)
    return config.model_copy(update=update)


def _of_rows(columns: Columns, dataset: Dataset, config: DataConfig) -> Columns:
    """The categories at the rows that are audited, in the order of the table."""
    if config.split is None:
        return columns
    texts = dataset.table.columns[config.split.column]
    rows = np.flatnonzero(np.asarray([text == config.split.use for text in texts])).astype(np.int64)
    kept = {name: column.take(rows) for name, column in columns.categories.items()}
    return Columns(
        image=columns.image,
        id=columns.id,
        split=columns.split,
        use=columns.use,
        cluster=columns.cluster,
        boxes=columns.boxes,
        categories={name: column for name, column in kept.items() if (column.counts() > 0).sum() >= 2},
    )


def _usual(dataset: Dataset, columns: Columns) -> str | None:
    """A known layout's own target."""
    return dataset.target if dataset.target in columns.categories else None
