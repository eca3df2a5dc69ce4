"""Write an edited model as what it was read from, and prove that the file computes what the edit says."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from fairaudit.errors import ModelError, OutputError
from fairaudit.models.classifier import Classifier
from fairaudit.models.lift.lift import TOLERANCE
from fairaudit.models.outputs.adapt import FixedBatch, Logits
from fairaudit.pruning.encoder import CutModel, LogitsOnly
from fairaudit.pruning.gated import Masks, full_masks, gated_weights, run_with
from fairaudit.results.strict_json import write_bytes
from fairaudit.results.tensor_file import in_order


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A pruned model that was written and read back."""

    path: Path
    """The file."""
    deviation: float
    """Largest difference from the masked model on the probe images, relative to its largest logit."""
    notes: tuple[str, ...] = ()
    """What is different from the file that the model came from."""


def masked_parameters(split: CutModel, masks: Masks) -> dict[str, Tensor]:
    """Name of a parameter → its value with the mask applied: what the written file holds.

    A pruned unit loses its layer's weights and bias too, and not only scale and shift of the norm behind it.
    """
    values = gated_weights(split, {name: mask.to(split.weight(name)) for name, mask in masks.items()})
    own = dict(split.module.named_parameters())
    for name, mask in full_masks(split, masks).items():
        weight = values.get(f"{name}.weight", own[f"{name}.weight"])
        values[f"{name}.weight"] = weight * mask.to(weight)
        if masks[name].shape != mask.shape and f"{name}.bias" in own:
            bias = own[f"{name}.bias"]
            values[f"{name}.bias"] = bias * masks[name].to(bias)
    return {name: value.detach() for name, value in values.items()}


def save_masks(path: Path, masks: Masks, facts: Mapping[str, str]) -> None:
    """Write the masks as safetensors: layer → bool, True where kept.

    Args:
        path: the file.
        masks: layer → mask.
        facts: text kept in the file's metadata.

    Raises:
        OutputError: it cannot be written.
    """
    from safetensors.torch import save

    write_bytes(
        path, in_order(save({name: mask.cpu().contiguous() for name, mask in masks.items()}, metadata=dict(facts)))
    )


def export(
    classifier: Classifier,
    split: CutModel,
    masks: Masks,
    path: Path,
    *,
    images: Tensor,
    reopen: Callable[[Path], Classifier],
) -> Exported:
    """Write the pruned model in the format of the one it came from, reopen it and compare.

    Args:
        classifier: the model as it was opened.
        split: the same, lifted and cut.
        masks: what to prune.
        path: file to write.
        images: probe images in [0, 1].
        reopen: opens a file as the original was opened.

    Raises:
        ModelError: a layer's weights are not parameters of their own in the file, or the file computes something else.
        OutputError: it cannot be written.
    """
    return export_values(classifier, split, masked_parameters(split, masks), path, images=images, reopen=reopen)


def export_values(
    classifier: Classifier,
    split: CutModel,
    values: Mapping[str, Tensor],
    path: Path,
    *,
    images: Tensor,
    reopen: Callable[[Path], Classifier],
) -> Exported:
    """Write the model with other weights in the format of the one it came from, reopen it and compare.

    Args:
        classifier: the model as it was opened.
        split: the same, lifted and cut.
        values: name of a parameter or buffer of the cut module → its value.
        path: file to write.
        images: probe images in [0, 1].
        reopen: opens a file as the original was opened.

    Raises:
        ModelError: a value belongs to no parameter of the file, or the file computes something else.
        OutputError: it cannot be written.
    """
    written = {name: value.detach().cpu() for name, value in values.items()}
    notes: tuple[str, ...] = ()
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        if classifier.format == "torchscript":
            notes = _write_script(classifier, split, written, path, images)
        else:
            _WRITERS[_known(classifier)](classifier, written, path)
    except OSError as error:
        raise OutputError("The edited model cannot be written", where=str(path), found=str(error)) from error
    return Exported(path=path, deviation=_proof(classifier, split, values, reopen(path), images), notes=notes)


def _known(classifier: Classifier) -> str:
    if classifier.format not in _WRITERS:
        raise ModelError(
            "A model expression cannot be written as one model",
            wanted="a model from one file",
            found=classifier.name,
            advice="Use its parts one by one.",
        )
    return classifier.format


def _proof(
    classifier: Classifier, split: CutModel, values: Mapping[str, Tensor], written: Classifier, images: Tensor
) -> float:
    normalised = classifier.normalise(images)
    with torch.no_grad():
        moved = {name: value.to(normalised.device) for name, value in values.items()}
        _, wanted = run_with(split, normalised, moved)
        found = written.logits(images).to(wanted)
    deviation = float((wanted - found).abs().max() / wanted.abs().max().clamp(min=1e-12))
    if not deviation <= TOLERANCE:
        raise ModelError(
            "The written model is not the edited one",
            wanted=f"logits equal to {TOLERANCE:g} of the largest one",
            found=f"a difference of {deviation:.3g}",
            where=written.name,
            advice="Weights that are used in several places cannot be edited in this format; export as TorchScript.",
        )
    return deviation


