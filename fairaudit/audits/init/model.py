"""A model's input and answers: channels, size and scale are tried on the data's own images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from fairaudit.config.schema import ModelConfig, PreprocessConfig
from fairaudit.data.loader import Loader
from fairaudit.data.manifest import Manifest
from fairaudit.errors import DataError, FairauditError, ModelError
from fairaudit.models.classifier import Classifier
from fairaudit.models.input_scale import SCALES, scale_gap
from fairaudit.models.open import open_model

IMAGES = 128
"""Images that the model is tried on."""
SIDES = (224, 64, 32, 28, 128, 256, 299, 384, 96)
"""Sides tried after the images' own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a model decides on some rows under one preprocessing."""

    scale: str
    """Name of the scaling in `SCALES`."""
    preprocess: PreprocessConfig
    """Size, channels, mean and standard deviation."""
    decisions: NDArray[np.int64]
    """[row] index of the answer."""
    gap: float | None
    """How far the input is from what the first batch norm saw in training; see `scale_gap`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What was found out about a model file."""

    name: str
    """File name."""
    format: str
    """Kind of file."""
    outputs: int
    """Number of values that it decides between: 2 for one logit."""
    link: str
    """How outputs become probabilities: sigmoid, softmax or multilabel."""
    parameters: int
    """Number of weights."""
    rows: NDArray[np.int64]
    """Rows of the manifest that it was tried on."""
    trials: Sequence[Trial]
    """One per scaling."""
    notes: Sequence[str] = field(default_factory=tuple)
    """What opening it found."""


def look_at_model(
    path: Path,
    manifest: Manifest,
    *,
    config: ModelConfig,
    size: tuple[int, int] | None = None,
    trust: bool = False,
    seed: int = 0,
) -> ModelFacts:
    """Open the model with the sizes that fit, and let it answer on some of the data's images.

    Args:
        path: model file.
        manifest: rows with images; neither target nor attributes are needed.
        config: architecture of a checkpoint, and what else is known of the model.
        size: height and width of its input; None tries the images' own and the usual ones.
        trust: whether the file may run code.
        seed: chooses the rows.

    Raises:
        ModelError: it cannot be opened, or takes none of the sizes.
        DataError: none of the images can be read.
    """
    draw = np.random.default_rng(seed)
    rows = np.sort(draw.permutation(len(manifest))[:IMAGES]).astype(np.int64)
    sizes = _sizes(manifest, rows) if size is None else [size]
    first = _first_fitting(path, sizes, config=config, trust=trust)
    model = _opened(path, first, config=config, trust=trust)
    names = list(SCALES) if first.channels == 3 else [name for name, (mean, _) in SCALES.items() if len(mean) == 1]
    seen, images = _read(manifest, rows, first)
    trials = []
    for name in names:
        mean, std = SCALES[name]
        model.mean, model.std = mean, std
        decisions, gap = _answers(model, images), scale_gap(model, images)
        preprocess = first.model_copy(update={"mean": mean, "std": std})
        trials.append(Trial(scale=name, preprocess=preprocess, decisions=decisions, gap=gap))
    return ModelFacts(
        name=path.name,
        format=model.format,
        outputs=len(model.head.classes) if model.head.link != "sigmoid" else 2,
        link=model.head.link,
        parameters=model.parameters,
        rows=seen,
        trials=tuple(trials),
        notes=model.notes,
    )


def agreement(decisions: NDArray[np.integer], codes: NDArray[np.integer]) -> float:
    """Cramér's V of decisions and a column, bias-corrected (Bergsma 2013, eq. 3): 0 unrelated, 1 one tells the other.

    Rows with an unknown value (-1) are left out; 0 where either has one value only.

    >>> agreement(np.array([0, 1, 0, 1]), np.array([1, 0, 1, 0]))
    1.0
    """
    known = codes >= 0
    a, b = np.unique(decisions[known], return_inverse=True)[1], np.unique(codes[known], return_inverse=True)[1]
    if not known.any() or a.max() == 0 or b.max() == 0:
        return 0.0
    table = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(table, (a, b), 1)
    n = table.sum()
    expected = table.sum(1, keepdims=True) * table.sum(0, keepdims=True) / n
    chi2 = float(((table - expected) ** 2 / expected).sum())
    r, c = table.shape
    phi2 = max(0.0, chi2 / n - (r - 1) * (c - 1) / (n - 1))
    rows, columns = r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)
    smaller = min(rows - 1, columns - 1)
    return float(min(1.0, np.sqrt(phi2 / smaller))) if smaller > 0 else 1.0


def best_trial(trials: Sequence[Trial]) -> Trial:
    """The trial whose input is nearest to what the first batch norm saw in training; else the first."""
    return min(trials, key=lambda trial: math.inf if trial.gap is None else trial.gap)


def _first_fitting(
    path: Path, sizes: Sequence[tuple[int, int]], *, config: ModelConfig, trust: bool
) -> PreprocessConfig:
    failed: FairauditError | None = None
    inputs = [PreprocessConfig(size=size, channels=channels) for channels in (3, 1) for size in sizes]
    for preprocess in inputs:
        try:
            _opened(path, preprocess, config=config, trust=trust)
        except ModelError as error:
            if not _about_the_input(error):
                raise
            failed = failed or error
            continue
        return preprocess
    raise ModelError(
        "The model takes images of none of the sizes that were tried",
        wanted="one that takes " + ", ".join(f"{height} x {width}" for height, width in sizes),
        found=str(failed.problem) if failed else "no size to try",
        where=path.name,
        advice="Give the size with --size HEIGHTxWIDTH.",
    )


def _about_the_input(error: ModelError) -> bool:
    """Whether another size or number of channels could help."""
    return type(error) is ModelError


def _sizes(manifest: Manifest, rows: NDArray[np.int64]) -> list[tuple[int, int]]:
    own = _own_size(manifest, rows)
    return ([own] if own is not None else []) + [(side, side) for side in SIDES if (side, side) != own]


def _own_size(manifest: Manifest, rows: NDArray[np.int64]) -> tuple[int, int] | None:
    """Height and width that the first readable images share; None where they differ or are large."""
    sizes = set()
    for row in rows[:16].tolist():
        try:
            image = manifest.source.read(row)
        except DataError:
            continue
        sizes.add((image.size[1], image.size[0]))
    size = sizes.pop() if len(sizes) == 1 else None
    return size if size is not None and max(size) <= 512 else None


def _opened(path: Path, preprocess: PreprocessConfig, *, config: ModelConfig, trust: bool) -> Classifier:
    return open_model(path, config=config, preprocess=preprocess, trust=trust)


def _read(
    manifest: Manifest, rows: NDArray[np.int64], preprocess: PreprocessConfig
) -> tuple[NDArray[np.int64], torch.Tensor]:
    """The rows whose images can be read, and the images [image, channel, row, column] in [0, 1]."""
    batch = Loader(manifest, preprocess, {}, 2).load(rows.tolist())
    if not len(batch.rows):
        reason = batch.excluded[0][1] if batch.excluded else "no rows"
        raise DataError("None of the images can be read", found=reason, where=manifest.name)
    return batch.rows.astype(np.int64), batch.images


def _answers(model: Classifier, images: torch.Tensor) -> NDArray[np.int64]:
    with torch.no_grad():
        decided = [model.decide(model.scores(model.logits(part))) for part in torch.split(images, 32)]
    return torch.cat(decided).cpu().numpy().astype(np.int64)
