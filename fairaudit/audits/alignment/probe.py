"""Fit a probe for an attribute on rows of the manifest that are not audited."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from fairaudit.audits.alignment.options import CfOptions
from fairaudit.config.schema import Config, Split
from fairaudit.counted import counted
from fairaudit.counterfactuals.heads import ModelHeads
from fairaudit.counterfactuals.probe import AttributeProbe, FetchImages, ProbeSettings, train_probe
from fairaudit.data.loader import Loader
from fairaudit.data.open import open_manifest
from fairaudit.errors import DataError, UsageError, suggestion
from fairaudit.generators.load import open_generator

if TYPE_CHECKING:
    from fairaudit.audits.core.study.study import Study

MOST_ROWS = 4000
"""A probe is fitted on at most so many rows, drawn with the seed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedProbe:
    """A probe and the heads that are read from it."""

    attribute: str
    probe: AttributeProbe
    heads: ModelHeads
    columns: tuple[int, ...]
    """Values that are read: the second of two, all of more."""
    digest: str

    def note(self) -> str:
        """How good the probe is, for the report."""
        found, drawn = self.probe, ""
        if found.drawn_accuracy is not None:
            drawn = f" and on {found.drawn_accuracy:.1%} of their reconstructions"
        return (
            f"Probe for {self.attribute}: right on {found.accuracy:.1%} of {found.test_images} held-out images "
            f"({found.balanced_accuracy:.1%} on average over values; guessing reaches {found.majority:.1%}){drawn}, "
            f"fitted on {found.train_images}."
        )


def fit_probe(study: Study, options: CfOptions, attribute: str) -> FittedProbe:
    """A small network for the attribute, fitted on the probe's split.

    Raises:
        UsageError: an unknown attribute, or no split of its own.
        DataError: too few rows of a value.
    """
    if attribute not in study.manifest.attributes:
        raise UsageError(
            f'There is no attribute called "{attribute}"', advice=suggestion(attribute, study.manifest.attributes)
        )
    manifest = open_manifest(_probe_config(options), base=options.base_folder, limit=MOST_ROWS, seed=study.options.seed)
    shared = set(manifest.ids) & set(study.manifest.ids)
    if shared:
        raise UsageError(
            "The probe would be fitted on rows that are audited",
            wanted="a split of its own, with --probe-split",
            found=f"{counted(len(shared), 'row')} in both",
        )
    loader = Loader(manifest, options.config.preprocess, {}, study.options.workers)
    images, codes = _images(loader, manifest.attributes[attribute].codes)
    file = options.generator
    reconstructed = None if file is None else _reconstructed(study, options, file, images)
    probe = train_probe(
        _fetch(images),
        codes,
        len(manifest.attributes[attribute].values),
        drawn=None if reconstructed is None else _fetch(reconstructed),
        settings=ProbeSettings(seed=study.options.seed),
    )
    values = manifest.attributes[attribute].values
    names = (f"not {attribute}", attribute) if len(values) == 2 else tuple(f"{attribute}={value}" for value in values)
    return FittedProbe(
        attribute=attribute,
        probe=probe,
        heads=ModelHeads(probe.module.to(study.candidate.device), names, link="softmax"),
        columns=(1,) if len(values) == 2 else tuple(range(len(values))),
        digest=_digest(probe),
    )


def _probe_config(options: CfOptions) -> Config:
    config, split = options.config, options.config.data.split
    if options.probe_split is None or split is None:
        raise UsageError(
            "A probe needs rows of its own",
            wanted="data.split in fairaudit.yaml, and --probe-split with another value of that column",
            found="no --probe-split" if split is not None else "no data.split",
            advice="Use rows in which attribute and target are not associated: otherwise the probe can learn the "
            "target.",
        )
    data = config.data.model_copy(update={"split": Split(column=split.column, use=options.probe_split)})
    return config.model_copy(update={"data": data})


def _images(loader: Loader, codes: NDArray[np.int32]) -> tuple[torch.Tensor, NDArray[np.int32]]:
    """All readable images of known value as bytes, and their codes."""
    known = np.flatnonzero(codes >= 0)
    if not len(known):
        raise DataError("No row of the probe's split has a known value", where=loader.manifest.name)
    images, kept = [], []
    for start in range(0, len(known), 256):
        batch = loader.load(known[start : start + 256].tolist())
        images.append((batch.images * 255).round().byte())
        kept.append(codes[batch.rows])
    return torch.cat(images), np.concatenate(kept)


def _fetch(images: torch.Tensor) -> FetchImages:
    return lambda rows: images[torch.from_numpy(rows)].float() / 255


@torch.no_grad()
def _reconstructed(study: Study, options: CfOptions, file: Path, images: torch.Tensor) -> torch.Tensor:
    """The images as the generator gives them back, as bytes."""
    generator = open_generator(
        file,
        arch=options.generator_arch,
        device=str(study.candidate.device),
        trust=study.options.trust_model,
    )
    parts = []
    for start in range(0, len(images), 128):
        found = generator.decode(generator.encode(images[start : start + 128].float() / 255))
        parts.append((found.clamp(0, 1) * 255).round().byte().cpu())
    return torch.cat(parts)


def _digest(probe: AttributeProbe) -> str:
    found = hashlib.sha256()
    for value in probe.module.state_dict().values():
        found.update(value.numpy().tobytes())
    return found.hexdigest()
