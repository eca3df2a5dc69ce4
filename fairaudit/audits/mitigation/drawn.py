"""A part whose images come with what a conditional VAE draws between each of them and its counterfactual."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from fairaudit.config.flips import per_attribute
from fairaudit.config.schema import Config
from fairaudit.counterfactuals.interpolation import interpolate, interpolation_path
from fairaudit.data.manifest import Manifest
from fairaudit.errors import ModelError, UsageError
from fairaudit.generators.checks import CHECKED, Tolerance
from fairaudit.generators.cvae import ConditionalVae
from fairaudit.generators.load import conditional_vae, trained_file
from fairaudit.mitigation.samples import DataPart, Derived, Samples
from fairaudit.models.classifier import Classifier
from fairaudit.models.files.container import digest

KEY = "audit.cvae"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawer:
    """A conditional VAE and the ways in which it changes an image."""

    model: ConditionalVae
    codes: Tensor
    """Codes of all its attributes for every row of the part, [row, attribute], -1 unknown."""
    flips: tuple[tuple[int, ...], ...]
    """Places of the attributes that are changed together, for every way."""
    sha256: str
    """Digest of the file."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrawnPart(Derived):
    """A part with drawn frames; whatever else it has is the base's."""

    drawers: tuple[Drawer, ...]
    count: int
    """Frames of every way, at even steps from δ = 1/n to 1; the reconstruction at 0 is none of them."""
    classifier: Classifier

    @property
    def digest(self) -> str:
        """Of everything that the frames depend on beside the base."""
        return " ".join([str(self.count), *(f"{drawer.sha256} {drawer.flips}" for drawer in self.drawers)])

    @torch.no_grad()
    def take(self, rows: Tensor) -> Samples:
        """The given rows in the given order."""
        samples = self.base.take(rows)
        made = [self._frames(samples, drawer, drawer.codes[rows]) for drawer in self.drawers]
        return replace(samples, drawn=torch.cat(made, dim=1))

    def reconstructed(self, samples: Samples, rows: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Images with known labels and their reconstructions, in [0, 1], for every drawer."""
        found = []
        for drawer in self.drawers:
            own = drawer.codes[rows].to(samples.images.device)
            known = (own >= 0).all(1) & (samples.target >= 0)
            if bool(known.any()):
                plain = self._plain(samples.images[known])
                path = interpolation_path(drawer.model, plain, samples.target[known], own[known], own[known])
                found.append((plain, interpolate(path, 2)[:, 0]))
        return found

    def _frames(self, samples: Samples, drawer: Drawer, codes: Tensor) -> Tensor:
        own = codes.to(samples.images.device)
        known = (own >= 0).all(1) & (samples.target >= 0)
        images = samples.images
        found = torch.full(
            (len(images), self.count * len(drawer.flips), *images.shape[1:]), torch.nan, device=images.device
        )
        if not bool(known.any()):
            return found
        plain, target = self._plain(images[known]), samples.target[known]
        sizes = torch.tensor([len(values) for _, values in drawer.model.settings.attributes], device=own.device)
        for number, places in enumerate(drawer.flips):
            to = own[known].clone()
            for place in places:
                to[:, place] = (to[:, place] + 1) % sizes[place]
            path = interpolation_path(drawer.model, plain, target, own[known], to)
            frames = interpolate(path, self.count + 1)[:, 1:]
            normal = self.classifier.normalise(frames.flatten(0, 1)).view(len(plain), self.count, *images.shape[1:])
            found[known, number * self.count : (number + 1) * self.count] = normal
        return found

    def _plain(self, images: Tensor) -> Tensor:
        """Normalised images back in [0, 1]."""
        mean = torch.tensor(self.classifier.mean).view(1, -1, 1, 1).to(images)
        std = torch.tensor(self.classifier.std).view(1, -1, 1, 1).to(images)
        return (images * std + mean).clamp(0, 1)


def drawn_part(
    part: DataPart,
    manifest: Manifest,
    readable: np.ndarray,
    names: Sequence[str],
    *,
    config: Config,
    classifier: Classifier,
    count: int,
) -> tuple[DrawnPart | None, list[str]]:
    """The part with the frames of the configured conditional VAEs, and notes on them; None without any.

    Every attribute is changed to its next value, for two values the other one; where one VAE knows several of the
    attributes, each is changed alone and all together.

    Args:
        part: rows to learn from.
        manifest: their manifest.
        readable: rows of the manifest that the part has.
        names: attributes that are mitigated.
        config: names the files.
        classifier: the model, whose scores reconstruction must not move.
        count: frames of every way.

    Raises:
        ModelError: a file is no conditional VAE, or one of other data, or reconstruction alone moves the scores.
        UsageError: an attribute has no values in the manifest.
    """
    asked = per_attribute(config.audit.cvae, config, key=KEY)
    files = dict.fromkeys(file for name, file in asked.items() if name in names)
    if not files:
        return None, []
    drawers = tuple(_drawer(Path(file), manifest, readable, names, classifier) for file in files)
    drawn = DrawnPart(base=part, drawers=drawers, count=count, classifier=classifier)
    drift = _drift(drawn, classifier)
    ways = sum(len(drawer.flips) for drawer in drawers)
    note = f"{count} frames in {ways} {'way' if ways == 1 else 'ways'} are drawn of every image to learn from; "
    return drawn, [f"{note}reconstruction alone moves the score by {drift:.3f} on average"]


def _drawer(
    path: Path, manifest: Manifest, readable: np.ndarray, names: Sequence[str], classifier: Classifier
) -> Drawer:
    model = conditional_vae(path)
    codes = []
    known = [name or names[0] for name, _ in model.settings.attributes]  # files of before it was kept have no name
    for name, (_, values) in zip(known, model.settings.attributes, strict=True):
        if name not in manifest.attributes:
            raise UsageError(f'The conditional VAE draws "{name}", which the manifest lacks', where=str(path))
        column = manifest.attributes[name]
        _same(f"values of {name}", column.values, values, path)
        codes.append(torch.from_numpy(column.codes[readable].astype(np.int64)))
    if manifest.target is not None:
        _same("values of the target", manifest.target.values, model.settings.target, path)
    places = [place for place, name in enumerate(known) if name in names]
    flips = [(place,) for place in places] + ([tuple(places)] if len(places) > 1 else [])
    return Drawer(
        model=model.to(classifier.device).eval(),
        codes=torch.stack(codes, dim=1),
        flips=tuple(flips),
        sha256=digest(trained_file(path)),
    )


@torch.no_grad()
def _drift(part: DrawnPart, classifier: Classifier) -> float:
    """Mean change of the score under reconstruction alone, on images spread over the part.

    Raises:
        ModelError: it is above the tolerance, so that frames would teach other evidence than the images.
    """
    rows = torch.from_numpy(np.unique(np.linspace(0, len(part) - 1, CHECKED).astype(np.int64)))
    moved = []
    for images, again in part.reconstructed(part.base.take(rows), rows):
        before, after = (classifier.scores(classifier.logits(each)) for each in (images, again))
        moved.append((before - after).abs().sum(1) / 2)
    drift = float(torch.cat(moved).mean()) if moved else float("nan")
    limit = Tolerance().drift
    if not drift <= limit:
        raise ModelError(
            "The conditional VAE cannot augment this model's images",
            wanted=f"reconstruction that moves the score by {limit:g} at most, on average",
            found=f"{drift:.2f}",
            advice="Train it longer: `fairaudit generator train --kind cvae --keep MODEL --epochs N`.",
        )
    return drift


def _same(what: str, wanted: Sequence[str], found: Sequence[str], path: Path) -> None:
    if tuple(wanted) != tuple(found):
        raise ModelError(
            f"The conditional VAE was trained on other {what}",
            wanted=", ".join(wanted), found=", ".join(found), where=str(path),
        )  # fmt: skip
