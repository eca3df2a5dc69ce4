"""Weights from a checkpoint: the right dictionary among the wrappers, under plain names, into the architecture."""

from __future__ import annotations

import re
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from fairaudit.errors import ModelError, suggestion

WRAPPERS = ("state_dict", "model_state_dict", "model", "net", "network", "weights", "module")
"""Keys under which training programs keep the weights, in the order they are looked for."""
_COMPILED = "_orig_mod."
_COPIES = ("ema", "teacher", "momentum", "target", "swa", "averaged", "shadow")
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Weights under the architecture's own names."""

    weights: dict[str, Tensor]
    """Name in the architecture → tensor."""
    prefix: str
    """What stood before every name."""
    leftovers: tuple[str, ...]
    """Names of tensors outside the prefix, such as those of a loss."""


def plain_names(weights: Mapping[str, Tensor], known: Sequence[str], *, where: str = "the checkpoint") -> Named:
    """The weights under the prefix that covers most of the architecture's names; the shortest of equals.

    What torch.compile puts into names goes first. Averages and teachers beside the model are other copies, not chosen
    while there is a plain one.

    Raises:
        ModelError: two copies of the model cover it equally well, and neither is an average.

    >>> import torch
    >>> plain_names({"net.fc.weight": torch.zeros(1), "loss.weight": torch.zeros(1)}, ["fc.weight"]).leftovers
    ('loss.weight',)
    """
    names = set(known)
    # A compiled part has it inside its names too; an architecture that is compiled itself keeps it.
    compiled = any(_COMPILED in name for name in names)
    plain = dict(weights) if compiled else {key.replace(_COMPILED, ""): value for key, value in weights.items()}
    prefix = _best_prefix(plain, names, where)
    inside = {key.removeprefix(prefix): value for key, value in plain.items() if key.startswith(prefix)}
    outside = [key for key in plain if not key.startswith(prefix)]
    if not prefix:
        tops = {name.partition(".")[0] for name in names}
        outside = [key for key in inside if key.partition(".")[0] not in tops]
        inside = {key: value for key, value in inside.items() if key not in outside}
    return Named(weights=inside, prefix=prefix, leftovers=tuple(key for key in outside if not _BOOKKEEPING.search(key)))


def _best_prefix(weights: Mapping[str, Tensor], names: set[str], where: str) -> str:
    covered: Counter[str] = Counter()
    for key in weights:
        parts = key.split(".")
        for depth in range(len(parts)):
            if ".".join(parts[depth:]) in names:
                covered["".join(f"{part}." for part in parts[:depth])] += 1
    most = max(covered.values(), default=0)
    best = sorted((prefix for prefix, count in covered.items() if count == most), key=len)
    if not best:
        return ""
    plain = [prefix for prefix in best if not any(word in prefix.lower() for word in _COPIES)] or best
    if len(plain) > 1 and most == len(names):
        raise ModelError(
            "The checkpoint holds several copies of the architecture",
            wanted="model.weights: the one to audit",
            found=", ".join(prefix.rstrip(".") or "one without a prefix" for prefix in plain),
            where=where,
        )
    return plain[0]


def load_weights(model: nn.Module, weights: Mapping[str, Tensor], *, arch: str, where: str) -> tuple[str, ...]:
    """Put the weights into the architecture, all of them and nothing else.

    Returns:
        A note on what the checkpoint holds beside them.

    Raises:
        ModelError: weights are missing, unexpected or of another shape; the first few are named.
    """
    own = model.state_dict()
    named = plain_names(weights, list(own), where=where)
    given = named.weights
    missing = [key for key in own if key not in given and not _BOOKKEEPING.search(key)]
    unexpected = [key for key in given if key not in own and not _BOOKKEEPING.search(key)]
    other = [
        f"{key} is {tuple(given[key].shape)} and not {tuple(own[key].shape)}"
        for key in own
        if key in given and given[key].shape != own[key].shape
    ]
    if missing or unexpected or other:
        raise _misfit(missing, [*unexpected, *named.leftovers], other, arch, where)
    fitting = OrderedDict((key, value) for key, value in given.items() if key in own)
    # The versions of the classes whose shapes these are: some refuse weights of no version (torchvision's MNASNet).
    fitting._metadata = getattr(own, "_metadata", {})  # type: ignore[attr-defined]
    model.load_state_dict(fitting, strict=False)
    return (_left_over(named),) if named.leftovers else ()


def _left_over(named: Named) -> str:
    shown = f"{', '.join(named.leftovers[:3])}{', …' if len(named.leftovers) > 3 else ''}"
    inside = f' under "{named.prefix.rstrip(".")}"' if named.prefix else ""
    return (
        f"The weights{inside} fill the whole architecture; the checkpoint also holds {len(named.leftovers)} tensors "
        f"that it has no place for ({shown}), which were not used."
    )


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
    prefixed = _prefixed(checkpoint, name)
    if prefixed is not None:
        return prefixed
    found = checkpoint
    for key in name.split("."):
        if not isinstance(found, Mapping) or key not in found:
            known = [str(key) for key in found] if isinstance(found, Mapping) else []
            problem = f'The checkpoint has no "{name}"'
            raise ModelError(problem, where=f"{where}, model.weights", advice=suggestion(key, known))
        found = found[key]
    return found


def _prefixed(checkpoint: object, name: str) -> dict[str, Tensor] | None:
    """The weights whose names begin with NAME and a dot, without it."""
    weights = _tensors(_unwrapped(checkpoint)) or {}
    start = f"{name.rstrip('.')}."
    return {key.removeprefix(start): value for key, value in weights.items() if key.startswith(start)} or None


def _unwrapped(checkpoint: object) -> object:
    found = checkpoint
    seen: set[int] = set()  # a dictionary may hold itself
    while isinstance(found, Mapping) and _tensors(found) is None and id(found) not in seen:
        seen.add(id(found))
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
