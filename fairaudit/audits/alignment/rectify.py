"""Rectify a model: add a multiple of another classifier so that counterfactuals stop moving it, and save the sum."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.jit._trace import TracerWarning

from fairaudit.audits.alignment.heads import Readers, readers
from fairaudit.audits.alignment.options import CfOptions
from fairaudit.audits.core.progress import Progress
from fairaudit.audits.core.study import Study
from fairaudit.counterfactuals.heads import head_index
from fairaudit.counterfactuals.rectify import Rectified, RectifySettings, rectify
from fairaudit.errors import DataError, OutputError
from fairaudit.gate.alike import Alike
from fairaudit.gate.changed import MOST_LOST
from fairaudit.generators.generator import Generator
from fairaudit.generators.load import open_generator

MOST = 300
"""Images that are used, the first of the manifest that the base classifier calls positive."""
LEAST = 30
"""Fewest images: a third each trains, stops and is held out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What came out."""

    file: Path
    """The rectified model, a TorchScript archive with one sigmoid output."""
    found: Rectified
    """β and what it did."""
    images: int
    """Images that were used."""
    lost: str | None
    """Why the written model is of no use: it decides every image alike, or lost too much accuracy; None if it is."""


class RectifiedModel(nn.Module):
    """f′ = f_base + β f_other (eq. 6) over normalised images, as one logit: the log-odds of the sum inside [ε, 1 − ε].

    Args:
        readers: all heads.
        base: column of the base classifier.
        other: column of the one that is added.
        beta: its multiple.
        mean: what the images were normalised with, per channel or one for all.
        std: the same.
    """

    def __init__(
        self, found: Readers, base: int, other: int, beta: float, mean: tuple[float, ...], std: tuple[float, ...]
    ) -> None:
        super().__init__()
        # Tracing follows a model only where it is a part of this one.
        self.parts = nn.ModuleList(found.modules)
        self._heads, self._base, self._other, self._beta = found.heads, base, other, beta
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(1, -1, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        """[n, c, h, w] normalised → [n, 1]."""
        plain = images * self.std + self.mean  # type: ignore[operator]
        values = self._heads.values(self._heads.outputs(plain))
        return torch.logit(values[:, self._base] + self._beta * values[:, self._other], eps=1e-6)[:, None]


def rectify_model(
    study: Study, options: CfOptions, base: str | None, other: str, settings: RectifySettings, progress: Progress
) -> Written:
    """Find β on images that the base classifier calls positive, and save the composed model into the output folder.

    Raises:
        UsageError: an unknown name.
        DataError: too few images.
    """
    generator = open_generator(
        options.generator,
        arch=options.generator_arch,
        device=str(study.candidate.device),
        trust=study.options.trust_model,
    )
    found = readers(study, options)
    first = found.bases[0] if base is None else head_index(found.heads, base)
    columns = first, head_index(found.heads, other)
    images = _positives(study, found, columns[0], progress)
    result = _rectified(generator, found, images, columns, options, settings)
    path = study.options.output / f"rectified-{study.candidate.path.stem}.pt"
    model = RectifiedModel(found, *columns, result.beta, study.candidate.mean, study.candidate.std).eval()
    _save(model, study.candidate.normalise(images[:2]), path)
    rows, before, after = _decisions(study, found, columns, result.beta, progress)
    lost = what_is_lost(before, after, study.target.codes[rows] if base is None else None)
    return Written(file=path, found=result, images=len(images), lost=lost)


def what_is_lost(before: NDArray[np.bool_], after: NDArray[np.bool_], target: NDArray[np.int32] | None) -> str | None:
    """Why a rectified model is of no use, or None.

    Args:
        before: whether the base classifier calls an image positive, [image].
        after: the same of the rectified one.
        target: true class, 1 for positive and -1 for unknown; None where the base predicts something else.

    >>> what_is_lost(np.array([True, False]), np.array([True, True]), None)
    'Every one of the 2 images got the same decision, positive: a model that decides nothing proves nothing.'
    """
    if len(after) and (after == after[0]).all():
        return Alike(decision="positive" if after[0] else "negative", n=len(after)).sentence()
    if target is None or len(target) != len(after) or not set(np.unique(target)) <= {-1, 0, 1}:
        return None
    known = target >= 0
    was, now = (float(np.mean((decided == (target == 1))[known])) for decided in (before, after))
    if was - now <= MOST_LOST:
        return None
    return f"It lost accuracy: {was:.3f} before, {now:.3f} after on {int(known.sum()):,} images, {MOST_LOST:g} allowed."


def _decisions(
    study: Study, found: Readers, columns: tuple[int, int], beta: float, progress: Progress
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    """The rows that can be read, and whether base and rectified classifier call them positive, [image]."""
    rows = len(study.manifest)
    before, after = np.zeros(rows, np.bool_), np.zeros(rows, np.bool_)
    read = np.zeros(rows, np.bool_)
    with progress.task("Checking the rectified model", total=rows) as advance:
        for start in range(0, rows, 128):
            batch = study.material.loader.load(range(start, min(start + 128, rows)))
            with torch.no_grad():
                values = found.heads.values(found.heads.outputs(batch.images.to(study.candidate.device)))
            base = values[:, columns[0]]
            threshold = found.thresholds[columns[0]]
            places = np.asarray(batch.rows, np.int64)
            before[places] = (base >= threshold).cpu().numpy()
            after[places] = (base + beta * values[:, columns[1]] >= threshold).cpu().numpy()
            read[places] = True
            advance(min(start + 128, rows), rows, False)
    return np.flatnonzero(read), before[read], after[read]


def _rectified(
    generator: Generator,
    found: Readers,
    images: Tensor,
    columns: tuple[int, int],
    options: CfOptions,
    settings: RectifySettings,
) -> Rectified:
    return rectify(generator, found.heads, images, [columns[0]], columns[1], options.search, settings)[0]


def _positives(study: Study, found: Readers, base: int, progress: Progress) -> Tensor:
    kept: list[Tensor] = []
    rows = len(study.manifest.ids)
    with progress.task("Looking for positive predictions", total=rows) as advance:
        for start in range(0, rows, 128):
            batch = study.material.loader.load(range(start, min(start + 128, rows)))
            images = batch.images.to(study.candidate.device)
            with torch.no_grad():
                values = found.heads.values(found.heads.outputs(images))[:, base]
            kept.append(images[values >= found.thresholds[base]])
            advance(min(start + 128, rows), rows, False)
            if sum(len(part) for part in kept) >= MOST:
                break
    images = torch.cat(kept)[:MOST]
    if len(images) < LEAST:
        raise DataError(
            "Too few images are called positive to rectify anything",
            wanted=f"{LEAST}",
            found=str(len(images)),
            where=study.manifest.name,
        )
    return images


def _save(model: nn.Module, example: Tensor, path: Path) -> None:
    # The normalisation becomes a constant and the check for NaN is not followed: both as they should be.
    with torch.no_grad(), warnings.catch_warnings():
        for kind in (TracerWarning, FutureWarning, DeprecationWarning):
            warnings.simplefilter("ignore", kind)
        traced = torch.jit.trace(model, example, check_trace=False)  # type: ignore[no-untyped-call]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        traced.save(str(path))
    except (OSError, RuntimeError) as error:
        raise OutputError("The rectified model cannot be written", where=str(path), found=str(error)) from error


def summary(written: Written, base: str, other: str) -> str:
    """What was found, in one paragraph."""
    found = written.found
    figures = [f"{value:+.3f}" if np.isfinite(value) else "undefined" for value in (found.before, found.after)]
    return (
        f"{base} {found.beta:+.3f} × {other}: mean relative change of {other} on held-out images "
        f"{figures[0]} before, {figures[1]} after ({written.images} images, {len(found.history)} steps). {written.file}"
        + (f" It fails all the same. {written.lost}" if written.lost else "")
    )
