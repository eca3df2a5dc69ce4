"""Files of the built-in generators, safetensors both: the finished generator, and a training run to resume."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from fairaudit.errors import ModelError, OutputError
from fairaudit.files import reason, unusual
from fairaudit.generators.autoencoder import Autoencoder, AutoencoderSettings
from fairaudit.generators.cvae import ConditionalVae, CvaeSettings
from fairaudit.results.tensor_file import in_order

FORMAT = "fairaudit-generator/1"
_TRAINING = "fairaudit-generator-training/1"
_SHORT = 24
"""Characters up to which a setting's values are told when they differ."""
_UNNAMED = {"tag": "other rows, preprocessing or models to keep"}
"""Settings of a training that no option is called like."""


@dataclass(slots=True, kw_only=True)
class TrainState:
    """The progress of a training run."""

    history: list[tuple[float, float]] = field(default_factory=list)
    """Training and held-out loss of every epoch."""
    best: dict[str, Tensor] = field(default_factory=dict)
    """Weights of the best epoch."""
    best_loss: float = math.inf
    """Their held-out loss."""
    best_epoch: int = 0
    """Their epoch, from 1."""
    stale: int = 0
    """Epochs since."""


def save_generator(path: Path, model: Autoencoder | ConditionalVae) -> None:
    """Write a built-in generator with what is needed to build it again.

    Raises:
        OutputError: the file cannot be written.
    """
    metadata = {"format": FORMAT, "kind": model.kind, "settings": json.dumps(asdict(model.settings))}
    _write(path, dict(model.state_dict()), metadata)


def built_in_metadata(path: Path) -> dict[str, str] | None:
    """The metadata of a file that `save_generator` wrote; None for any other safetensors file."""
    try:
        with safe_open(path, framework="pt") as file:
            metadata: dict[str, str] = file.metadata() or {}
    except (SafetensorError, OSError, ValueError, RecursionError):
        return None
    return metadata if metadata.get("format") == FORMAT else None


def load_generator(path: Path) -> Autoencoder | ConditionalVae:
    """Load a built-in generator from its file, in evaluation mode and without gradients for its weights.

    Raises:
        ModelError: the file is not one, or its weights do not fit.
    """
    metadata = built_in_metadata(path)
    if metadata is None:
        raise _not_ours(path)
    try:
        model = _built(metadata, path.stat().st_size)
    except Exception as error:  # the metadata may say anything
        raise ModelError(
            "The generator's settings cannot be read",
            found=f"{type(error).__name__}: {reason(error)}",
            where=str(path),
            advice="Train it again with `fairaudit generator train`.",
        ) from error
    try:
        with safe_open(path, framework="pt") as file:
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dictionary
        model.load_state_dict(weights)
    except Exception as error:
        raise ModelError("The generator's weights do not fit", found=reason(error), where=str(path)) from error
    return model.eval().requires_grad_(False)


def _not_ours(path: Path) -> ModelError:
    """Another file, or one of ours that was cut short: the library's word tells them apart."""
    try:
        with safe_open(path, framework="pt"):
            return ModelError("This is not a generator that fairaudit trained", where=str(path))
    except (SafetensorError, OSError, ValueError, RecursionError) as error:
        return ModelError(
            "This is not a generator that fairaudit trained, or it is cut short or damaged",
            found=reason(error),
            where=str(path),
            advice="Copy it again, or train it with `fairaudit generator train`.",
        )


def _built(metadata: dict[str, str], length: int) -> Autoencoder | ConditionalVae:
    kinds = {Autoencoder.kind: (Autoencoder, AutoencoderSettings), ConditionalVae.kind: (ConditionalVae, CvaeSettings)}
    settings = json.loads(metadata["settings"])
    settings = {name: _tuples(value) for name, value in settings.items()}
    network, shape = kinds[metadata["kind"]]
    asked = shape(**settings)
    # Its first two convolutions alone take 72 width² bytes; nothing larger than the file is ever built.
    if 64 * asked.width**2 > length or 4 * asked.latent * asked.width > length or min(asked.width, asked.latent) < 1:
        raise ValueError("settings of a network that is larger than the file")
    model: Autoencoder | ConditionalVae = network(asked)
    return model


