"""What is studied: the data, the models and the settings of one run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config, RegionConfig
from fairaudit.errors import DataError, ModelError, UsageError, suggestion
from fairaudit.measures.clusters.partition import partition

if TYPE_CHECKING:
    from torch import Tensor

    from fairaudit.audits.core.study.recall import Recall
    from fairaudit.data.categorical import Categorical
    from fairaudit.data.loader import Loader
    from fairaudit.data.manifest import Manifest
    from fairaudit.models.classifier import Classifier

EXAMPLES = 16
"""Audited images on which it is found out what a model's outputs are."""


def target_of(manifest: Manifest) -> Categorical:
    """The manifest's target.

    Raises:
        DataError: the manifest has none.
    """
    if manifest.target is None:
        raise DataError(
            "The manifest names no target", where=manifest.name, advice="Set data.target in fairaudit.yaml."
        )
    return manifest.target


def audited(asked: str | Sequence[str] | None, known: Mapping[str, object], *, kind: str) -> list[str]:
    """The requested names; all known ones if none is requested.

    Raises:
        UsageError: a name that is not known.
    """
    if asked is None:
        return list(known)
    names = [asked] if isinstance(asked, str) else list(asked)
    for name in names:
        if name not in known:
            raise UsageError(f'There is no {kind} called "{name}"', advice=suggestion(name, known))
    return names


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """The data of a run, opened once however many models are audited on it."""

    manifest: Manifest
    loader: Loader
    digest: str
    _examples: list[Tensor] = field(default_factory=list, repr=False, compare=False)

    def examples(self) -> Tensor | None:
        """The first images that can be read, on which a model's outputs are looked at; None without any."""
        if not self._examples:
            self._examples.append(self.loader.load(range(min(EXAMPLES, len(self.manifest.ids)))).images)
        return self._examples[0] if len(self._examples[0]) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """One candidate model, perhaps a baseline, and the data both are audited on."""

    config: Config
    options: RunOptions
    material: Material
    candidate: Classifier
    baseline: Classifier | None = None
    recall: Recall | None = field(default=None, repr=False)
    """Where the baseline's answers are kept for audits of other models."""

    @property
    def manifest(self) -> Manifest:
        """The audited rows."""
        return self.material.manifest

    @property
    def target(self) -> Categorical:
        """The label that the model predicts."""
        return target_of(self.manifest)

    @property
    def attributes(self) -> list[str]:
        """Names of the audited attributes."""
        return audited(self.config.audit.attribute, self.manifest.attributes, kind="attribute")

    @property
    def controls(self) -> list[str]:
        """Names of the control attributes."""
        return audited(self.config.audit.control, self.manifest.attributes, kind="control attribute")

    @property
    def regions(self) -> list[str]:
        """Names of the audited regions."""
        return audited(self.config.audit.region, self.config.regions, kind="region")

    def codes(self, attribute: str, rows: NDArray[np.int64]) -> NDArray[np.int32]:
        """Group codes of an attribute at manifest rows, -1 for unknown."""
        return self.manifest.attributes[attribute].codes[rows]

    def clusters(self, rows: NDArray[np.int64]) -> NDArray[np.int64] | None:
        """Sampling unit of every row (`partition`), None where images are; rows of unknown cluster stand alone."""
        return None if self.manifest.cluster is None else partition(self.manifest.cluster.codes[rows])


def require_attributes(names: Sequence[str], candidates: Sequence[str], *, where: str) -> None:
    """Refuse an audit that would compare no groups.

    Args:
        names: the audited attributes.
        candidates: columns that could be one.
        where: the table.

    Raises:
        UsageError: there is no attribute; names the columns that could be meant.
    """
    if names:
        return
    listed = ", ".join(candidates[:MOST_CANDIDATES])
    raise UsageError(
        "No attribute is named, so there are no groups to compare",
        wanted="--attribute COLUMN, or data.attributes in fairaudit.yaml",
        where=where,
        advice=f"Columns that could be meant: {listed}." if listed else "No other column has a few values that repeat.",
    )


