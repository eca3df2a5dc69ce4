"""What a search along the rays returns, and the parts that both searches share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from fairaudit.counterfactuals.heads import Heads
from fairaudit.counterfactuals.ladder import LadderSettings, Stop, stop_codes
from fairaudit.counterfactuals.rays import AutoEncoder, Jobs, Reconstruction, pixel_change, points

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """Where every ray ended."""

    shift: Floats
    """Signed step along the stored slope, [job]; 0 where nothing moved."""
    stop: NDArray[np.int64]
    """`Stop` code, [job]."""
    values: NDArray[np.float64]
    """Every head's score at the end, [job, M]; NaN where no end could be scored."""
    pixels: Floats
    """Σ|x_λ − x_0| / Σ|x_0| at the end, [job]."""
    probes: NDArray[np.int64]
    """Images decoded for the job, the reconstruction not counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probes:
    """Scores of points on the rays, in the order asked for."""

    values: NDArray[np.float64]
    """[point, M]."""
    pixels: Floats
    """[point]."""
    odds: Floats
    """Steering of the point's base head, [point]; NaN where that was not asked for."""


class Prober:
    """Decodes and scores points on rays in passes of at most `batch_size` images, without gradients.

    Args:
        generator: decoder.
        heads: the scores.
        start: reconstructions and slopes.
        jobs: the rays.
        settings: batch size.
        steering: whether the base heads' log-odds are wanted too; they come from the same forward pass.
    """

    def __init__(
        self,
        generator: AutoEncoder,
        heads: Heads,
        start: Reconstruction,
        jobs: Jobs,
        settings: LadderSettings,
        *,
        steering: bool = False,
    ) -> None:
        self.generator, self.heads, self.start, self.jobs, self.settings = generator, heads, start, jobs, settings
        self.steering = steering

    def __call__(self, rows: NDArray[np.int64], shift: Floats) -> Probes:
        """Score z_0 + shift · slope for every row; equal lengths."""
        size = self.settings.batch_size
        pieces = [self._slice(rows[at : at + size], shift[at : at + size]) for at in range(0, len(rows), size)]
        return Probes(
            values=np.concatenate([piece.values for piece in pieces]),
            pixels=np.concatenate([piece.pixels for piece in pieces]),
            odds=np.concatenate([piece.odds for piece in pieces]),
        )

    def _slice(self, rows: NDArray[np.int64], shift: Floats) -> Probes:
        images = points(self.generator, self.start, self.jobs, torch.from_numpy(shift), rows)
        odds = np.full(len(rows), np.nan)
        with torch.no_grad():
            outputs = self.heads.outputs(images)
            values = self.heads.values(outputs).double().cpu().numpy()
            if self.steering:
                odds = self.heads.steering(outputs).double().cpu().numpy()[np.arange(len(rows)), self.jobs.base[rows]]
        return Probes(values=values, pixels=pixel_change(self.start, images, self.jobs.image[rows]), odds=odds)


def first_stop(start: Reconstruction, jobs: Jobs, settings: LadderSettings) -> NDArray[np.int64]:
    """Stop codes at λ = 0, −1 for rays that can be walked; others have no direction, or a score at its end already."""
    before = base_values(start, jobs)
    zeros = np.zeros_like(before)
    codes = stop_codes(before, before, before, zeros, zeros, settings)
    for base in np.unique(jobs.base):
        slope = start.slopes[int(base)].flatten(1)
        flat = (slope == 0).all(dim=1).cpu().numpy()
        broken = ~slope.isfinite().all(dim=1).cpu().numpy()
        mine = jobs.base == base
        codes[mine & flat[jobs.image]] = Stop.FLAT
        codes[mine & broken[jobs.image]] = Stop.NONFINITE
    return codes


def base_values(start: Reconstruction, jobs: Jobs) -> Floats:
    """Every job's base score of the reconstruction, [job]."""
    values = start.values.double().cpu().numpy()
    return np.asarray(values[jobs.image, jobs.base], dtype=np.float64)
