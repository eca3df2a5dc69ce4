"""The images of a self-test: training and audited rows that share nothing, and a bias planted into both."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.core.study.study import Material, target_of
from fairaudit.audits.selftest.options import Case, SelftestOptions
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Bias, Config, Split
from fairaudit.data.loader import Loader
from fairaudit.data.manifest import Manifest
from fairaudit.data.open import open_manifest
from fairaudit.data.planted.bias import place_regions, plant_bias
from fairaudit.data.planted.planting import brought
from fairaudit.errors import DataError
from fairaudit.pruning.parts import check_disjoint, pieces
from fairaudit.seeds import child_seed, generator

LEAST = 8
"""Images that every class needs, to train on and to audit."""
TILT = 0.2
"""How far the audited images are from bias and class being independent (0) towards always going together (1). A little,
as in most data that is audited: what a class goes with is read from it, and every group still has every class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SelftestData:
    """Rows without a planted bias."""

    train: Manifest
    """What models are trained on."""
    audit: Manifest
    """What they are audited on; shares no id, image or cluster with the other."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Values of the target."""
        return target_of(self.audit).values


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """The rows of one model, with its bias."""

    train: Manifest
    """At the model's own strength."""
    material: Material
    """The audited rows, the same for every strength; bias and class hardly go together in them."""
    config: Config
    """The configuration with nothing to audit but the planted attributes and the places of the bias as regions."""


def open_data(config: Config, *, base: Path, options: RunOptions, asked: SelftestOptions) -> SelftestData:
    """Open the rows as they are, and divide them.

    Raises:
        DataError: parts overlap, or a class has too few images.
    """
    plain = _without_bias(config)
    count = asked.train_images + asked.audit_images
    if asked.train is None:
        whole = open_manifest(plain, base=base, limit=_least(options.limit, count), seed=options.seed)
        shares = (asked.train_images / count, asked.audit_images / count)
        train, audit = pieces(_known(whole), shares, seed=options.seed)
    else:
        audit = _known(open_manifest(plain, base=base, limit=options.limit, seed=options.seed))
        data = plain.data.model_copy(update={"split": asked.train})
        other = plain.model_copy(update={"data": data})
        train = _known(open_manifest(other, base=base, seed=options.seed))
        audit = _some(audit, asked.audit_images, seed=options.seed)
        train = _some(train, asked.train_images, seed=options.seed)
        check_disjoint({_words(asked.train): train, "audited": audit})
    for name, manifest in (("train on", train), ("audit", audit)):
        _check_classes(manifest, name)
    return SelftestData(train=train, audit=audit)


def plant(data: SelftestData, bias: Bias, case: Case, *, config: Config, options: RunOptions) -> Planted:
    """Plant a bias at the case's strength in the training rows, and a weak one in the audited rows.

    Raises:
        DataError: these images cannot carry it.
    """
    seed = child_seed(options.seed, "selftest", case.seed)
    chance = balanced_rho(data, bias)
    rho = chance if case.rho is None else case.rho
    train = plant_bias(data.train, bias.model_copy(update={"rho": rho, "rho_right": None}), seed=seed)
    weak = bias.model_copy(update={"rho": chance + TILT * (1 - chance), "rho_right": None})
    audit = plant_bias(data.audit, weak, seed=child_seed(seed, "audited"))
    regions = place_regions(bias)
    loader = Loader(audit, config.preprocess, regions, options.workers)
    names = {"attribute": list(brought(bias)), "region": list(regions), "control": [], "intersections": False}
    names |= {
        "aligned": None,
        "twins": None,
        "cvae": None,
        "shown_in": {},
    }  # all of them about the rows' own attributes
    own = config.model_copy(
        update={
            "data": _without_bias(config).data,
            "regions": regions,
            "audit": config.audit.model_copy(update=names),
            "gates": [],
        }
    )
    return Planted(train=train, material=Material(manifest=audit, loader=loader, digest=loader.digest()), config=own)


def balanced_rho(data: SelftestData, bias: Bias) -> float:
    """The strength at which the bias says nothing about the class: one over the number of its values.

    Raises:
        DataError: these images cannot carry the bias, or get another target with it than the models decide on.
    """
    planted = plant_bias(data.audit, bias, seed=0)
    if target_of(planted).values != data.classes:
        raise DataError(
            f"The bias {bias.kind} merges the classes into two, but a self-test keeps those of the model",
            wanted="a target with two values",
            found=f"{len(data.classes)} values",
            where="--bias",
        )
    return 1.0 / max(len(planted.attributes[name].values) for name in brought(bias))


def _without_bias(config: Config) -> Config:
    attributes = [name for name in config.data.attributes if name not in brought(config.data.bias)]
    return config.model_copy(
        update={"data": config.data.model_copy(update={"bias": None, "attributes": attributes}), "regions": {}}
    )


def _known(manifest: Manifest) -> Manifest:
    """The rows with a target, without the columns and twins that a self-test has no use for."""
    rows: NDArray[np.int64] = np.flatnonzero(target_of(manifest).codes >= 0)
    return replace(manifest, attributes={}, twins={}).take(rows)


def _some(manifest: Manifest, count: int, *, seed: int) -> Manifest:
    if count >= len(manifest):
        return manifest
    rows = generator(seed, "selftest rows").choice(len(manifest), size=count, replace=False)
    return manifest.take(np.sort(rows))


def _check_classes(manifest: Manifest, use: str) -> None:
    target = target_of(manifest)
    few = [f"{value}: {count}" for value, count in zip(target.values, target.counts(), strict=True) if count < LEAST]
    if few:
        raise DataError(
            f"There are too few images to {use} for a self-test",
            wanted=f"at least {LEAST} of every class",
            found=f"{len(manifest)} images; {', '.join(few)}",
            where=manifest.name,
            advice="Give more rows, or raise --limit, --train-images or --audit-images.",
        )


def _least(first: int | None, second: int) -> int:
    return second if first is None else min(first, second)


def _words(split: Split) -> str:
    return f"{split.column}={split.use}"
