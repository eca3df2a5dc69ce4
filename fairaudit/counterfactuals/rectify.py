"""Rectification: add a multiple of another classifier to a target's, so that their alignment vanishes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fairaudit.counterfactuals.compat import walk_ladder
from fairaudit.counterfactuals.composition import ComposedHeads
from fairaudit.counterfactuals.fast import walk_bracket
from fairaudit.counterfactuals.heads import Heads
from fairaudit.counterfactuals.ladder import LadderSettings
from fairaudit.counterfactuals.rays import AutoEncoder, Jobs, Reconstruction, reconstruct
from fairaudit.counterfactuals.walk import Walk
from fairaudit.ratio import ratio

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class RectifySettings:
    """The search for β."""

    rate: float = 0.1
    """Step per unit of mean relative change (the paper prints 0.001, with which nothing moves in a sane time)."""
    momentum: float = 0.1
    """Share of the last step that is kept."""
    iterations: int = 40
    """Largest number of steps."""
    minibatch: int = 10
    """Images per step and target, as in the paper."""
    patience: int = 10
    """Steps without a better validation figure before a target stops."""
    min_base_change: float = 0.3
    """Images whose composed score moved less are left out (the paper: 0.6)."""
    seed: int = 0
    """Seed of the split and of the minibatches."""


class DescentStep(NamedTuple):
    """One step of the descent; NaN where no image has a relative change."""

    beta: float
    """Multiple that was tried."""
    train: float
    """Mean relative change on the step's minibatch."""
    valid: float
    """Mean relative change on the validation images; the search stops on its size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rectified:
    """The result for one target."""

    target: int
    """Column of the target's head."""
    beta: float
    """Multiple of the other head that is added; 0 where nothing was better."""
    history: tuple[DescentStep, ...]
    """Every step of the descent, the first with β = 0."""
    kept: int
    """Index of the step whose β was kept."""
    before: float
    """Mean relative change on the test images with β = 0; NaN without any image."""
    after: float
    """The same with the β found; NaN without any image."""


def rectify(
    generator: AutoEncoder,
    heads: Heads,
    images: Tensor,
    targets: Sequence[int],
    other: int,
    search: LadderSettings,
    settings: RectifySettings,
) -> list[Rectified]:
    """Find β of f′ = f_target + β f_other (eq. 6) so that counterfactuals of f′ leave f_other alone.

    v_n = m v_{n−1} + η ψ_n and β_n = β_{n−1} − v_n, with ψ_n the mean relative change of f_other over a minibatch.
    Eq. 7 as printed, β_n = 0.001 ψ_n + 0.1 β_{n−1}, is a filter that forgets β and pulls it towards 0.0011 ψ, with the
    sign that makes the alignment grow; the text above it says what is done here. The gradient of f′ at z_0 is linear
    in β, so encode, reconstruction and backward pass are paid once and every step costs its probes alone; all targets
    walk in one batch. A third each of the images trains, stops (on |mean relative change|) and is held out.

    Args:
        generator: encoder and decoder.
        heads: all scores.
        images: [n, c, h, w], images that the targets call positive.
        targets: columns to rectify.
        other: column whose influence is to vanish.
        search: how counterfactuals are found.
        settings: see there.
    """
    start = reconstruct(generator, heads, images, [*targets, other], steering=False, batch_size=search.batch_size)
    parts = np.array_split(np.random.default_rng(settings.seed).permutation(len(images)), 3)
    run = _Run(generator, heads, start, tuple(targets), other, search, settings)
    betas, histories = run.descend(parts[0], parts[1])
    before, after = run.alignment(np.zeros(len(targets)), parts[2]), run.alignment(betas, parts[2])
    return [
        Rectified(
            target=target,
            beta=float(betas[k]),
            history=histories[k],
            kept=[step.beta for step in histories[k]].index(float(betas[k])) if histories[k] else 0,
            before=float(before[k]),
            after=float(after[k]),
        )
        for k, target in enumerate(targets)
    ]


