"""Train a built-in generator: seeded, with early stopping, and resumed where an earlier run was stopped."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fairaudit.errors import UsageError
from fairaudit.generators.autoencoder import Autoencoder
from fairaudit.generators.checkpoint import TrainState, load_state, save_state
from fairaudit.generators.cvae import ConditionalVae, kl_divergence, leakage
from fairaudit.generators.losses import perceptual_loss, pixel_loss
from fairaudit.seeds import child_seed, generator

Trainable = Autoencoder | ConditionalVae


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledBatch:
    """A batch to learn from."""

    images: Tensor
    """[n, c, h, w] float32 in [0, 1]."""
    target: Tensor | None = None
    """Target codes [n]; needed by a conditional generator."""
    attribute: Tensor | None = None
    """Attribute codes [n]; needed by a conditional generator."""


Fetch = Callable[[NDArray[np.int64]], LabelledBatch]
"""Rows → examples; the same rows must give the same examples every time."""


Keep = Callable[[Tensor], Tensor]
"""Images → log-odds [n, M] that reconstructions should keep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorSettings:
    """How a generator is trained."""

    epochs: int = 14
    """Passes over the training rows at most."""
    batch_size: int = 16
    """Images per step."""
    learning_rate: float = 3e-3
    """Adam's rate after warm-up; it falls to a twentieth along a half cosine."""
    perceptual: float = 1.0
    """Weight of the structure loss beside the pixel loss."""
    keep: float = 0.05
    """Weight of the loss that keeps given models' scores, where there are any."""
    validation: float = 0.1
    """Share of the rows that are held out to stop on."""
    patience: int = 6
    """Epochs without a better held-out loss before the training stops."""
    seed: int = 0
    """Seed of the split, the order of rows and the noise."""

    def __post_init__(self) -> None:
        """Refuse a rate that no optimiser takes."""
        if not 0 < self.learning_rate < math.inf:
            raise UsageError(
                "--learning-rate cannot be used", wanted="a number above 0", found=f"{self.learning_rate:g}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingProgress:
    """The progress of the training."""

    epoch: int
    """Epoch in progress, from 1."""
    epochs: int
    """Epochs at most."""
    done: int
    """Images of the epoch that are done."""
    total: int
    """Images of an epoch."""
    loss: float
    """Mean training loss of the epoch so far."""
    held_out: float | None
    """Held-out loss of the epoch before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """The result of the training; the model holds the best weights."""

    history: tuple[tuple[float, float], ...]
    """Training and held-out loss of every epoch."""
    best_epoch: int
    """Epoch whose weights were kept, from 1."""
    stopped_early: bool
    """Whether patience ran out before the epochs did."""
    resumed_from: int
    """Epochs taken from an earlier run's checkpoint."""
    held_out: tuple[int, ...] = field(default=())
    """Rows that were held out."""


def train_generator(
    model: Trainable,
    count: int,
    fetch: Fetch,
    settings: GeneratorSettings,
    *,
    checkpoint: Path | None = None,
    keep: Keep | None = None,
    tag: str = "",
    progress: Callable[[TrainingProgress], None] | None = None,
) -> Trained:
    """Train in place and leave the weights of the best held-out epoch in the model, in evaluation mode.

    The same seed gives the same weights, and a run that is stopped after any epoch and called again with the same
    checkpoint ends with the weights of a run that was not.

    Args:
        model: the generator.
        count: number of rows.
        fetch: gives examples of rows.
        settings: see there.
        checkpoint: safetensors file that is written after every epoch and read at the start if it is there.
        keep: log-odds of images that reconstructions should keep. Small networks lose the few pixels that a classifier
            looks at, and their counterfactuals are then of no use; but a generator that was trained to please a
            classifier is no longer independent of it, so leave it out where reconstructions are good without.
        tag: what else a checkpoint must agree on, such as digests of the rows and of the models to keep.
        progress: called after every step.

    Raises:
        UsageError: too few rows, or a loss that is not finite.
        ModelError: the checkpoint belongs to another training.
    """
    learn, held_out = split_rows(count, settings)
    model.to(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(model.parameters(), lr=settings.learning_rate)
    key = _key(model, count, settings, tag)
    state = load_state(checkpoint, model, optimiser, key) if checkpoint is not None else TrainState()
    resumed = len(state.history)
    while len(state.history) < settings.epochs and not state.stale >= settings.patience:
        train_loss = _epoch(model, optimiser, learn, fetch, settings, state, keep, progress)
        _note(state, model, train_loss, _held_out_loss(model, held_out, fetch, settings, keep))
        if checkpoint is not None:
            save_state(checkpoint, model, optimiser, state, key)
    if state.best:
        model.load_state_dict(state.best)
    model.eval().requires_grad_(False)
    return Trained(
        history=tuple(state.history),
        best_epoch=state.best_epoch,
        stopped_early=state.stale >= settings.patience,
        resumed_from=resumed,
        held_out=tuple(int(row) for row in held_out),
    )


def split_rows(count: int, settings: GeneratorSettings) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows to learn from and rows held out, from the seed alone.

    Raises:
        UsageError: too few rows for both.
    """
    held = max(1, round(settings.validation * count))
    if count - held < 2:
        raise UsageError("Too few images to train a generator", wanted="at least 3", found=str(count))
    order = generator(settings.seed, "generator", "split").permutation(count).astype(np.int64)
    return np.sort(order[held:]), np.sort(order[:held])


def objective(
    model: Trainable,
    examples: LabelledBatch,
    noise: Tensor,
    settings: GeneratorSettings,
    keep: Keep | None = None,
    *,
    ramp: float = 1.0,
) -> Tensor:
    """Loss of every image, [n].

    Autoencoder: pixel + perceptual loss of D(E(x) + noise). Conditional VAE: c·h·w times that loss of a reconstruction
    from z = μ + σ ε, plus the Kullback–Leibler term (eq. 4 of counterfactual interpolation augmentation, with this
    reconstruction loss for −log p) and the batch's leakage of conditions, all divided by c·h·w.

    Args:
        model: the generator.
        examples: the batch.
        noise: standard normal draws of the latents' shape.
        settings: weights.
        keep: see `train_generator`.
        ramp: share of the perceptual and the keeping loss.
    """
    images = examples.images
    if isinstance(model, Autoencoder):
        return _difference(model(images, noise), images, settings, keep, ramp)
    if examples.target is None or examples.attribute is None:
        raise UsageError("A conditional generator needs the target and the attribute of every image")
    condition = model.condition(examples.target, examples.attribute)
    posterior = model.posterior(images, condition)
    found = model.decode(posterior.mean + noise * (0.5 * posterior.log_variance).exp(), condition)
    extra = model.settings.kl * kl_divergence(posterior)
    if model.settings.independence > 0 and len(images) > 1:
        extra = extra + model.settings.independence * leakage(posterior, condition)
    return _difference(found, images, settings, keep, ramp) + extra / images[0].numel()


def _difference(found: Tensor, images: Tensor, settings: GeneratorSettings, keep: Keep | None, ramp: float) -> Tensor:
    loss = pixel_loss(found, images) + ramp * settings.perceptual * perceptual_loss(found, images)
    if keep is None:
        return loss
    with torch.no_grad():
        wanted = torch.tanh(keep(images) / 4)
    # Log-odds beyond ±4 or so say nothing new, and must not drown the picture.
    return loss + ramp * settings.keep * (torch.tanh(keep(found) / 4) - wanted).square().mean(dim=1)


def _epoch(
    model: Trainable,
    optimiser: torch.optim.Optimizer,
    rows: NDArray[np.int64],
    fetch: Fetch,
    settings: GeneratorSettings,
    state: TrainState,
    keep: Keep | None,
    progress: Callable[[TrainingProgress], None] | None,
) -> float:
    number = len(state.history)
    order = generator(settings.seed, "generator", "order", number).permutation(rows)
    draws = torch.Generator().manual_seed(child_seed(settings.seed, "generator", "noise", number))
    steps = math.ceil(len(rows) / settings.batch_size)
    total, done = 0.0, 0
    model.train().requires_grad_(True)
    for step in range(steps):
        at, end = number * steps + step, settings.epochs * steps
        for group in optimiser.param_groups:
            group["lr"] = settings.learning_rate * _schedule(at, end)
        examples = fetch(order[step * settings.batch_size : (step + 1) * settings.batch_size])
        noise = model.noise_like(len(examples.images), draws).to(examples.images)
        loss = objective(model, examples, noise, settings, keep, ramp=_ramp(at, end)).mean()
        if not bool(torch.isfinite(loss)):
            raise UsageError("The training loss is not finite", advice="Lower the learning rate and start afresh.")
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        total, done = total + loss.item() * len(examples.images), done + len(examples.images)
        if progress is not None:
            held_out = state.history[-1][1] if state.history else None
            progress(
                TrainingProgress(
                    epoch=number + 1,
                    epochs=settings.epochs,
                    done=done,
                    total=len(rows),
                    loss=total / done,
                    held_out=held_out,
                )
            )
    return total / done


def _schedule(step: int, steps: int) -> float:
    """Share of the learning rate: a short warm-up, then half a cosine down to a twentieth."""
    warm = max(1, min(100, steps // 10))
    return min((step + 1) / warm, 0.05 + 0.95 * (1 + math.cos(math.pi * step / steps)) / 2)


def _ramp(step: int, steps: int) -> float:
    """Share of the perceptual loss: on an untrained decoder it rewards flat images, and they stay flat."""
    return min(1.0, step / max(1, min(200, steps // 4)))


@torch.no_grad()
def _held_out_loss(
    model: Trainable, rows: NDArray[np.int64], fetch: Fetch, settings: GeneratorSettings, keep: Keep | None
) -> float:
    model.eval()
    total = 0.0
    for start in range(0, len(rows), settings.batch_size):
        examples = fetch(rows[start : start + settings.batch_size])
        still = torch.zeros(len(examples.images), *model.shape).to(examples.images)
        total += float(objective(model, examples, still, settings, keep).sum())
    return total / len(rows)


def _note(state: TrainState, model: Trainable, train_loss: float, held_out: float) -> None:
    state.history.append((train_loss, held_out))
    if held_out < state.best_loss:
        state.best_loss, state.best_epoch, state.stale = held_out, len(state.history), 0
        state.best = {name: value.detach().clone() for name, value in model.state_dict().items()}
    else:
        state.stale += 1


def _key(model: Trainable, count: int, settings: GeneratorSettings, tag: str) -> str:
    """What must be equal for a checkpoint to be gone on with; patience may change."""
    told = {name: value for name, value in asdict(settings).items() if name != "patience"}
    return json.dumps(
        {"kind": model.kind, "shape": asdict(model.settings), "rows": count, "tag": tag, **told}, sort_keys=True
    )
