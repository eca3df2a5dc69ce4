"""The parts of the data for mitigation: debias, choose, balanced and report, in memory or decoded by the batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fairaudit.audits.core.study.study import Material, audited, wanted_regions
from fairaudit.audits.mitigation.drawn import DrawnPart, drawn_part
from fairaudit.audits.mitigation.options import MitigateOptions
from fairaudit.config.flips import shown_in
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config, Split
from fairaudit.counted import counted
from fairaudit.data.batch import Batch
from fairaudit.data.loader import Loader
from fairaudit.data.manifest import Manifest
from fairaudit.data.open import open_manifest
from fairaudit.errors import DataError
from fairaudit.measures.clusters.partition import partition
from fairaudit.mitigation.samples import DataPart, Derived, InMemory, Samples, undersampled
from fairaudit.models.classifier import Classifier
from fairaudit.pruning.parts import check_disjoint, divide, joint_of, pieces
from fairaudit.seeds import child_seed

MEMORY = 2**30
"""Bytes up to which a part is held whole; above, every batch is decoded again."""
BLOCK = 256
FRAMES = 10
"""Frames that a conditional VAE draws per image to learn from."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MitigationData:
    """What mitigation works on."""

    attribute: str
    """The attribute, or several joined."""
    values: tuple[str, ...]
    """Its values."""
    region: str | None
    """Region that shows it; None without one."""
    debias: DataPart
    choose: DataPart
    balanced: DataPart | None
    drawn: DataPart | None
    """The debias part with the frames of a conditional VAE; None without one."""
    report: DataPart
    rows: NDArray[np.int64]
    """Rows of the reporting part that could be read."""
    clusters: NDArray[np.int64] | None
    """Their sampling units; None where every image is one."""
    material: Material
    """The reporting part as every audit reads it."""
    digest: str
    """Of everything above."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StreamedPart:
    """A part whose images are decoded whenever they are asked for."""

    loader: Loader
    twins: Loader | None
    region: str | None
    model: Classifier
    rows: Tensor
    """Manifest rows that can be read, [row]."""
    target: Tensor
    attribute: Tensor
    classes: int
    groups: int
    codes: NDArray[np.int64] = field(repr=False)
    """Attribute of every manifest row."""

    @property
    def has_masks(self) -> bool:
        """Whether its rows come with a region."""
        return self.region is not None

    @property
    def has_frames(self) -> bool:
        """Whether its rows come with twins."""
        return self.twins is not None

    def __len__(self) -> int:
        return len(self.rows)

    @torch.no_grad()
    def take(self, rows: Tensor, decoded: Batch | None = None) -> Samples:
        """The given rows in the given order; a row drawn twice is decoded once.

        Args:
            rows: [row] places in the part.
            decoded: the rows as a batch, in the order of the data and each once, where they were decoded already.
        """
        places, back = torch.unique(rows, return_inverse=True)
        wanted = self.rows[places].tolist()
        batch = self.loader.load(wanted) if decoded is None else decoded
        device = self.model.device
        frames = None
        if self.twins is not None:
            found = self.twins.load(wanted)
            frames = torch.full((len(wanted), 1, *batch.images.shape[1:]), float("nan"))
            at = np.searchsorted(np.asarray(wanted), found.rows)
            if len(at):
                frames[torch.from_numpy(at), 0] = self.model.normalise(found.images).cpu()
            frames = frames[back].to(device)
        masks = None if self.region is None else batch.regions[self.region][back].to(device)
        index = self.rows[rows].numpy()
        target = self.target[rows].to(device)
        return Samples(
            images=self.model.normalise(batch.images)[back.to(device)],
            target=target,
            attribute=torch.from_numpy(self.codes[index]).to(device),
            masks=masks,
            frames=frames,
        )


def open_parts(
    config: Config, *, base: Path, options: RunOptions, asked: MitigateOptions
) -> tuple[dict[str, Manifest], Material, tuple[str, ...], list[str]]:
    """Open the data, divide it and refuse overlaps: manifests by part, the reporting material, attributes, notes.

    Raises:
        DataError: parts overlap or are empty.
        UsageError: an attribute does not exist.
    """
    whole = open_manifest(config, base=base, limit=options.limit, seed=options.seed)
    names = tuple(audited(config.audit.attribute, whole.attributes, kind="attribute"))
    if not names:
        raise DataError("There is no attribute to mitigate", wanted="--attribute NAME", where=whole.name)
    notes = []
    if asked.debias is None:
        made = divide(whole, seed=options.seed)
        parts = {"debias": made.fit, "choose": made.choose, "report": made.report}
        notes.append("the audited rows were divided into debias, choose and report; linked rows stayed together")
    else:
        pool = _split(config, asked.debias, base, options)
        if asked.choose is None:
            debias, choose = pieces(pool, (2 / 3, 1 / 3), seed=options.seed)
        else:
            debias, choose = pool, _split(config, asked.choose, base, options)
        parts = {"debias": debias, "choose": choose, "report": whole}
    for name, rows in (("balanced", asked.balanced), ("train", asked.train if asked.phis else None)):
        if rows is not None:
            parts[name] = _split(config, rows, base, options)
    check_disjoint(parts)
    regions = {name: config.regions[name] for name in wanted_regions(config)}
    loader = Loader(parts["report"], config.preprocess, regions, options.workers)
    return parts, Material(manifest=parts["report"], loader=loader, digest=loader.digest()), names, notes


def read_parts(
    manifests: Mapping[str, Manifest],
    material: Material,
    names: Sequence[str],
    notes: Sequence[str],
    *,
    model: Classifier,
    config: Config,
    seed: int,
    frames: int = FRAMES,
) -> MitigationData:
    """Decode the parts, or prepare to, and balance the debias rows where no balanced ones were named.

    Raises:
        DataError: a part has no readable row.
    """
    region = _region(config, names, material)
    parts, told = {}, list(notes)
    for name, manifest in manifests.items():
        parts[name], rows, lost = _part(manifest, material, names, region, model)
        if name == "report":
            read_rows = rows
        if name == "debias":
            drawn, more = drawn_part(parts[name], manifest, rows, names, config=config, classifier=model, count=frames)
            told += more
        if lost:
            told.append(f"{counted(lost, 'row')} of the part {name} cannot be read: left out")
    balanced: DataPart | None = parts.get("balanced")
    if balanced is None:
        try:
            balanced = undersampled(parts["debias"], torch.Generator().manual_seed(child_seed(seed, "balance")))
            told.append(f"balanced rows: {len(balanced)} of the {len(parts['debias'])} debias rows, by undersampling")
        except ValueError:
            told.append("there are no balanced rows: a combination of attribute and target has none")
    report = manifests["report"]
    column, digests = joint_of(report, names), [manifests[name].digest() for name in sorted(manifests)]
    return MitigationData(
        attribute=" & ".join(names),
        values=column.values,
        region=region,
        debias=parts["debias"],
        choose=parts["choose"],
        balanced=balanced,
        drawn=None if drawn is None else KeptFrames(base=drawn.base, part=drawn),
        report=parts["report"],
        rows=read_rows,
        clusters=None if report.cluster is None else partition(report.cluster.codes[read_rows]),
        material=material,
        digest=" ".join([material.digest, *digests, region or "", *([drawn.digest] if drawn is not None else [])]),
        notes=tuple(told),
    )


def part_of(
    manifest: Manifest, material: Material, names: Sequence[str], region: str | None, model: Classifier
) -> DataPart:
    """One manifest as a part; rows that cannot be read are left out.

    Raises:
        DataError: it has no readable row.
    """
    return _part(manifest, material, names, region, model)[0]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KeptFrames(Derived):
    """Drawn frames, drawn when they are first asked for and then kept where they fit; else drawn again every time."""

    part: DrawnPart
    kept: list[Tensor] = field(default_factory=list)
    """The frames of all rows, once they are drawn."""

    def take(self, rows: Tensor) -> Samples:
        """The given rows in the given order."""
        if not self.kept and not self._fits():
            return self.part.take(rows)
        if not self.kept:
            blocks = torch.split(torch.arange(len(self)), BLOCK)
            self.kept.append(torch.cat([each for some in blocks if (each := self.part.take(some).drawn) is not None]))
        return replace(self.base.take(rows), drawn=self.kept[0][rows.to(self.kept[0].device)])

    def _fits(self) -> bool:
        first = self.part.take(torch.zeros(1, dtype=torch.long)).drawn
        return first is not None and first.numel() * 4 * len(self) <= MEMORY


def _split(config: Config, split: Split, base: Path, options: RunOptions) -> Manifest:
    data = config.data.model_copy(update={"split": split})
    return open_manifest(config.model_copy(update={"data": data}), base=base, seed=options.seed)


def _region(config: Config, names: Sequence[str], material: Material) -> str | None:
    """The region that shows the attribute, or the only one asked for."""
    asked = audited(config.audit.region, config.regions, kind="region")
    for name in names:
        shown = shown_in(config, name)
        if shown in asked and shown in material.loader.regions:
            return shown
    return asked[0] if len(asked) == 1 else None


def _part(
    manifest: Manifest,
    material: Material,
    names: Sequence[str],
    region: str | None,
    model: Classifier,
) -> tuple[DataPart, NDArray[np.int64], int]:
    preprocess = material.loader.preprocess.model_copy(update={"size": material.loader.input_size()})
    regions = {} if region is None else material.loader.regions
    loader = Loader(manifest, preprocess, regions, material.loader.workers)
    twins = [source for name, source in manifest.twins.items() if name in names]
    other = Loader(replace(manifest, source=twins[0]), preprocess, {}, loader.workers) if twins else None
    size = int(np.prod([preprocess.channels, *(preprocess.size or (1, 1))])) * 4 * (1 if other is None else 2)
    whole = loader.load(range(len(manifest))) if size * len(manifest) <= MEMORY else None
    readable = _readable(loader) if whole is None else whole.rows
    classes = len(manifest.target.values) if manifest.target else 0
    if not len(readable):
        raise DataError("No image of a part can be read", where=manifest.name)
    column = joint_of(manifest, names)
    known = {value: code for code, value in enumerate(joint_of(material.manifest, names).values)}
    # Codes follow the reporting part, so that a value means the same everywhere; one it does not have is unknown.
    renamed = np.array([known.get(value, -1) for value in column.values] + [-1], np.int64)
    codes = renamed[column.codes]
    rows = torch.from_numpy(readable)
    target = manifest.target.codes[readable].astype(np.int64) if manifest.target else np.zeros(0, np.int64)
    part = StreamedPart(
        loader=loader, twins=other if _any_twin(other) else None, region=region, model=model, rows=rows,
        target=torch.from_numpy(target), attribute=torch.from_numpy(codes[readable]), classes=classes,
        groups=len(known), codes=codes,
    )  # fmt: skip
    lost = len(manifest) - len(readable)
    if whole is None:
        return part, readable, lost
    samples = part.take(torch.arange(len(part)), whole)
    return InMemory(samples=samples, classes=classes, groups=len(known)), readable, lost


def _readable(loader: Loader) -> NDArray[np.int64]:
    blocks = [
        loader.load(range(start, min(start + BLOCK, len(loader.manifest)))).rows
        for start in range(0, len(loader.manifest), BLOCK)
    ]
    return np.concatenate(blocks)


def _any_twin(loader: Loader | None) -> bool:
    if loader is None:
        return False
    start, size, count = 0, 1, len(loader.manifest)
    while start < count:  # most often the first row has one
        if len(loader.load(range(start, min(start + size, count)))):
            return True
        start, size = start + size, min(2 * size, BLOCK)
    return False
