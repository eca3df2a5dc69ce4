"""Conditional VAEs of a study: opened, and checked against the labels that they are to be conditioned on."""

from __future__ import annotations

import pathlib
from dataclasses import dataclass

import torch
from torch import Tensor

from fairaudit.audits.core.study.study import Study, audited
from fairaudit.config.flips import per_attribute
from fairaudit.counterfactuals.interpolation import interpolation_path
from fairaudit.errors import ModelError
from fairaudit.generators.cvae import ConditionalVae
from fairaudit.generators.load import conditional_vae, trained_file
from fairaudit.models.files.container import digest
from fairaudit.saliency.gradients.path import Path
from fairaudit.saliency.method import Explained

KEY = "audit.cvae"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedCvae:
    """A conditional VAE that fits the data."""

    model: ConditionalVae
    """In evaluation mode, on the model's device."""
    values: int
    """Number of the attribute's values."""
    sha256: str
    """Digest of the file."""


def opened_cvaes(study: Study) -> dict[str, OpenedCvae]:
    """Attribute → the conditional VAE that draws its values.

    Raises:
        ConfigError: it is not clear which attribute a file is about.
        ModelError: a file is no conditional VAE, or one of other images or other values than the data's.
    """
    asked = per_attribute(study.config.audit.cvae, study.config, key=KEY)
    audited(list(asked), study.manifest.attributes, kind="attribute")
    return {attribute: _opened(study, attribute, pathlib.Path(file)) for attribute, file in asked.items()}


def _opened(study: Study, attribute: str, path: pathlib.Path) -> OpenedCvae:
    path = trained_file(path)
    model = conditional_vae(path, attribute=attribute)
    settings, loader = model.settings, study.material.loader
    if settings.more:
        raise ModelError(
            "This conditional VAE draws several attributes, but an audit flips one only",
            wanted=f"one that is conditioned on {attribute} alone",
            found=", ".join(name for name, _ in settings.attributes),
            where=str(path),
            advice=f"Train one with `fairaudit generator train --kind cvae --condition {attribute}`.",
        )
    wanted = (loader.preprocess.channels, *loader.input_size())
    _same("images", wanted, (settings.channels, *settings.size), path)
    for what, asked, trained in (
        ("target", study.target.name, settings.target_name),
        ("attribute", attribute, settings.attribute_name),
    ):
        if trained:  # files of before it was kept have no name
            _same(f"{what}, by name", (asked,), (trained,), path)
    _same("values of the target", study.target.values, settings.target, path)
    _same(f"values of {attribute}", study.manifest.attributes[attribute].values, settings.attribute, path)
    return OpenedCvae(model=model.to(study.candidate.device), values=len(settings.attribute), sha256=digest(path))


def _same(what: str, wanted: tuple[object, ...], found: tuple[object, ...], path: pathlib.Path) -> None:
    if tuple(wanted) != tuple(found):
        raise ModelError(
            f"The conditional VAE was trained on other {what}",
            wanted=", ".join(map(str, wanted)),
            found=", ".join(map(str, found)),
            where=str(path),
            advice="Train one on these data with `fairaudit generator train --kind cvae`.",
        )


@dataclass(frozen=True, slots=True)
class CvaePathway:
    """Paths for `cgi`: from the counterfactual with the next value of the attribute to the drawn image itself."""

    cvae: OpenedCvae

    def path(self, classifier: Explained, images: Tensor, target: Tensor, attribute: Tensor) -> Path:
        """See Pathway.path."""
        black = torch.zeros_like(images[:1, :, :1, :1])
        ends = classifier.normalise(torch.cat([black, torch.ones_like(black)]))
        # black → −mean / std and white → (1 − mean) / std, whatever the classifier's normalisation is.
        std = 1 / (ends[1] - ends[0]).flatten()
        mean = -ends[0].flatten() * std
        to = (attribute + 1) % self.cvae.values
        return interpolation_path(self.cvae.model, images, target, attribute, to, mean=mean, std=std)
