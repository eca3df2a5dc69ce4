"""The search for a mask: gates learn at a temperature that halves until the soft and the hard model agree.

Nahon et al., "Debiasing surgeon: fantastic weights and how to find them", ECCV 2024, algorithm 1. Weights are frozen
and the model stays in evaluation mode; only the gates and the bias heads learn. Every draw depends on the seed and the
epoch alone, so a search that goes on from a checkpoint ends with the same bits as one that was never stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from fairaudit.errors import ModelError
from fairaudit.models.outputs.head import Head
from fairaudit.pruning.bias_head import BiasHead, refit
from fairaudit.pruning.encoder import CutModel
from fairaudit.pruning.examples import Examples
from fairaudit.pruning.gated import Gates, Mode, gated_weights, run_with
from fairaudit.pruning.information import normalised_information
from fairaudit.pruning.state import SearchState, load_state, save_state
from fairaudit.pruning.task import task_loss
from fairaudit.seeds import child_seed


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskSearchSettings:
    """Settings of the mask search; the defaults are the small protocol that the tests hold to its bands."""

    gamma: float = 10.0
    """Weight of the information on the bias beside the task's loss (eq. 10); 0 leaves the bias alone."""
    mode: Mode = "unstructured"
    """One gate per weight, or one per output unit."""
    epochs: int = 20
    """Passes over the fitting part at most, per temperature."""
    patience: int = 6
    """Epochs without a better objective on the choosing part after which the temperature halves."""
    levels: int = 12
    """Temperatures at most, from 1 on."""
    rate: float = 1e-2
    """Adam's rate for the gates."""
    batch_size: int = 100
    """Images per step."""
    head_epochs: int = 10
    """Passes of the bias head over cached features after every epoch of the gates."""
    head_rate: float = 1e-2
    """Adam's rate for the bias heads."""
    sparsity: float = 0.0
    """Weight of the mean gate in the objective: above 0 the search also prunes what neither term needs."""
    agreement: float = 0.99
    """Share of equal decisions of the soft and the hard model at which the search stops."""
    accuracy_gap: float = 0.005
    """Largest difference of their accuracies at which it stops."""
    seed: int = 0
    """Seed of the order of images."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchProgress:
    """The progress of the search after an epoch."""

    level: int
    """Temperature's number, from 0."""
    epoch: int
    """Epochs at this temperature."""
    tau: float
    """The temperature."""
    task: float
    """Task loss of the soft model on the choosing part."""
    information: float
    """Mean normalised information of the bias heads on the choosing part, over the whole of it."""
    agreement: float
    """Share of the choosing part where soft and hard model decide alike."""
    gap: float
    """Difference of their accuracies there, at least 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundMask:
    """The result of the search."""

    masks: dict[str, Tensor]
    """Layer → bool, True where kept."""
    history: tuple[SearchProgress, ...]
    """Every epoch of this run."""
    tau: float
    """Temperature at the end."""
    agreed: bool
    """Whether soft and hard model agreed before the temperatures ran out."""
    resumed: bool
    """Whether it went on from a checkpoint."""


def search(
    split: CutModel,
    head: Head,
    fit: Examples,
    choose: Examples,
    settings: MaskSearchSettings,
    *,
    checkpoint: Path | None = None,
    key: str = "",
    progress: Callable[[SearchProgress], None] | None = None,
) -> FoundMask:
    """The mask that keeps the target and hides the biases.

    Args:
        split: the model.
        head: how its outputs are read.
        fit: the gates and the heads learn on these.
        choose: temperature and end are decided on these.
        settings: see there.
        checkpoint: safetensors file that is written after every epoch and read at the start if it is there.
        key: what else the checkpoint depends on, such as the digests of model and data.
        progress: called after every epoch.

    Raises:
        ModelError: the loss is not finite, or the checkpoint belongs to another search.
    """
    state = start(split, fit, settings)
    resumed = checkpoint is not None and load_state(checkpoint, state, f"{key} {settings}")
    history: list[SearchProgress] = []
    while not state.done:
        tau = 0.5**state.level
        _epoch(split, head, fit, state, settings, tau)
        step = _judge(split, head, choose, state, settings, tau)
        history.append(step)
        _next(state, step, settings)
        if checkpoint is not None:
            save_state(checkpoint, state, f"{key} {settings}")
        if progress is not None:
            progress(step)
    return FoundMask(
        masks=state.gates.masks(),
        history=tuple(history),
        tau=0.5**state.level,
        agreed=state.agreed,
        resumed=resumed,
    )


def objective(
    head: Head,
    logits: Tensor,
    features: Tensor,
    heads: Sequence[BiasHead],
    examples: Examples,
    *,
    gamma: float,
) -> tuple[Tensor, Tensor]:
    """Both terms of eq. 10: the task loss, and the mean over biases of the normalised information."""
    found = [
        normalised_information(codes, reader(features).softmax(dim=1))
        for reader, codes in zip(heads, examples.biases, strict=True)
    ]
    information = torch.stack(found).mean() if gamma != 0 else torch.zeros((), device=logits.device)
    return task_loss(head, logits, examples.target), information


def start(split: CutModel, fit: Examples, settings: MaskSearchSettings) -> SearchState:
    """Gates at their initial value, untrained heads, and an optimiser for each."""
    with torch.no_grad():
        features, _ = split.features(fit.images[:1])
    gates = Gates(split, settings.mode)
    heads = [BiasHead(features.shape[1], count, device=features.device) for count in fit.values]
    return SearchState(
        gates=gates,
        heads=heads,
        gate_optimiser=torch.optim.Adam(gates.parameters(), lr=settings.rate),
        head_optimisers=[torch.optim.Adam(reader.parameters(), lr=settings.head_rate) for reader in heads],
    )


def _epoch(
    split: CutModel, head: Head, fit: Examples, state: SearchState, settings: MaskSearchSettings, tau: float
) -> None:
    order = _order(settings, state, "gates")
    if settings.gamma != 0 and state.level == state.epoch == 0:
        _refit_heads(split, fit, state, settings, tau)  # the heads know something before the gates listen to them
    for rows in torch.split(torch.randperm(len(fit), generator=order), settings.batch_size):
        gate_step(split, head, fit.take(rows), state, settings, tau)
    if settings.gamma != 0:
        _refit_heads(split, fit, state, settings, tau)


def gate_step(
    split: CutModel, head: Head, batch: Examples, state: SearchState, settings: MaskSearchSettings, tau: float
) -> None:
    """One step of the gates on a batch, and one of the heads on the same features.

    Raises:
        ModelError: the loss is not finite.
    """
    factors = state.gates.factors(tau)
    features, logits = run_with(split, batch.images, gated_weights(split, factors))
    task, information = objective(head, logits, features, state.heads, batch, gamma=settings.gamma)
    loss = task + settings.gamma * information
    if settings.sparsity:
        total = sum(factor.numel() for factor in factors.values())
        loss = loss + settings.sparsity * torch.stack([factor.sum() for factor in factors.values()]).sum() / total
    if not bool(torch.isfinite(loss)):
        raise _not_finite(float(task.detach()), float(information.detach()))
    # Gradients for the gates alone: the heads read, but do not learn from, this loss.
    parameters = list(state.gates.parameters())
    for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
        parameter.grad = gradient
    state.gate_optimiser.step()
    if settings.gamma != 0:
        _head_step(features.detach(), batch, state)


def _head_step(features: Tensor, batch: Examples, state: SearchState) -> None:
    for reader, codes, optimiser in zip(state.heads, batch.biases, state.head_optimisers, strict=True):
        optimiser.zero_grad(set_to_none=True)
        reader.loss(features, codes).backward()  # type: ignore[no-untyped-call]
        optimiser.step()


def _refit_heads(split: CutModel, fit: Examples, state: SearchState, settings: MaskSearchSettings, tau: float) -> None:
    features, _ = soft_outputs(split, state.gates, fit, settings.batch_size, tau)
    for number, (reader, codes) in enumerate(zip(state.heads, fit.biases, strict=True)):
        refit(
            reader,
            features,
            codes,
            optimiser=state.head_optimisers[number],
            epochs=settings.head_epochs,
            batch_size=settings.batch_size,
            order=_order(settings, state, f"head {number}"),
        )


@torch.no_grad()
def soft_outputs(
    split: CutModel, gates: Gates, examples: Examples, batch_size: int, tau: float
) -> tuple[Tensor, Tensor]:
    """Features and logits of all examples at a temperature; 0 is the hard model."""
    weights = gated_weights(split, gates.factors(tau))
    pairs = [run_with(split, images, weights) for images in torch.split(examples.images, batch_size)]
    return torch.cat([features for features, _ in pairs]), torch.cat([logits for _, logits in pairs])


@torch.no_grad()
def _judge(
    split: CutModel, head: Head, choose: Examples, state: SearchState, settings: MaskSearchSettings, tau: float
) -> SearchProgress:
    features, logits = soft_outputs(split, state.gates, choose, settings.batch_size, tau)
    task, information = objective(head, logits, features, state.heads, choose, gamma=settings.gamma)
    if not bool(torch.isfinite(task + information)):
        raise _not_finite(float(task), float(information))
    _, hard = soft_outputs(split, state.gates, choose, settings.batch_size, 0.0)
    soft_decisions, hard_decisions = (head.decide(head.scores(output)) for output in (logits, hard))
    accuracies = [(found == choose.target).double().mean() for found in (soft_decisions, hard_decisions)]
    return SearchProgress(
        level=state.level,
        epoch=state.epoch,
        tau=tau,
        task=float(task),
        information=float(information),
        agreement=float((soft_decisions == hard_decisions).double().mean()),
        gap=float((accuracies[0] - accuracies[1]).abs()),
    )


def _next(state: SearchState, step: SearchProgress, settings: MaskSearchSettings) -> None:
    """Go on to the next epoch or, on a plateau, to the next temperature or the end."""
    value = step.task + settings.gamma * step.information
    state.epoch += 1
    if value < state.best * (1 - 1e-3):
        state.best, state.stale = value, 0
    else:
        state.stale += 1
    if state.epoch < settings.epochs and state.stale < settings.patience:
        return
    state.agreed = step.agreement >= settings.agreement and step.gap <= settings.accuracy_gap
    state.done = state.agreed or state.level + 1 >= settings.levels
    if not state.done:
        state.level, state.epoch, state.stale, state.best = state.level + 1, 0, 0, float("inf")


def _order(settings: MaskSearchSettings, state: SearchState, use: str) -> torch.Generator:
    return torch.Generator().manual_seed(child_seed(settings.seed, "pruning", use, state.level, state.epoch))


def _not_finite(task: float, information: float) -> ModelError:
    return ModelError(
        "The loss of the mask search is not finite",
        found=f"task loss {task}, information {information}",
        advice="Check that the model's logits are finite on these images, or lower γ (fairaudit prune --gamma).",
    )
