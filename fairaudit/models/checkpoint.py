"""Weights from a checkpoint: the right dictionary among the wrappers, under plain names, into the architecture."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from fairaudit.errors import ModelError, suggestion

WRAPPERS = ("state_dict", "model_state_dict", "model", "net", "network", "weights", "module")
"""Keys under which training programs keep the weights, in the order they are looked for."""
PREFIXES = ("module.", "_orig_mod.", "model.", "net.", "network.", "backbone.")
"""What wrappers put before every name: DataParallel, torch.compile, and the usual outer attributes."""
_BOOKKEEPING = re.compile(r"(^|\.)(num_batches_tracked|n_averaged)$")


def find_weights(checkpoint: object, *, where: str, name: str | None = None) -> dict[str, Tensor]:
    """The dictionary of weights inside a checkpoint.

    Args:
        checkpoint: what the file holds.
        where: the file, for errors.
        name: key of the dictionary to take, with dots between levels, such as state_dict_ema.

    Raises:
        ModelError: there is no such key, or no dictionary of tensors.
    """
    found = _by_name(checkpoint, name, where) if name is not None else _unwrapped(checkpoint)
    tensors = _tensors(found)
    if tensors is None:
        raise ModelError(
            "The checkpoint holds no weights",
            wanted=f"a dictionary of tensors, itself or under one of {', '.join(WRAPPERS)}",
            found=_contents(found),
            where=where,
            advice="Name the key that holds them in model.weights.",
        )
    return tensors


def alternatives(checkpoint: object) -> tuple[str, ...]:
    """Keys of other dictionaries of weights in the checkpoint, such as exponential moving averages."""
    if not isinstance(checkpoint, Mapping):
        return ()
    keys = [str(key) for key, value in checkpoint.items() if _tensors(value)]
    taken = next((key for key in WRAPPERS if key in keys), None)
    return tuple(key for key in keys if key != taken and "ema" in key.lower().split("_"))


def plain_names(weights: Mapping[str, Tensor], known: Sequence[str]) -> dict[str, Tensor]:
    """The weights under the architecture's own names: wrappers' prefixes go while that makes more names known.

    >>> import torch
    >>> list(plain_names({"module.fc.weight": torch.zeros(1)}, ["fc.weight"]))
    ['fc.weight']
    """
    names = set(known)
    best = {key: value for key, value in weights.items() if not key.endswith("n_averaged") or key in names}
    current = best
    while True:
        prefix = next((p for p in PREFIXES if current and all(key.startswith(p) for key in current)), None)
        if prefix is None:
            break
        current = {key.removeprefix(prefix): value for key, value in current.items()}
        if len(names & current.keys()) >= len(names & best.keys()):
            best = current
    without = {key.replace("_orig_mod.", ""): value for key, value in best.items()}
    return without if len(names & without.keys()) > len(names & best.keys()) else best


def load_weights(model: nn.Module, weights: Mapping[str, Tensor], *, arch: str, where: str) -> None:
    """Put the weights into the architecture, all of them and nothing else.

    Raises:
        ModelError: weights are missing, unexpected or of another shape; the first few are named.
    """
    own = model.state_dict()
    given = plain_names(weights, list(own))
    missing = [key for key in own if key not in given and not _BOOKKEEPING.search(key)]
    unexpected = [key for key in given if key not in own and not _BOOKKEEPING.search(key)]
    other = [
        f"{key} is {tuple(given[key].shape)} and not {tuple(own[key].shape)}"
        for key in own
        if key in given and given[key].shape != own[key].shape
    ]
    if missing or unexpected or other:
        raise _misfit(missing, unexpected, other, arch, where)
    model.load_state_dict({key: value for key, value in given.items() if key in own}, strict=False)


def _misfit(missing: list[str], unexpected: list[str], other: list[str], arch: str, where: str) -> ModelError:
    parts = [
        f"{len(keys)} {words} ({', '.join(keys[:3])}{', …' if len(keys) > 3 else ''})"
        for keys, words in ((missing, "missing"), (unexpected, "unexpected"), (other, "of another shape"))
        if keys
    ]
    return ModelError(
        "The weights do not fit the architecture",
        wanted=f"the weights of {arch}",
        found="; ".join(parts),
        where=where,
        advice="Check --arch; a model with another head needs a factory of its own, package.module:factory.",
    )


def _by_name(checkpoint: object, name: str, where: str) -> object:
    if isinstance(checkpoint, Mapping) and name in checkpoint:
        return checkpoint[name]
    found = checkpoint
    for key in name.split("."):
        if not isinstance(found, Mapping) or key not in found:
            known = [str(key) for key in found] if isinstance(found, Mapping) else []
            problem = f'The checkpoint has no "{name}"'
            raise ModelError(problem, where=f"{where}, model.weights", advice=suggestion(key, known))
        found = found[key]
    return found


def _unwrapped(checkpoint: object) -> object:
    found = checkpoint
    while isinstance(found, Mapping) and _tensors(found) is None:
        key = next((key for key in WRAPPERS if isinstance(found.get(key), Mapping)), None)
        if key is None:
            return found
        found = found[key]
    return found


def _tensors(found: object) -> dict[str, Tensor] | None:
    """The tensors of a dictionary that holds tensors only (torch's own _metadata apart), or None."""
    if not isinstance(found, Mapping) or not found:
        return None
    if not all(isinstance(key, str) and isinstance(value, Tensor) for key, value in found.items()):
        return None
    return dict(found)


def _contents(found: object) -> str:
    if isinstance(found, Mapping):
        shown = [f"{key}: {type(value).__name__}" for key, value in list(found.items())[:6]]
        return f"a dictionary with {', '.join(shown) or 'nothing'}"
    return type(found).__name__