def _edit(own: Mapping[str, Tensor], values: Mapping[str, Tensor], where: str) -> None:
    """Write values over parameters in place.

    Raises:
        ModelError: there is no parameter of that name and size.
    """
    for name, value in values.items():
        there = own.get(name)
        fits = there is not None and (there.shape == value.shape or there.shape == value.t().shape)
        if there is None or not fits:
            raise ModelError(
                "An edited layer has no parameter of its own in the model file",
                found=f'no parameter "{name}" of shape {tuple(value.shape)}',
                where=where,
                advice="Export the model as TorchScript and use that.",
            )
        with torch.no_grad():
            there.copy_(value if there.shape == value.shape else value.t())


def _inner(module: nn.Module) -> nn.Module:
    inner = module.model if isinstance(module, Logits | FixedBatch) else module
    return _inner(inner) if isinstance(inner, Logits | FixedBatch) else inner


def _write_script(
    classifier: Classifier, split: CutModel, values: Mapping[str, Tensor], path: Path, images: Tensor
) -> tuple[str, ...]:
    with warnings.catch_warnings():
        # Deprecated by torch for torch.export since 2.11, and still what release pipelines ship.
        warnings.simplefilter("ignore", FutureWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        script = torch.jit.load(str(classifier.path), map_location="cpu")  # type: ignore[no-untyped-call]
        own = {**dict(script.named_parameters()), **dict(script.named_buffers())}
        if all(name in own and own[name].shape == value.shape for name, value in values.items()):
            _edit(own, values, classifier.name)
            torch.jit.save(script, str(path))
            return ()
        traced = _traced(split, values, classifier.normalise(images))
        torch.jit.save(traced, str(path))
    return ("The TorchScript archive is frozen: its edited copy is a trace of the lifted model, in single precision.",)


def _traced(split: CutModel, values: Mapping[str, Tensor], images: Tensor) -> torch.jit.ScriptModule:
    module = copy.deepcopy(split.module)
    _edit({**dict(module.named_parameters()), **dict(module.named_buffers())}, values, "the lifted model")
    with torch.no_grad():
        traced: torch.jit.ScriptModule = torch.jit.trace(LogitsOnly(module).eval(), images)  # type: ignore[no-untyped-call]
    return traced


def write_small(module: nn.Module, path: Path, images: Tensor) -> None:
    """Write a cut model that was made smaller as a TorchScript archive that returns logits alone.

    Args:
        module: returns (bottleneck, logits).
        path: file to write.
        images: normalised images to trace it on.

    Raises:
        OutputError: it cannot be written.
    """
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore", FutureWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        traced = torch.jit.trace(LogitsOnly(module).eval(), images)  # type: ignore[no-untyped-call]
        try:
            torch.jit.save(traced, str(path))
        except (OSError, RuntimeError) as error:
            raise OutputError("The smaller model cannot be written", where=str(path), found=str(error)) from error


def _write_state(classifier: Classifier, values: Mapping[str, Tensor], path: Path) -> None:
    torch.save(_state(classifier, values), path)


def _write_safetensors(classifier: Classifier, values: Mapping[str, Tensor], path: Path) -> None:
    from safetensors.torch import save_file

    save_file({name: value.contiguous() for name, value in _state(classifier, values).items()}, path)


def _write_pickle(classifier: Classifier, values: Mapping[str, Tensor], path: Path) -> None:
    module = copy.deepcopy(_inner(classifier.module)).cpu()
    _edit({**dict(module.named_parameters()), **dict(module.named_buffers())}, values, classifier.name)
    torch.save(module, path)


def _write_program(classifier: Classifier, values: Mapping[str, Tensor], path: Path) -> None:
    program = torch.export.load(str(classifier.path))
    _edit(program.state_dict, values, classifier.name)
    torch.export.save(program, str(path))


def _state(classifier: Classifier, values: Mapping[str, Tensor]) -> dict[str, Tensor]:
    state = {name: value.detach().cpu().clone() for name, value in _inner(classifier.module).state_dict().items()}
    _edit(state, values, classifier.name)
    return state


_WRITERS: Mapping[str, Callable[[Classifier, Mapping[str, Tensor], Path], None]] = {
    "state-dict": _write_state,
    "safetensors": _write_safetensors,
    "pickle": _write_pickle,
    "exported-program": _write_program,
}
