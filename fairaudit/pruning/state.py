"""Where a mask search stands, and its checkpoint: everything that the next epoch depends on, in one file."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from fairaudit.errors import ModelError
from fairaudit.pruning.bias_head import BiasHead
from fairaudit.pruning.gated import Gates
from fairaudit.results.strict_json import write_bytes
from fairaudit.results.tensor_file import in_order

_COUNTS = ("level", "epoch", "stale")


@dataclass(slots=True, kw_only=True)
class SearchState:
    """The search between two epochs."""

    gates: Gates
    """The gating parameters."""
    heads: list[BiasHead]
    """A reader per bias."""
    gate_optimiser: torch.optim.Adam
    """Over the gates."""
    head_optimisers: list[torch.optim.Adam]
    """One per reader."""
    level: int = 0
    """Number of the temperature, from 0: τ = 0.5^level."""
    epoch: int = 0
    """Epochs finished at this temperature."""
    stale: int = 0
    """Epochs since the objective on the choosing part last got better."""
    best: float = field(default=float("inf"))
    """The best objective at this temperature."""
    agreed: bool = False
    """Whether soft and hard model agreed."""
    done: bool = False
    """Whether the search is over."""


def save_state(path: Path, state: SearchState, key: str) -> None:
    """Write the state whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    from safetensors.torch import save

    facts = {name: getattr(state, name) for name in (*_COUNTS, "agreed", "done")}
    facts["best"] = state.best if state.best != float("inf") else None
    text = {"key": key, "facts": json.dumps(facts)}
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in _tensors(state).items()}
    write_bytes(path, in_order(save(tensors, metadata=text)))


def load_state(path: Path, state: SearchState, key: str) -> bool:
    """Put a checkpoint into a freshly started state; False when there is none.

    Raises:
        ModelError: the checkpoint is damaged or belongs to another search.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        return False
    try:
        with safe_open(path, framework="pt") as file:
            text = file.metadata() or {}
            tensors: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise _unusable(path, str(error)) from error
    if text.get("key") != key:
        raise _unusable(path, "a search with other data, another model or other settings")
    try:
        facts = json.loads(text["facts"])
        for name in (*_COUNTS, "agreed", "done"):
            setattr(state, name, facts[name])
        state.best = float("inf") if facts["best"] is None else float(facts["best"])
        _restore(state, tensors)
    except Exception as error:  # it may lack anything
        raise _unusable(path, f"{type(error).__name__}: {error}") from error
    return True


def _modules(state: SearchState) -> list[tuple[str, nn.Module, torch.optim.Adam]]:
    pairs = zip(state.heads, state.head_optimisers, strict=True)
    heads: list[tuple[str, nn.Module, torch.optim.Adam]] = [
        (f"head{number}", head, optimiser) for number, (head, optimiser) in enumerate(pairs)
    ]
    return [("gates", state.gates, state.gate_optimiser), *heads]


def _tensors(state: SearchState) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    for name, module, optimiser in _modules(state):
        found |= {f"{name}.value.{key}": value for key, value in module.state_dict().items()}
        for number, slots in optimiser.state_dict()["state"].items():
            found |= {f"{name}.adam.{number}.{slot}": value for slot, value in slots.items()}
    return found


def _restore(state: SearchState, tensors: dict[str, Tensor]) -> None:
    for name, module, optimiser in _modules(state):
        values = f"{name}.value."
        module.load_state_dict({key.removeprefix(values): v for key, v in tensors.items() if key.startswith(values)})
        slots: dict[int, dict[str, Tensor]] = {}
        for key, value in tensors.items():
            if key.startswith(f"{name}.adam."):
                number, slot = key.removeprefix(f"{name}.adam.").split(".")
                slots.setdefault(int(number), {})[slot] = value
        optimiser.load_state_dict({"state": slots, "param_groups": optimiser.state_dict()["param_groups"]})


def _unusable(path: Path, found: str) -> ModelError:
    return ModelError(
        "The mask search cannot be resumed from its checkpoint",
        found=found,
        where=str(path),
        advice="Start over with --fresh, or choose another output folder.",
    )
