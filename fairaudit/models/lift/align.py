"""What in a recording depends on the batch: found by recording two batch sizes and comparing the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch

from fairaudit.errors import LiftError
from fairaudit.models.record import Call, Const, Recording, Ref, refs

# New tensors that take their type from another one, and neither its values nor its shape.
_NEW = {"new_zeros", "new_ones", "new_full", "new_empty", "new_tensor"}
_RESHAPES = {"view", "reshape", "_unsafe_view", "_reshape_alias"}


@dataclass(frozen=True, slots=True)
class Size:
    """A number that follows the batch: factor · batch + offset."""

    factor: int
    """Growth per image."""
    offset: int = 0
    """The rest."""


def align(first: Recording, second: Recording) -> list[Call]:
    """The calls of the first recording, with the integers that changed with the batch written as Size.

    With batches b1 and b2, an argument that is v1 and v2 becomes a·batch + c with a = (v2 - v1) / (b2 - b1) and
    c = v1 - a·b1.

    Raises:
        LiftError: the two batches did not run the same operations.
    """
    if [call.op for call in first.calls] != [call.op for call in second.calls] or first.output != second.output:
        raise LiftError(
            "The model cannot be turned into modules",
            wanted="the same operations for every batch size",
            found=f"{len(first.calls)} operations for {len(first.images)} images, others for {len(second.images)}",
        )
    batches = (len(first.images), len(second.images))
    return [
        replace(one, args=_merged(one.args, two.args, batches), kwargs=_merged(one.kwargs, two.kwargs, batches))
        for one, two in zip(first.calls, second.calls, strict=True)
    ]


def generalise(recording: Recording) -> list[Call]:
    """The calls of a recording, with one side of every reshape and expansion taken to follow the batch.

    For a program that takes one batch size only there is nothing to compare with. The first side that is a multiple
    of the batch is taken: a guess, and the proof of the lift decides whether it was right.
    """
    batch = len(recording.images)
    live: set[int] = {-1}
    calls = []
    for number, call in enumerate(recording.calls):
        if any(ref.call in live for ref in refs((call.args, call.kwargs))):
            live.add(number)
        if (call.name in _RESHAPES and number in live) or call.name == "expand":
            calls.append(replace(call, args=(call.args[0], _leading(call.args[1], batch), *call.args[2:])))
            live.add(number)
        else:
            calls.append(call)
    return calls


def live_calls(calls: list[Call]) -> set[int]:
    """Numbers of the calls whose result depends on the images or on how many there are; the others are constants."""
    live: set[int] = {-1}
    for number, call in enumerate(calls):
        follows = call.name not in _NEW and any(ref.call in live for ref in refs((call.args, call.kwargs)))
        if follows or _has_size((call.args, call.kwargs)):
            live.add(number)
    return live


def _leading(sizes: Any, batch: int) -> Any:  # noqa: ANN401 - the argument of a call
    for place, side in enumerate(sizes if isinstance(sizes, list | tuple) else ()):
        if isinstance(side, int) and side > 0 and side % batch == 0:
            return [*sizes[:place], Size(side // batch), *sizes[place + 1 :]]
    return sizes


def _merged(one: Any, two: Any, batches: tuple[int, int]) -> Any:  # noqa: ANN401 - arguments of any type
    if isinstance(one, list | tuple) and isinstance(two, list | tuple) and len(one) == len(two):
        return type(one)(_merged(left, right, batches) for left, right in zip(one, two, strict=True))
    if isinstance(one, Mapping) and isinstance(two, Mapping) and one.keys() == two.keys():
        return {key: _merged(one[key], two[key], batches) for key in one}
    if isinstance(one, Const) and isinstance(two, Const):
        return one
    if isinstance(one, torch.ScriptObject):
        raise LiftError(
            "The model cannot be turned into modules",
            wanted="operations on tensors",
            found="packed weights, as in a model that was quantised to int8",
            advice="Explain the model that it was quantised from, or use a perturbation method.",
        )
    if one == two and type(one) is type(two):
        return one
    if type(one) is int and type(two) is int:
        factor, rest = divmod(two - one, batches[1] - batches[0])
        if rest == 0:
            return Size(factor, one - factor * batches[0])
    raise LiftError(
        "The model cannot be turned into modules",
        wanted="arguments that are the same for every batch, or follow its size",
        found=f"{_word(one)} for {batches[0]} images and {_word(two)} for {batches[1]}",
    )


def _word(value: object) -> str:
    return f"result {value.call}" if isinstance(value, Ref) else repr(value)[:60]


def _has_size(value: object) -> bool:
    if isinstance(value, list | tuple):
        return any(_has_size(item) for item in value)
    if isinstance(value, Mapping):
        return any(_has_size(item) for item in value.values())
    return isinstance(value, Size)
