"""The last step of a model: the operation that its outputs come from, found in a recording of one forward pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from fairaudit.models.record import Call, Recording, Ref, refs

Squash = Literal["sigmoid", "softmax", "log_softmax", "log_sigmoid"]
"""A last non-linearity that can be taken off: what comes before it are logits."""
Kind = Literal["sigmoid", "softmax", "log_softmax", "log_sigmoid", "label", "layer", "other"]

_SQUASHES: dict[str, Squash] = {
    "sigmoid": "sigmoid",
    "special_expit": "sigmoid",
    "softmax": "softmax",
    "_softmax": "softmax",
    "special_softmax": "softmax",
    "log_softmax": "log_softmax",
    "_log_softmax": "log_softmax",
    "special_log_softmax": "log_softmax",
    "log_sigmoid": "log_sigmoid",
    "log_sigmoid_forward": "log_sigmoid",
}
# exp of log-probabilities and log of probabilities: both operations come off together.
_LOGS: dict[tuple[str, str], Squash] = {
    ("exp", "log_softmax"): "softmax",
    ("exp", "log_sigmoid"): "sigmoid",
    ("log", "softmax"): "log_softmax",
    ("log", "sigmoid"): "log_sigmoid",
}
_LABELS = {"argmax", "argmin", "argsort", "gt", "ge", "lt", "le", "eq", "ne", "greater", "greater_equal", "less"}
_LABELS |= {"less_equal", "round", "sign", "heaviside", "bucketize", "logical_not", "logical_and", "logical_or"}
_INDICES = {"max", "min", "topk", "sort"}  # their second result
_LAYERS = {"linear", "addmm", "mm", "matmul", "bmm", "baddbmm", "conv2d", "convolution", "_convolution"}
_LAYERS |= {"batch_norm", "native_batch_norm", "_native_batch_norm_legit_no_training", "einsum"}
_ARITHMETIC = {"add", "sub", "mul", "div", "neg", "rsub"}
_MOVES = {"view", "reshape", "_unsafe_view", "flatten", "unflatten", "squeeze", "unsqueeze", "select", "slice"}
_MOVES |= {"narrow", "index_select", "permute", "transpose", "t", "contiguous", "clone", "alias", "detach", "to"}
_MOVES |= {"_to_copy", "expand", "split", "split_with_sizes", "chunk", "unbind", "lift_fresh", "dropout", "float"}
_JOINS = {"cat", "concat", "stack"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Where the outputs come from."""

    kind: Kind
    """The operation before nothing but moves: a squash, a label (comparison, argmax, rounding), a layer (a product
    with weights, perhaps scaled and shifted) or something else."""
    cuts: tuple[tuple[Ref, Ref], ...] = ()
    """For a squash: (its result, its input) wherever one lies on the way."""

    @property
    def squash(self) -> Squash | None:
        """The non-linearity that can be taken off, or None."""
        return _SQUASHES.get(self.kind)


def find_ending(recording: Recording) -> Ending:
    """What the outputs of a recorded pass come from.

    Outputs that are joined from several parts have a kind only where all parts have the same one.
    """
    return _ending(recording.calls, recording.output) if recording.output is not None else Ending(kind="other")


def without_squash(calls: Sequence[Call], output: Ref, cuts: Iterable[tuple[Ref, Ref]]) -> tuple[list[Call], Ref]:
    """The calls with every use of a squash's result replaced by its input, and the output that they then have."""
    other = dict(cuts)
    changed = [
        replace(call, args=_redirected(call.args, other), kwargs=_redirected(dict(call.kwargs), other))
        for call in calls
    ]
    return changed, other.get(output, output)


def _ending(calls: Sequence[Call], ref: Ref) -> Ending:
    if ref.call < 0:
        return Ending(kind="other")
    call = calls[ref.call]
    name = call.name if call.name.endswith("__") else call.name.removesuffix("_")
    sources = list(dict.fromkeys(refs((call.args, call.kwargs))))
    if name in _LABELS or (name in _INDICES and ref.out == 1):
        return Ending(kind="label")
    if name in _SQUASHES:
        return Ending(kind=_SQUASHES[name], cuts=((ref, call.args[0]),)) if sources else Ending(kind="other")
    if name in _LAYERS:
        return Ending(kind="layer")
    if name in ("exp", "log") and sources:
        return _through_log(name, ref, _ending(calls, sources[0]))
    if name in _MOVES and sources:
        return _ending(calls, sources[0])
    if name in _JOINS:
        return _joined([_ending(calls, source) for source in sources])
    if name in _ARITHMETIC:
        return _combined([_ending(calls, source) for source in sources if _depends(calls, source)])
    return Ending(kind="other")


def _through_log(name: str, ref: Ref, inner: Ending) -> Ending:
    kind = _LOGS.get((name, inner.kind))
    # Only where the squash itself is the argument: with moves in between there would be two places to cut.
    if kind is None or len(inner.cuts) != 1:
        return Ending(kind="other")
    return Ending(kind=kind, cuts=((ref, inner.cuts[0][1]),))


def _joined(parts: Sequence[Ending]) -> Ending:
    kinds = {part.kind for part in parts}
    if len(kinds) != 1:
        return Ending(kind="other")
    return Ending(kind=parts[0].kind, cuts=tuple(dict.fromkeys(cut for part in parts for cut in part.cuts)))


def _combined(parts: Sequence[Ending]) -> Ending:
    linear = bool(parts) and all(part.kind == "layer" for part in parts)
    return Ending(kind="layer" if linear else "other")


def _depends(calls: Sequence[Call], ref: Ref) -> bool:
    """Whether a result comes from the images."""
    waiting, seen = [ref], set()
    while waiting:
        number = waiting.pop().call
        if number < 0:
            return True
        if number not in seen:
            seen.add(number)
            waiting += refs((calls[number].args, calls[number].kwargs))
    return False


def _redirected(value: Any, other: dict[Ref, Ref]) -> Any:  # noqa: ANN401 - arguments of any type
    if isinstance(value, Ref):
        return other.get(value, value)
    if isinstance(value, list | tuple):
        return type(value)(_redirected(item, other) for item in value)
    if isinstance(value, dict):
        return {key: _redirected(item, other) for key, item in value.items()}
    return value
