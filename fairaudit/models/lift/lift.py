"""Turn any model into an equal eager graph of modules that can be hooked, and prove that it is equal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor, fx, nn

from fairaudit.errors import FairauditError, LiftError, last_line
from fairaudit.models.features import mark_features
from fairaudit.models.lift.align import align, generalise
from fairaudit.models.lift.emit import Builder
from fairaudit.models.lift.layers import HANDLERS
from fairaudit.models.outputs.adapt import FixedBatch
from fairaudit.models.outputs.ending import find_ending, without_squash
from fairaudit.models.outputs.peel import Peeled, unwrapped
from fairaudit.models.record import Call, Recording, names_of, record

TOLERANCE = 1e-4
"""Largest difference of an output, relative to the largest output, at which the lift counts as equal."""
_BATCHES = (2, 3)
_PROOF = (1, 4)
_FEW = (2, 1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lifted:
    """A model as a graph of modules, with weights of its own."""

    module: fx.GraphModule
    """Takes normalised images and returns logits; Conv2d, Linear, norms, pooling, activations and Sum are modules."""
    deviation: float
    """Largest difference from the original on the probe batches, relative to the original's largest output."""
    kinds: Mapping[str, int]
    """Class of module → how many."""
    source: str
    """What was lifted: torchscript, exported-program or eager."""
    features: str | None
    """Name of the module that returns the last feature map [image, channel, row, column], for Grad-CAM."""
    no_features: str | None
    """Why there is none."""


def lift(model: nn.Module, images: Tensor) -> Lifted:
    """The model as an equal graph of modules.

    Two recordings with different batches, of two images and of another one, show what follows the batch. The graph is
    then given a batch that neither was, all three images, and its outputs must agree with the recorded ones:
    max|lifted(x) - model(x)| ≤ 1e-4 · scale with scale = max|model(x)|. That costs six images through the model and the
    graph together. Where it fails, as for models that treat one image otherwise, larger batches are recorded and the
    graph is compared with the model itself on the given images and on two other batches. Of a model whose last sigmoid
    or softmax is taken off, what comes before it is lifted, and the probabilities are compared. All of it is in the
    weights' own precision, also where the caller computes in another (autocast).

    Args:
        model: returns logits [image, output]; in evaluation mode.
        images: normalised images [image, channel, row, column], at least one.

    Raises:
        LiftError: the model decides on values of its data, runs other operations for other batches, or the graph
            is not equal to it.
    """
    with torch.autocast(images.device.type, enabled=False):  # else its casts become operations of the graph
        module, deviation = _quickly(model, images) or _thoroughly(model, images)
    features, reason = mark_features(module)
    kinds = Counter(type(child).__name__ for child in module.modules() if not list(child.children()))
    return Lifted(
        module=module,
        deviation=deviation,
        kinds=dict(sorted(kinds.items())),
        source=source_of(model),
        features=features,
        no_features=reason,
    )


def _quickly(model: nn.Module, images: Tensor) -> tuple[fx.GraphModule, float] | None:
    """The graph of few images and its deviation from what was recorded; None where that does not do."""
    if isinstance(model, FixedBatch) or isinstance(getattr(model, "original", None), FixedBatch):
        return None
    three = _batch(images, sum(_FEW))
    whole = model.original if isinstance(model, Peeled) else model
    try:
        first, second = record(whole, three[: _FEW[0]]), record(whole, three[_FEW[0] :])
        outputs = torch.cat([_answer(first), _answer(second)])
        recording, calls, names = _shortened(model, first, align(first, second), names_of(unwrapped(model)))
        module = Builder(recording, calls, names, HANDLERS).build()
        with torch.no_grad():
            found = module(three)
        if isinstance(model, Peeled):
            outputs, found = model.as_chances(outputs), model.again(found)
        deviation = _difference(outputs, found)
    except (FairauditError, RuntimeError, IndexError, ValueError):
        return None
    return (module, deviation) if deviation <= TOLERANCE else None


