"""The three parts of the data for pruning, decoded into memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from fairaudit.audits.core.study.study import Material, audited, wanted_regions
from fairaudit.audits.pruning.options import PruneOptions
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config
from fairaudit.counted import counted
from fairaudit.data.loader import Loader
from fairaudit.data.manifest import Manifest
from fairaudit.data.open import open_manifest
from fairaudit.errors import DataError
from fairaudit.models.classifier import Classifier
from fairaudit.pruning.examples import Examples
from fairaudit.pruning.parts import Parts, balanced, check_disjoint, divide, pieces


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneData:
    """What pruning works on."""

    parts: Parts
    """Fit, choose and report, which share nothing."""
    biases: tuple[str, ...]
    """Attributes whose information is pruned."""
    report: Material
    """The reporting part as every audit reads it."""
    notes: tuple[str, ...]
    """What was done to the parts."""


def open_parts(config: Config, *, base: Path, options: RunOptions, asked: PruneOptions) -> PruneData:
    """Open the data, divide it, refuse overlaps and balance the fitting part.

    Raises:
        DataError: parts overlap, are empty, or have nothing unbiased.
        UsageError: an attribute does not exist.
    """
    whole = open_manifest(config, base=base, limit=options.limit, seed=options.seed)
    biases = tuple(audited(config.audit.attribute, whole.attributes, kind="attribute"))
    if not biases:
        raise DataError("There is no bias to prune", wanted="--attribute NAME", where=whole.name)
    if asked.fit is None:
        parts = divide(whole, seed=options.seed)
    else:
        data = config.data.model_copy(update={"split": asked.fit})
        pool = open_manifest(config.model_copy(update={"data": data}), base=base, seed=options.seed)
        check_disjoint({str(asked.fit.use): pool, "reported": whole})
        fit, choose = pieces(pool, (2 / 3, 1 / 3), seed=options.seed)
        parts = Parts(fit=fit, choose=choose, report=whole)
    check_disjoint({"fit": parts.fit, "choose": parts.choose, "report": parts.report})
    note = "the fitting part is as it came, not balanced: the paper fits its masks on unbiased data"
    if asked.balance:
        fit = balanced(parts.fit, biases, seed=options.seed)
        parts, note = Parts(fit=fit, choose=parts.choose, report=parts.report), fit.notes[-1]
    regions = {name: config.regions[name] for name in wanted_regions(config)}
    loader = Loader(parts.report, config.preprocess, regions, options.workers)
    material = Material(manifest=parts.report, loader=loader, digest=loader.digest())
    return PruneData(parts=parts, biases=biases, report=material, notes=(note,))


class Decoded(NamedTuple):
    """A part in memory."""

    examples: Examples
    """Normalised, on the model's device."""
    rows: NDArray[np.int64]
    """Rows of the part that could be read, in order."""
    lost: tuple[str, ...] = ()
    """Why the others could not."""


def examples(manifest: Manifest, biases: Sequence[str], model: Classifier, config: Config, workers: int) -> Decoded:
    """All readable rows of a part.

    Raises:
        DataError: no row can be read.
    """
    batch = Loader(manifest, config.preprocess, {}, workers).load(range(len(manifest)))
    if not len(batch):
        raise DataError("No image of a part can be read", where=manifest.name, found=batch.excluded[0][1])
    with torch.no_grad():
        images = model.normalise(batch.images)
    device = images.device
    found = Examples(
        images=images,
        target=torch.from_numpy(batch.target.astype(np.int64)).to(device),
        biases=tuple(torch.from_numpy(batch.attributes[name].astype(np.int64)).to(device) for name in biases),
        values=tuple(len(manifest.attributes[name].values) for name in biases),
    )
    return Decoded(examples=found, rows=batch.rows, lost=tuple(reason for _, reason in batch.excluded))


def told(fit: Decoded, choose: Decoded, report: Decoded) -> list[str]:
    """How many images every part has, and how many were lost; those of the reporting part are in the report by row."""
    sizes = (len(part.rows) for part in (fit, choose, report))
    notes = ["pruning fits on {} images, chooses on {}, reports on {}".format(*sizes)]
    for name, part in (("fitting", fit), ("choosing", choose)):
        if part.lost:
            notes.append(f"{counted(len(part.lost), 'row')} of the {name} part left out; the first: {part.lost[0]}")
    return notes
