"""A note if the images are scaled differently from those that the model was trained on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.core.study.study import Study
from fairaudit.models.classifier import Classifier
from fairaudit.models.input_scale import SCALES, scale_gap

IMAGES = 64
"""Images that are looked at."""
LARGE = 0.5
"""Smallest gap that is spoken of."""
NEARER = 10.0
"""How many times nearer another usual scale has to be: unusual images alone are far under every scale."""


def scale_notes(study: Study, rows: NDArray[np.int64]) -> list[str]:
    """What to know about `preprocess.mean` and `.std`: nothing, or one sentence that names the scale that fits.

    Args:
        study: the model and the data.
        rows: rows that were scored.
    """
    model = study.candidate
    if not any(name.endswith("running_mean") for name, _ in model.module.named_buffers()):
        return []
    chosen = rows[np.unique(np.linspace(0, len(rows) - 1, IMAGES).astype(np.int64))]
    images = study.material.loader.load(chosen.tolist()).images.to(model.device)
    given = scale_gap(model, images)
    if given is None or given < LARGE:
        return []
    gaps = {
        name: scale_gap(_scaled(model, mean, std), images) for name, (mean, std) in SCALES.items() if _fits(model, mean)
    }
    name, best = min(((name, gap) for name, gap in gaps.items() if gap is not None), key=lambda each: each[1])
    if best * NEARER > given:
        return []
    mean, std = SCALES[name]
    return [
        f"The model was probably misread: as preprocess.mean and preprocess.std scale the images, they are far from "
        f"what its first batch norm saw in training (gap {given:.2g}); {name} are near ({best:.2g}). If that is how it "
        f"was trained, set mean: {list(mean)} and std: {_shown(std)} and audit it again."
    ]


def _scaled(model: Classifier, mean: tuple[float, ...], std: tuple[float, ...]) -> Classifier:
    """The model with another scaling; its lifted graph is the same."""
    return replace(model, mean=mean, std=std)


def _fits(model: Classifier, mean: tuple[float, ...]) -> bool:
    return len(mean) in (1, model.channels)


def _shown(values: tuple[float, ...]) -> str:
    return "[" + ", ".join(f"{value:.4g}" for value in values) + "]"
