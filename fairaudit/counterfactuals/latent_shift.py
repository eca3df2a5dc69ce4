"""Latent Shift: move an image along one classifier's gradient in a generator's latent space, a batch at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fairaudit.counterfactuals.compat import walk_ladder
from fairaudit.counterfactuals.fast import walk_bracket
from fairaudit.counterfactuals.heads import Heads
from fairaudit.counterfactuals.ladder import LadderSettings
from fairaudit.counterfactuals.rays import AutoEncoder, Jobs, Reconstruction, points, reconstruct
from fairaudit.counterfactuals.walk import Walk
from fairaudit.errors import ModelError
from fairaudit.ratio import ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftedBatch:
    """Counterfactuals of a batch: one row per pair of an image and a base head that was walked."""

    image: NDArray[np.int64]
    """Row of the batch."""
    base: NDArray[np.int64]
    """Column of the base head."""
    lam: NDArray[np.float64]
    """λ of eq. 1, at least 0; NaN where the score is too saturated for one (the counterfactual exists all the same)."""
    stop: NDArray[np.int64]
    """`Stop` code."""
    before: NDArray[np.float64]
    """Every head's score of the reconstruction D(z_0), [row, M]."""
    after: NDArray[np.float64]
    """Every head's score of the counterfactual D(z_λ), [row, M]."""
    pixels: NDArray[np.float64]
    """Σ|x_λ − x_0| / Σ|x_0|."""
    probes: NDArray[np.int64]
    """Images decoded by the search."""
    walk: Walk
    """Where the rays ended, to decode images from."""
    start: Reconstruction
    """Latents, reconstructions and gradients of the batch."""

    def __len__(self) -> int:
        return len(self.image)


def latent_shift(
    generator: AutoEncoder, heads: Heads, images: Tensor, pairs: Sequence[tuple[int, int]], settings: LadderSettings
) -> ShiftedBatch:
    """Counterfactuals by Latent Shift, eqs. 1 and 2 of the counterfactual alignment paper.

    z_λ = z_0 − λ ∂f_b(D(z_0))/∂z and x'_λ = D(z_λ), with z_0 = E(x); `up` adds instead. The gradient is taken once, so
    every ray is straight. Both searches walk the same rays; they differ in the points they try (`ladder`, `fast`).

    Args:
        generator: encoder and decoder over [0, 1] images.
        heads: scores; every one of them is read at both ends of every ray, from the same forward pass.
        images: [n, c, h, w] in [0, 1].
        pairs: (image row, base column) of every ray, such as the images that the base head calls positive.
        settings: search, direction and limits.

    Raises:
        ModelError: the generator does not give back images of the same shape.
    """
    order = np.asarray(list(pairs), np.int64).reshape(-1, 2)
    jobs = Jobs(image=order[:, 0], base=order[:, 1])
    bases = sorted({int(base) for base in jobs.base})
    start = reconstruct(
        generator, heads, images, bases, steering=settings.search == "fast", batch_size=settings.batch_size
    )
    if start.images.shape != images.shape:
        raise ModelError(
            "The generator works on images of another size than the classifier",
            wanted=f"images {list(images.shape[1:])}",
            found=f"reconstructions {list(start.images.shape[1:])}",
            advice="Train or load a generator for this channels x height x width, or change `preprocess.size`.",
        )
    walker = walk_bracket if settings.search == "fast" else walk_ladder
    walk = walker(generator, heads, start, jobs, settings)
    scale = np.asarray([float(start.scale[int(b)][int(i)]) for i, b in order], np.float64)
    lam = ratio(np.abs(walk.shift), np.where(scale > 1e-12, scale, 0.0))
    return ShiftedBatch(
        image=jobs.image,
        base=jobs.base,
        lam=np.where(walk.shift == 0, 0.0, lam),
        stop=walk.stop,
        before=start.values.double().cpu().numpy()[jobs.image],
        after=walk.values,
        pixels=walk.pixels,
        probes=walk.probes,
        walk=walk,
        start=start,
    )


def sweep(
    generator: AutoEncoder, heads: Heads, shift: ShiftedBatch, row: int, *, frames: int = 10
) -> tuple[Tensor, NDArray[np.float64]]:
    """Images and every head's scores at equal steps of λ from the reconstruction (first) to the counterfactual (last).

    Args:
        generator: decoder.
        heads: scores.
        shift: what the search found.
        row: row of the shift.
        frames: number of images, at least 2.
    """
    jobs = Jobs(image=shift.image, base=shift.base)
    steps = torch.linspace(0.0, 1.0, frames, dtype=torch.float64) * float(shift.walk.shift[row])
    images = points(generator, shift.start, jobs, steps, np.full(frames, row, np.int64))
    with torch.no_grad():
        values = heads.values(heads.outputs(images)).double().cpu().numpy()
    return images, values
