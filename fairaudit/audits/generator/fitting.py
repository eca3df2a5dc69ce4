"""Whether a conditional VAE fits a manifest: its target, its attributes, their values and the size of its images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fairaudit.audits.core.study.study import target_of
from fairaudit.data.loader import Loader
from fairaudit.errors import ModelError, UsageError, suggestion
from fairaudit.generators.cvae import ConditionalVae
from fairaudit.generators.load import conditional_vae

if TYPE_CHECKING:
    from fairaudit.data.manifest import Manifest


def fitting_cvae(path: Path, moved: Sequence[str], manifest: Manifest, loader: Loader) -> ConditionalVae:
    """A conditional VAE that is conditioned on the manifest's target and on the attributes that are to be moved.

    Args:
        path: its file, or the folder that it was trained into.
        moved: attributes that are to be moved; it may be conditioned on others too, which are held.
        manifest: the rows.
        loader: of their images.

    Raises:
        ModelError: the file is no conditional VAE, or one of other labels, other values or another size.
        UsageError: an attribute that the manifest has not.
    """
    model = conditional_vae(path)
    for name in moved:
        if name not in manifest.attributes:
            raise UsageError(f'There is no attribute "{name}"', advice=suggestion(name, manifest.attributes))
    _check_labels(path, moved, manifest, model)
    settings = model.settings
    size = (loader.preprocess.channels, *loader.input_size())
    if size != (settings.channels, *settings.size):
        raise ModelError(
            "The generator works on images of another size",
            wanted=str(list(size)),
            found=str([settings.channels, *settings.size]),
            where=str(path),
            advice="Train one with `fairaudit generator train`, or change preprocess.size.",
        )
    return model


def conditions_of(model: ConditionalVae, moved: Sequence[str]) -> tuple[str, ...]:
    """Names of the attributes that it is conditioned on, in its order; a file from before names were kept has one."""
    return tuple(name or moved[0] for name, _ in model.settings.attributes)


def _check_labels(path: Path, moved: Sequence[str], manifest: Manifest, model: ConditionalVae) -> None:
    target, settings = target_of(manifest), model.settings
    names = conditions_of(model, moved)
    if not set(moved) <= set(names):
        raise _another("attribute", moved, names, path)
    if settings.target_name and settings.target_name != target.name:
        raise _another("target", [target.name], [settings.target_name], path)
    if settings.target != target.values:
        raise _another("target", target.values, settings.target, path)
    for name, (_, values) in zip(names, settings.attributes, strict=True):
        if name not in manifest.attributes:
            raise UsageError(
                f"The conditional VAE is conditioned on {name}, which the manifest lacks",
                where="data.attributes",
                advice=suggestion(name, manifest.attributes),
            )
        if manifest.attributes[name].values != values:
            raise _another("attribute", manifest.attributes[name].values, values, path)


def _another(what: str, asked: Sequence[str], own: Sequence[str], path: Path) -> ModelError:
    return ModelError(
        f"The conditional VAE was trained on another {what}",
        wanted=", ".join(asked),
        found=", ".join(own),
        where=str(path),
        advice=f"Name the {what} that it was trained on, or train one on this.",
    )
