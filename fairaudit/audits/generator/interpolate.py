"""Matched counterfactuals of a conditional VAE as files: the same image with both values of an attribute."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from fairaudit.audits.core.stream.progress import Progress
from fairaudit.audits.core.study.study import target_of
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config
from fairaudit.counterfactuals.interpolation import interpolate, interpolation_path
from fairaudit.data.loader import Loader
from fairaudit.data.open import open_manifest
from fairaudit.errors import DataError, ModelError, UsageError, suggestion
from fairaudit.generators.checkpoint import load_generator
from fairaudit.generators.cvae import ConditionalVae
from fairaudit.generators.load import trained_file
from fairaudit.models.files.container import container
from fairaudit.results.strict_json import write_bytes, write_text

if TYPE_CHECKING:
    from fairaudit.data.manifest import Manifest

BATCH = 64
"""Images that are decoded together, times the frames of each."""


COLUMNS = ("id", "pair", "file", "kind", "delta")
"""Columns of the written manifest, before target and attribute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InterpolateRequest:
    """Which counterfactuals are made."""

    generator: Path
    """A conditional VAE of `fairaudit generator train --kind cvae`."""
    attribute: str
    """The attribute it was conditioned on."""
    to: str | None = None
    """Value that every image gets; the other one where there are two."""
    frames: int = 8
    """Images of every row from the reconstruction (δ = 0) to the counterfactual (δ = 1), at least 2."""
    examples: int = 4
    """Images in the pictures."""
    animation: str = "gif"
    """gif or webp."""

    def __post_init__(self) -> None:
        """Refuse numbers that no path can have."""
        if self.frames < 2:
            raise UsageError("--frames cannot be used", wanted="2 at least", found=str(self.frames))
        if self.animation not in ("gif", "webp"):
            raise UsageError(f'--animation does not know "{self.animation}"', wanted="gif, webp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpolated:
    """What was written."""

    table: Path
    """Manifest of all images: id, pair, file, kind, delta, target and attribute."""
    strip: Path
    """A few interpolations."""
    pairs: int
    """Images that have a counterfactual."""
    left_out: int
    """Rows without one: unreadable, unlabelled, or of the value that is asked for already."""


def write_interpolations(
    config: Config, request: InterpolateRequest, *, base: Path, options: RunOptions, progress: Progress
) -> Interpolated:
    """Write every row's images from reconstruction to counterfactual, a manifest, a strip and an animation.

    All images of a row are decoded from the same latent, with shares δ of the attribute's other value and 1 − δ of its
    own (eq. 5 of counterfactual interpolation augmentation), so that they differ in what the attribute does and share
    what the autoencoder blurs. The manifest can be audited like any other, with `data.cluster: pair`; images in
    between keep their target, as in the paper, and have no value of the attribute.

    Raises:
        ModelError: the file is no conditional VAE, or one of other values or of another size.
        UsageError: an attribute or a value that there is not.
        DataError: no row has both labels.
    """
    manifest = open_manifest(config, base=base, limit=options.limit, seed=options.seed)
    loader = Loader(manifest, config.preprocess, {}, options.workers)
    model = _fitting(request, manifest, loader)
    _check_names(request.attribute, target_of(manifest).name)
    codes, to = _codes(request, manifest)
    wanted = np.flatnonzero((codes >= 0) & (target_of(manifest).codes >= 0) & (to >= 0) & (to != codes))
    rows: list[dict[str, str]] = []
    shown: list[tuple[str, NDArray[np.float64], NDArray[np.float64]]] = []
    with progress.task("Writing counterfactuals", total=len(wanted)) as advance:
        for some in _batches(wanted):
            batch = loader.load(some.tolist())
            frames = _frames(model, batch.images, batch.target, codes[batch.rows], to[batch.rows], request.frames)
            for number, (row, name) in enumerate(zip(batch.rows, batch.ids, strict=True)):
                rows += _written(options.output, manifest, request.attribute, int(row), name, frames[number], to)
                if len(shown) < request.examples:
                    shown.append((name, batch.images[number].permute(1, 2, 0).double().numpy(), frames[number]))
            advance(min(len(wanted), len(rows) // request.frames), len(wanted), False)
    if not rows:
        raise DataError("No row has a counterfactual", wanted="readable images with target and attribute known")
    table = options.output / "counterfactuals.csv"
    write_text(table, _csv(rows))
    strip = _pictures(options.output, request, shown, manifest, to)
    pairs = len(rows) // request.frames
    return Interpolated(table=table, strip=strip, pairs=pairs, left_out=len(manifest.ids) - pairs)


def _check_names(*labels: str) -> None:
    for name in labels:
        if name in COLUMNS:
            raise UsageError(
                "A label is called like a column of the manifest that would be written",
                wanted=f"another name than {', '.join(COLUMNS)}",
                found=name,
                advice="Rename the column in your manifest.",
            )


def _fitting(request: InterpolateRequest, manifest: Manifest, loader: Loader) -> ConditionalVae:
    file = trained_file(request.generator)
    container(file)  # tells a file that does not exist
    model = load_generator(file)
    if not isinstance(model, ConditionalVae):
        raise ModelError(
            "An autoencoder has no attribute that could be flipped",
            wanted="a conditional VAE",
            found="an autoencoder",
            where=str(request.generator),
            advice="Train one: fairaudit generator train --kind cvae --condition ATTRIBUTE.",
        )
    if request.attribute not in manifest.attributes:
        raise UsageError(
            f'There is no attribute "{request.attribute}"', advice=suggestion(request.attribute, manifest.attributes)
        )
    values = (target_of(manifest).values, manifest.attributes[request.attribute].values)
    settings = model.settings
    names = ((target_of(manifest).name,), (request.attribute,))
    own_names = tuple(
        (name,) if name else given
        for name, given in zip((settings.target_name, settings.attribute_name), names, strict=True)
    )
    for what, own, asked in (
        *zip(("target", "attribute"), own_names, names, strict=True),
        *zip(("target", "attribute"), (settings.target, settings.attribute), values, strict=True),
    ):
        if own != asked:
            raise ModelError(
                f"The conditional VAE was trained on another {what}",
                wanted=", ".join(asked),
                found=", ".join(own),
                where=str(request.generator),
                advice=f"Name the {what} that it was trained on, or train one on this.",
            )
    size = (loader.preprocess.channels, *loader.input_size())
    if size != (settings.channels, *settings.size):
        raise ModelError(
            "The generator works on images of another size",
            wanted=str(list(size)),
            found=str([settings.channels, *settings.size]),
            where=str(request.generator),
            advice="Train one with `fairaudit generator train`, or change preprocess.size.",
        )
    return model


def _codes(request: InterpolateRequest, manifest: Manifest) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The attribute's codes of all rows, and those of their counterfactuals."""
    column = manifest.attributes[request.attribute]
    codes = column.codes.astype(np.int64)
    if request.to is not None:
        if request.to not in column.values:
            advice = suggestion(request.to, column.values)
            raise UsageError(f'{request.attribute} is never "{request.to}"', advice=advice)
        return codes, np.full(len(codes), column.values.index(request.to))
    if len(column.values) != 2:
        values = ", ".join(column.values)
        raise UsageError(f"{request.attribute} has {len(column.values)} values", advice=f"Give --to one of {values}.")
    return codes, np.where(codes < 0, -1, 1 - codes)


def _batches(rows: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


def _frames(
    model: ConditionalVae,
    images: torch.Tensor,
    target: NDArray[np.int32],
    attribute: NDArray[np.int64],
    to: NDArray[np.int64],
    frames: int,
) -> NDArray[np.float64]:
    """[image, frame, height, width, channel], the reconstruction first; all frames of all images in one decode."""
    coded = [torch.from_numpy(codes.astype(np.int64)) for codes in (target, attribute, to)]
    path = interpolation_path(model, images, coded[0], coded[1], coded[2])
    return interpolate(path, frames).clamp(0, 1).permute(0, 1, 3, 4, 2).double().numpy()


def _written(
    folder: Path,
    manifest: Manifest,
    attribute: str,
    row: int,
    name: str,
    frames: NDArray[np.float64],
    to: NDArray[np.int64],
) -> list[dict[str, str]]:
    """All images of a row, and their lines of the manifest."""
    column, target = manifest.attributes[attribute], target_of(manifest)
    lines = []
    last = len(frames) - 1
    for number, frame in enumerate(frames):
        kind = "factual" if number == 0 else "counterfactual" if number == last else f"between-{number}"
        value = {0: column.values[column.codes[row]], last: column.values[int(to[row])]}.get(number, "")
        # Numbered files: an id may hold anything, slashes too.
        file = Path("images") / f"{row:07d}-{kind}.png"
        write_bytes(folder / file, _png(frame))
        lines.append(
            {
                "id": f"{name}/{kind}",
                "pair": name,
                "file": file.as_posix(),
                "kind": kind,
                "delta": f"{number / last:.6g}",
                target.name: target.values[target.codes[row]],
                attribute: value,
            }
        )
    return lines


def _png(frame: NDArray[np.float64]) -> bytes:
    from PIL import Image

    pixels = np.rint(frame * 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(buffer, "PNG")
    return buffer.getvalue()


def _csv(rows: list[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _pictures(
    folder: Path,
    request: InterpolateRequest,
    shown: list[tuple[str, NDArray[np.float64], NDArray[np.float64]]],
    manifest: Manifest,
    to: NDArray[np.int64],
) -> Path:
    from fairaudit.report.figures.counterfactuals import animation, strips

    column, place = manifest.attributes[request.attribute], {name: row for row, name in enumerate(manifest.ids)}
    frames = np.stack([found for _, _, found in shown])
    deltas = [f"δ = {share:.2f}" for share in np.linspace(0, 1, request.frames)]
    texts = []
    for name, _, _ in shown:
        ends = (column.values[column.codes[place[name]]], column.values[int(to[place[name]])])
        texts.append([ends[0], *[""] * (request.frames - 2), ends[1]])
    strip = folder / "interpolations.png"
    drawn = strips(
        frames,
        [name for name, _, _ in shown],
        texts,
        heading=f"From {request.attribute}'s own value to the other, the rest held",
        steps=deltas,
        originals=np.stack([image for _, image, _ in shown]),
    )
    write_bytes(strip, drawn)
    write_bytes(folder / f"interpolations.{request.animation}", animation(frames, kind=request.animation))
    return strip