def _thoroughly(model: nn.Module, images: Tensor) -> tuple[fx.GraphModule, float]:
    """The graph of larger batches and its deviation from the model on three batches.

    Raises:
        LiftError: see lift.
    """
    recording, calls, names = _recorded(model, images)
    module = Builder(recording, calls, names, HANDLERS).build()
    return module, _proof(model, module, images)


def _answer(recording: Recording) -> Tensor:
    """What the recorded pass returned."""
    if recording.output is None or recording.output.call < 0:
        raise LiftError("The model cannot be turned into modules", found="a model that returns its images")
    return recording.calls[recording.output.call].outputs[recording.output.out]


def source_of(model: nn.Module) -> str:
    """What a model was opened from, as far as lifting is concerned."""
    inner = unwrapped(model)
    if isinstance(inner, torch.jit.ScriptModule):
        return "torchscript"
    return "exported-program" if isinstance(inner, fx.GraphModule) else "eager"


def _recorded(model: nn.Module, images: Tensor) -> tuple[Recording, list[Call], dict[int, str]]:
    """A recording, its calls with what follows the batch, and the names of the weights."""
    if isinstance(model, Peeled):
        return _shortened(model, *_recorded(model.original, images))
    if isinstance(model, FixedBatch):
        fixed = record(model.model, _batch(images, model.batch))
        return fixed, generalise(fixed), names_of(unwrapped(model))
    first, second = (record(model, _batch(images, count)) for count in _BATCHES)
    return first, align(first, second), names_of(unwrapped(model))


def _shortened(
    model: nn.Module, recording: Recording, calls: list[Call], names: dict[int, str]
) -> tuple[Recording, list[Call], dict[int, str]]:
    """The same without the last non-linearity of a model that it is taken off.

    Raises:
        LiftError: it does not stand at the end.
    """
    if not isinstance(model, Peeled):
        return recording, calls, names
    ending = find_ending(recording)
    if ending.squash != model.squash or recording.output is None:
        raise LiftError(
            "What the model computes before its probabilities cannot be determined",
            wanted=f"a {model.squash} as the last operation",
            found=f"outputs that come from something else ({ending.kind})",
        )
    changed, output = without_squash(calls, recording.output, ending.cuts)
    return replace(recording, calls=changed, output=output), changed, names


def _proof(model: nn.Module, lifted: nn.Module, images: Tensor) -> float:
    """The largest relative difference on the images and on two other batches.

    Raises:
        LiftError: it is too large, or the graph does not run.
    """
    try:
        deviation = max(_deviation(model, lifted, _batch(images, count)) for count in (len(images), *_PROOF))
    except (RuntimeError, IndexError, ValueError) as error:
        raise _unequal(f"a graph that fails: {last_line(error)}") from error
    if not deviation <= TOLERANCE:
        raise _unequal(f"a difference of {deviation:.3g}")
    return deviation


def _unequal(found: str) -> LiftError:
    return LiftError(
        "The model cannot be turned into modules",
        wanted=f"outputs equal to {TOLERANCE:g} of the largest one on the probe images",
        found=found,
        advice="Give the checkpoint with --arch, export it with a dynamic batch, or use another method.",
    )


def _batch(images: Tensor, count: int) -> Tensor:
    """So many images, the given ones over and over, each turn a little different from the last."""
    turns = -(-count // len(images))
    factors = torch.linspace(1.0, 0.5, turns, device=images.device, dtype=images.dtype)
    return torch.cat([images * factor for factor in factors])[:count]


def _deviation(model: nn.Module, lifted: nn.Module, images: Tensor) -> float:
    with torch.no_grad():
        if isinstance(model, Peeled):
            wanted, found = model.chances(images), model.again(lifted(images))
        else:
            wanted, found = model(images), lifted(images)
    return _difference(wanted, found)


def _difference(wanted: Tensor, found: Tensor) -> float:
    if wanted.shape != found.shape:
        return float("inf")
    scale = max(float(wanted.abs().max()), 1e-12)
    return float((wanted - found).abs().max()) / scale