def _tuples(value: object) -> object:
    """Lists of JSON as the tuples that they were, inside each other too."""
    return tuple(_tuples(part) for part in value) if isinstance(value, list) else value


def save_state(path: Path, model: nn.Module, optimiser: torch.optim.Optimizer, state: TrainState, key: str) -> None:
    """Write a training after an epoch: weights, best weights, optimiser and history."""
    tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
    tensors |= {f"best.{name}": value for name, value in state.best.items()}
    for number, slots in optimiser.state_dict()["state"].items():
        tensors |= {f"adam.{number}.{name}": torch.as_tensor(value) for name, value in slots.items()}
    facts = {
        "history": state.history,
        "best_loss": state.best_loss,
        "best_epoch": state.best_epoch,
        "stale": state.stale,
    }
    _write(path, tensors, {"format": _TRAINING, "key": key, "facts": json.dumps(facts)})


def load_state(path: Path, model: nn.Module, optimiser: torch.optim.Optimizer, key: str) -> TrainState:
    """Put an earlier training's weights and optimiser back; an empty state where there is no file yet.

    Raises:
        ModelError: the file is no such checkpoint, or one of another training.
    """
    if not path.exists():
        return TrainState()
    strange = unusual(path)
    if strange is not None:
        raise _unusable(path, strange)
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dictionary
    except (SafetensorError, OSError, ValueError) as error:
        raise _unusable(path, reason(error)) from error
    if metadata.get("format") != _TRAINING or metadata.get("key") != key:
        raise ModelError(
            "The checkpoint belongs to another training",
            found=_differences(metadata.get("key", ""), key),
            where=str(path),
            advice="Start over with --fresh, choose another folder with -o, or train with the settings it had.",
        )
    try:
        facts = json.loads(metadata["facts"])
        model.load_state_dict(_part(tensors, "model."))
        _restore(optimiser, _part(tensors, "adam."))
        return TrainState(
            history=[(float(a), float(b)) for a, b in facts["history"]],
            best=_part(tensors, "best."),
            best_loss=float(facts["best_loss"]),
            best_epoch=int(facts["best_epoch"]),
            stale=int(facts["stale"]),
        )
    except Exception as error:  # it may lack anything
        raise _unusable(path, f"{type(error).__name__}: {reason(error)}") from error


def _unusable(path: Path, found: str) -> ModelError:
    advice = "Start over with --fresh, or choose another folder with -o."
    return ModelError("The checkpoint cannot be read", found=found, where=str(path), advice=advice)


def _differences(old: str, new: str) -> str:
    """Which settings of two trainings differ, with both values where they are short.

    >>> _differences('{"seed": 0, "width": 4}', '{"seed": 1, "width": 4}')
    'seed was 0, is 1'
    """
    before, now = _flat(old), _flat(new)
    if not before:
        return "no checkpoint of a training"
    told = []
    for name in sorted(now.keys() | before.keys()):
        if before.get(name) != now.get(name):
            values = str(before.get(name)), str(now.get(name))
            short = max(map(len, values)) <= _SHORT
            plain = f"{name.replace('_', ' ')} was {values[0]}, is {values[1]}" if short else f"another {name}"
            told.append(_UNNAMED.get(name, plain))
    return "; ".join(told) or "another version's checkpoint"


def _flat(text: str) -> dict[str, object]:
    """The settings of a key, those of its parts among them; none where it cannot be read."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    parts = [value for value in found.values() if isinstance(value, dict)]
    flat = {name: value for name, value in found.items() if not isinstance(value, dict)}
    return {name: value for part in (flat, *parts) for name, value in part.items()}


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _restore(optimiser: torch.optim.Optimizer, slots: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Any]] = {}
    for name, value in slots.items():
        number, _, slot = name.partition(".")
        state.setdefault(int(number), {})[slot] = value
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})


def _write(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write next to the file and move it into place, so that a kill leaves the old one."""
    part = path.with_name(path.name + ".part")
    try:
        plain = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
        part.write_bytes(in_order(save(plain, metadata=metadata)))
        part.replace(path)
    except (OSError, SafetensorError) as error:
        raise OutputError("The generator cannot be written", where=str(path), found=str(error)) from error
