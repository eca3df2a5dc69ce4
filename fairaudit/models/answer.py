"""From what a model returns to logits and their meaning: outputs picked, the last non-linearity taken off, the head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from fairaudit.config.schema import ModelConfig
from fairaudit.errors import LiftError
from fairaudit.models.lift.lift import lift
from fairaudit.models.outputs.adapt import FixedBatch, Logits
from fairaudit.models.outputs.ending import Ending, find_ending
from fairaudit.models.outputs.form import Sample, find_form
from fairaudit.models.outputs.head import Head, make_head, picked_columns
from fairaudit.models.outputs.peel import Peeled
from fairaudit.models.probe import ProbedModel, noise
from fairaudit.models.record import record


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A model whose outputs can be read."""

    module: nn.Module
    """Takes normalised images and returns logits, or labels, [image, output]."""
    head: Head
    """How they are read."""
    notes: tuple[str, ...] = ()
    """What a reader of the report should know."""


def read_answer(
    found: ProbedModel,
    *,
    config: ModelConfig,
    classes: Sequence[str] | None,
    audited: Tensor | None,
    channels: int,
    name: str,
) -> Answer:
    """What a model's outputs are, and the model in a form that returns logits.

    Args:
        found: the model as it was tried.
        config: how outputs are read, as far as that is declared.
        classes: values of the target.
        audited: a few of the audited images, normalised, [image, channel, row, column]; None goes by noise alone.
        channels: channels of the input.
        name: the model's name, for notes and errors.

    Raises:
        ModelError: the outputs are not what they are declared to be, or cannot be read.
    """
    columns = picked_columns(found.outputs, config)
    module = found.module if columns is None else Logits(found.module, columns=columns)
    device = audited.device if audited is not None else _device_of(module)
    random = noise(3, channels, found.size, device)
    with torch.no_grad():
        sample = Sample(noise=module(random), audited=None if audited is None else module(audited))
    form = find_form(_ending(module, random), sample, config=config, whole=found.whole, name=name)
    head = make_head(found.outputs, config=config, classes=classes, label=form.label)
    if form.squash is None:
        return Answer(module=module, head=head, notes=form.notes)
    peeled = Peeled(module, form.squash)
    try:
        images = random if audited is None else audited
        peeled.use(lift(peeled, images[:3]).module, tuple(images.shape[1:]))
    except LiftError as error:
        note = f"What {name} computes before its probabilities cannot be told, so their logarithms stand for logits"
        return Answer(module=peeled, head=head, notes=(*form.notes, f"{note}: {error.found or error.problem}."))
    return Answer(module=peeled, head=head, notes=form.notes)


def _ending(module: nn.Module, images: Tensor) -> Ending:
    """What the outputs come from; something else where the pass cannot be recorded."""
    batch = module.batch if isinstance(module, FixedBatch) else 2
    inner = module.model if isinstance(module, FixedBatch) else module
    try:
        return find_ending(record(inner, torch.cat([images] * batch)[:batch]))
    except LiftError:
        return Ending(kind="other")


def _device_of(module: nn.Module) -> torch.device:
    tensors = [*module.parameters(), *module.buffers()]
    return tensors[0].device if tensors else torch.device("cpu")
