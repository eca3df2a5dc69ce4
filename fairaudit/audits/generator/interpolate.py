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
from fairaudit.audits.generator.fitting import conditions_of, fitting_cvae
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config
from fairaudit.counterfactuals.interpolation import interpolate, interpolation_path
from fairaudit.data.loader import Loader
from fairaudit.data.open import open_manifest
from fairaudit.errors import DataError, UsageError, suggestion
from fairaudit.generators.cvae import ConditionalVae
from fairaudit.results.strict_json import write_bytes, write_text

if TYPE_CHECKING:
    from fairaudit.data.categorical import Categorical
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
    attributes: tuple[str, ...]
    """Attributes that are moved, all at once; others that it is conditioned on are held."""
    to: tuple[str, ...] = ()
    """VALUE, or ATTRIBUTE=VALUE, that every image gets; the other one where there are two."""
    frames: int = 8
    """Images of every row from the reconstruction (δ = 0) to the counterfactual (δ = 1), at least 2."""
    examples: int = 4
    """Images in the pictures."""
    animation: str = "gif"
    """gif or webp."""

    def __post_init__(self) -> None:
        """Refuse numbers that no path can have."""
        if self.frames < 2:
            raise UsageError("--frames cannot be used", wanted="2 or more", found=str(self.frames))
        if self.animation not in ("gif", "webp"):
            raise UsageError(f'--animation cannot be "{self.animation}"', wanted="gif, webp")
        if not self.attributes or len(set(self.attributes)) < len(self.attributes):
            found = ", ".join(self.attributes) or "none"
            raise UsageError("--condition cannot be used", wanted="every attribute once", found=found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpolated:
    """What was written."""

    table: Path
    """Manifest of all images: id, pair, file, kind, delta, target and attributes."""
    strip: Path
    """A few interpolations."""
    pairs: int
    """Images that have a counterfactual."""
    left_out: int
    """Rows without one: unreadable, unlabelled, or of all the values that are asked for already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Conditions:
    """The attributes that the generator is conditioned on."""

    columns: tuple[Categorical, ...]
    """Every attribute's values and codes."""
    own: NDArray[np.int64]
    """[row, attribute] codes of the images."""
    to: NDArray[np.int64]
    """[row, attribute] codes of their counterfactuals; those of an attribute that is held are its own."""

    def wanted(self) -> NDArray[np.bool_]:
        """[row] whether every value is known and one of them is another."""
        known = (self.own >= 0).all(axis=1) & (self.to >= 0).all(axis=1)
        found: NDArray[np.bool_] = known & (self.own != self.to).any(axis=1)
        return found

    def values(self, row: int, share: float) -> dict[str, str]:
        """Attribute → its value at δ = share; empty on the way from one to another."""
        found = {}
        for at, column in enumerate(self.columns):
            own, to = int(self.own[row, at]), int(self.to[row, at])
            code = own if own == to or share == 0 else to if share == 1 else -1
            found[column.name] = column.values[code] if code >= 0 else ""
        return found

    def words(self, row: int, share: int) -> str:
        """The values of the attributes that move in this row, at one end."""
        moved = np.flatnonzero(self.own[row] != self.to[row])
        values = self.values(row, share)
        if len(self.columns) == 1:
            return next(iter(values.values()))
        return "\n".join(f"{self.columns[at].name} {values[self.columns[at].name]}" for at in moved)


def write_interpolations(
    config: Config, request: InterpolateRequest, *, base: Path, options: RunOptions, progress: Progress
) -> Interpolated:
    """Write every row's images from reconstruction to counterfactual, a manifest, a strip and an animation.

    All images of a row are decoded from the same latent, with shares δ of the attribute's other value and 1 − δ of its
    own (eq. 5 of counterfactual interpolation augmentation), so that they differ in what the attribute does and share
    what the autoencoder blurs. Several attributes move together, s being the vector of all of them, by the same δ.
    The manifest is the paper's set X_CIA. It can be audited like any other, with `data.cluster: pair`; images in
    between keep their target, as in the paper, and have no value of the attributes that move.

    Raises:
        ModelError: the file is no conditional VAE, or one of other values or of another size.
        UsageError: an attribute or a value that there is not.
        DataError: no row has both labels.
    """
    manifest = open_manifest(config, base=base, limit=options.limit, seed=options.seed)
    loader = Loader(manifest, config.preprocess, {}, options.workers)
    model = fitting_cvae(request.generator, request.attributes, manifest, loader)
    names = conditions_of(model, request.attributes)
    _check_names(*names, target_of(manifest).name)
    conditions = _conditions(request, names, manifest)
    wanted = np.flatnonzero(conditions.wanted() & (target_of(manifest).codes >= 0))
    rows: list[dict[str, str]] = []
    shown: list[tuple[str, NDArray[np.float64], NDArray[np.float64]]] = []
    with progress.task("Writing counterfactuals", total=len(wanted)) as advance:
        for some in _batches(wanted):
            batch = loader.load(some.tolist())
            own, to = conditions.own[batch.rows], conditions.to[batch.rows]
            frames = _frames(model, batch.images, batch.target, own, to, request.frames)
            for number, (row, name) in enumerate(zip(batch.rows, batch.ids, strict=True)):
                rows += _written(options.output, manifest, conditions, int(row), name, frames[number])
                if len(shown) < request.examples:
                    shown.append((name, batch.images[number].permute(1, 2, 0).double().numpy(), frames[number]))
            advance(min(len(wanted), len(rows) // request.frames), len(wanted), False)
    if not rows:
        raise DataError(
            "No row has a counterfactual", wanted="readable images with target and attributes known, and others to get"
        )
    table = options.output / "counterfactuals.csv"
    write_text(table, _csv(rows))
    strip = _pictures(options.output, request, shown, manifest, conditions)
    pairs = len(rows) // request.frames
    return Interpolated(table=table, strip=strip, pairs=pairs, left_out=len(manifest.ids) - pairs)


def _check_names(*labels: str) -> None:
    for name in labels:
        if name in COLUMNS:
            raise UsageError(
                "A label has the name of a column of the manifest to be written",
                wanted=f"another name than {', '.join(COLUMNS)}",
                found=name,
                advice="Rename the column in your manifest.",
            )


def _conditions(request: InterpolateRequest, names: tuple[str, ...], manifest: Manifest) -> _Conditions:
    """Codes of all rows, and those of their counterfactuals."""
    columns = tuple(manifest.attributes[name] for name in names)
    asked = _asked(request)
    own = np.stack([column.codes.astype(np.int64) for column in columns], axis=1)
    to = own.copy()
    for at, column in enumerate(columns):
        if column.name in request.attributes:
            to[:, at] = _goal(column, own[:, at], asked.get(column.name))
    return _Conditions(columns=columns, own=own, to=to)


def _asked(request: InterpolateRequest) -> dict[str, str]:
    """Attribute → the value that every image gets; a value alone is of the one attribute that moves."""
    found: dict[str, str] = {}
    for text in request.to:
        name, equals, value = text.partition("=")
        if not equals or name not in request.attributes:
            name, value = request.attributes[0], text
            if len(request.attributes) > 1:
                names = ", ".join(request.attributes)
                raise UsageError("--to cannot be read", wanted=f"ATTRIBUTE=VALUE with one of {names}", found=text)
        if name in found:
            raise UsageError(f"--to gives {name} two values", found=f"{found[name]}, {value}")
        found[name] = value
    return found


def _goal(column: Categorical, own: NDArray[np.int64], value: str | None) -> NDArray[np.int64]:
    if value is not None:
        if value not in column.values:
            raise UsageError(f'{column.name} is never "{value}"', advice=suggestion(value, column.values))
        return np.full(len(own), column.values.index(value))
    if len(column.values) != 2:
        values = ", ".join(column.values)
        raise UsageError(
            f"{column.name} has {len(column.values)} values", advice=f"Give --to {column.name}=VALUE, one of {values}."
        )
    return np.where(own < 0, -1, 1 - own)


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
    folder: Path, manifest: Manifest, conditions: _Conditions, row: int, name: str, frames: NDArray[np.float64]
) -> list[dict[str, str]]:
    """All images of a row, and their lines of the manifest."""
    target = target_of(manifest)
    lines = []
    last = len(frames) - 1
    for number, frame in enumerate(frames):
        kind = "factual" if number == 0 else "counterfactual" if number == last else f"between-{number}"
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
                **conditions.values(row, number / last),
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
    conditions: _Conditions,
) -> Path:
    from fairaudit.report.figures.counterfactuals import animation, strips

    place = {name: row for row, name in enumerate(manifest.ids)}
    frames = np.stack([found for _, _, found in shown])
    deltas = [f"δ = {share:.2f}" for share in np.linspace(0, 1, request.frames)]
    texts = []
    for name, _, _ in shown:
        first, last = (conditions.words(place[name], end) for end in (0, 1))
        texts.append([first, *[""] * (request.frames - 2), last])
    strip = folder / "interpolations.png"
    drawn = strips(
        frames,
        [name for name, _, _ in shown],
        texts,
        heading=f"From the own value of {' and '.join(request.attributes)} to the other, the rest held",
        steps=deltas,
        originals=np.stack([image for _, image, _ in shown]),
    )
    write_bytes(strip, drawn)
    write_bytes(folder / f"interpolations.{request.animation}", animation(frames, kind=request.animation))
    return strip