def check_roles(target: str, attributes: Sequence[str], controls: Sequence[str], *, where: str) -> None:
    """Refuse a column in two roles, which compares nothing: groups of the target, or groups within themselves.

    Args:
        target: column of the label.
        attributes: the audited attributes.
        controls: the control attributes.
        where: the table.

    Raises:
        UsageError: an audited attribute is the target, or a control.
    """
    for role, names in (("the target", [target]), ("a control attribute", controls)):
        both = next((name for name in attributes if name in names), None)
        if both is not None:
            raise UsageError(
                f'The attribute "{both}" is {role} too, so that no groups are left to compare',
                where=where,
                advice="Name another column as attribute.",
            )


MOST_CANDIDATES = 12
"""As many columns are listed."""


def open_material(
    config: Config, *, base: Path, options: RunOptions, with_regions: bool, by_place: bool = False
) -> Material:
    """Open the manifest and whatever reads its images.

    Args:
        config: what is asked for.
        base: folder that the configuration's paths are relative to.
        options: how to run.
        with_regions: whether the audit looks at regions; without, none is placed.
        by_place: leave the rows in the file's order (`open_manifest`).
    """
    from fairaudit.data.loader import Loader
    from fairaudit.data.open import open_manifest

    manifest = open_manifest(config, base=base, limit=options.limit, seed=options.seed, by_place=by_place)
    names = wanted_regions(config) if with_regions else []
    regions = {name: config.regions[name] for name in names}
    loader = Loader(manifest, config.preprocess, regions, options.workers)
    fingerprints = manifest.fingerprints()
    noted = manifest.noted(*manifest.copies(fingerprints))
    return Material(manifest=noted, loader=loader, digest=loader.digest(fingerprints))


def open_classifier(path: Path, *, config: Config, material: Material, options: RunOptions) -> Classifier:
    """Open one model and check that it fits the data; `a.pt#smiling + 0.3*b.pt#hat` is a model made of outputs.

    Raises:
        ModelError: a file cannot be opened, or an output is not there.
    """
    from fairaudit.audits.core.study.device import pick_device
    from fairaudit.models.expression import compose, is_expression, parse_expression
    from fairaudit.models.open import open_model

    preprocess = config.preprocess
    if preprocess.size is None:  # the images' own size, which a model with a flat head needs to be tried on
        preprocess = preprocess.model_copy(update={"size": material.loader.input_size()})
        _check_described_size(path, preprocess.size)

    def opened(file: Path) -> Classifier:
        return open_model(
            file,
            config=config.model,
            preprocess=preprocess,
            classes=target_of(material.manifest).values,
            trust=options.trust_model,
            device=pick_device(options.device),
            examples=material.examples(),
        )

    if is_expression(str(path)) and not path.exists():
        return compose(parse_expression(str(path)), base=None, open_file=opened, folder=Path.cwd())
    return opened(path)


def _check_described_size(path: Path, own: tuple[int, int] | None) -> None:
    """Refuse images of another size than the model's folder names, where none is declared."""
    from fairaudit.models.files.hub import describe, is_hub_folder
    from fairaudit.models.files.preset import in_yaml

    found = describe(path) if is_hub_folder(path) else None
    named = None if found is None else found.size
    line = "" if found is None else in_yaml(found.preset)
    if named is not None and own is not None and named != tuple(own):
        raise ModelError(
            "The images do not have the size that the model's folder names",
            wanted=f"{named[0]} x {named[1]} pixels",
            found=f"{own[0]} x {own[1]}, and no preprocess.size",
            where=str(path),
            advice=f"As the folder has it: {line}."
            if line
            else f"Set preprocess.size to [{named[0]}, {named[1]}], and resize and crop as in training.",
        )


def wanted_regions(config: Config) -> list[str]:
    """The audited regions and those that they are made of."""
    names = audited(config.audit.region, config.regions, kind="region")
    wanted: list[str] = []
    while names:
        name = names.pop(0)
        if name not in wanted:
            wanted.append(name)
            names += _parents(config.regions[name])
    return [name for name in config.regions if name in wanted]


def _parents(region: RegionConfig) -> list[str]:
    return [*(region.union or ()), *([region.complement] if region.complement else [])]