@dataclass(frozen=True, slots=True)
class _Run:
    generator: AutoEncoder
    heads: Heads
    start: Reconstruction
    targets: tuple[int, ...]
    other: int
    search: LadderSettings
    settings: RectifySettings

    def descend(self, train: NDArray[np.intp], valid: NDArray[np.intp]) -> tuple[Floats, list[tuple[DescentStep, ...]]]:
        """β with the best validation figure of every target, and all values that were tried."""
        count, draws = len(self.targets), np.random.default_rng([self.settings.seed, 1])
        beta, step = np.zeros(count), np.zeros(count)
        best, least, stale = np.zeros(count), np.full(count, np.inf), np.zeros(count, np.int64)
        histories: list[list[DescentStep]] = [[] for _ in self.targets]
        for _ in range(self.settings.iterations):
            going = stale < self.settings.patience
            if not going.any():
                break
            signed = self.alignment(beta, valid)
            figure = np.abs(signed)
            better = going & (figure < least)
            best, least = np.where(better, beta, best), np.where(better, figure, least)
            stale = np.where(better, 0, stale + 1)
            batch = draws.choice(train, min(self.settings.minibatch, len(train)), replace=False)
            psi = self.alignment(beta, batch)
            for k in np.flatnonzero(going):
                histories[k].append(DescentStep(beta=float(beta[k]), train=float(psi[k]), valid=float(signed[k])))
            step = self.settings.momentum * step + self.settings.rate * np.nan_to_num(psi, nan=0.0)
            beta = np.where(going, beta - step, beta)
        return best, [tuple(history) for history in histories]

    def alignment(self, beta: Floats, rows: NDArray[np.intp]) -> Floats:
        """Mean relative change of the other head along counterfactuals of every composed target, [target]."""
        walk, heads, images = self._walk(beta, rows)
        width = len(self.targets)
        columns = np.repeat(np.arange(width), len(rows))
        before = heads.values(heads.outputs(images)).double().cpu().numpy() if len(rows) else np.zeros((0, width + 1))
        first = before[np.tile(np.arange(len(rows)), width)]
        moved = walk.values[np.arange(len(columns)), columns] - first[np.arange(len(columns)), columns]
        along = self.search.sign * moved
        usable = (along >= self.settings.min_base_change) & np.isfinite(walk.values).all(axis=1)
        values = np.where(usable, ratio(walk.values[:, -1] - first[:, -1], moved), np.nan).reshape(width, len(rows))
        return ratio(np.nansum(values, axis=1), np.isfinite(values).sum(axis=1))

    def _walk(self, beta: Floats, rows: NDArray[np.intp]) -> tuple[Walk, ComposedHeads, Tensor]:
        """Walk the rays of every composed target from the gradients that are known already."""
        index = torch.from_numpy(rows.astype(np.int64))
        heads = self._composed(beta)
        pieces = [
            self.start.slopes[target][index] + float(beta[k]) * self.start.slopes[self.other][index]
            for k, target in enumerate(self.targets)
        ]
        images = self.start.images[index]
        with torch.no_grad():
            values = heads.values(heads.outputs(images)) if len(rows) else torch.zeros(0, len(self.targets) + 1)
        local = Reconstruction(
            latents=self.start.latents[index],
            images=images,
            values=values,
            slopes=dict(enumerate(pieces)),
            scale={k: torch.ones(len(rows), dtype=torch.float64) for k in range(len(pieces))},
        )
        columns = np.repeat(np.arange(len(pieces)), len(rows))
        jobs = Jobs(image=np.tile(np.arange(len(rows)), len(pieces)).astype(np.int64), base=columns.astype(np.int64))
        walker = walk_bracket if self.search.search == "fast" else walk_ladder
        return walker(self.generator, heads, local, jobs, self.search), heads, images

    def _composed(self, beta: Floats) -> ComposedHeads:
        weights = torch.zeros(len(self.targets) + 1, len(self.heads.names))
        for k, target in enumerate(self.targets):
            weights[k, target] += 1.0
            weights[k, self.other] += float(beta[k])
        weights[-1, self.other] = 1.0
        names = [*(f"rectified {self.heads.names[target]}" for target in self.targets), self.heads.names[self.other]]
        return _Values(self.heads, weights, names)


class _Values(ComposedHeads):
    """Sums whose gradient is that of the sum even where β is 0, as the slopes here are the scores' own."""

    def is_probability(self, head: int) -> bool:
        """Never: the slopes of a rectification are those of scores."""
        return False
