"""Record the tensor operations of one forward pass, whatever the model was written in.

A dispatch mode sees the operations of script modules too: TorchScript's interpreter calls the same dispatcher. So one
recorder serves TorchScript (scripted, traced, frozen), exported programs and eager modules, and ifs, loops and
arithmetic on sizes have been carried out by the time an operation is noted. In inference mode the operations arrive
before torch takes them apart for autograd: a linear layer is `linear` and not `t`, `view` and `addmm`.

Dispatch modes are documented by PyTorch (`torch.utils._python_dispatch`, underscore included); proven on torch 2.15.
torch's TorchScript-to-export converter is private, may vanish and knows one format only: it is not used.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from fairaudit.errors import LiftError

# Questions about a tensor's form, whose answer does not depend on its values.
_FORM = {"size", "sym_size", "stride", "sym_stride", "numel", "sym_numel", "dim", "is_contiguous", "storage_offset"}


@dataclass(frozen=True, slots=True)
class Ref:
    """The result of an earlier call."""

    call: int
    """Number of the call; -1 is the input."""
    out: int = 0
    """Which of its tensors."""


@dataclass(frozen=True, slots=True, eq=False)
class Const:
    """A tensor that no recorded call made: a weight, a buffer or a constant."""

    tensor: Tensor


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Call:
    """One operation with its arguments and what it returned."""

    op: torch._ops.OpOverload
    """The operation."""
    args: tuple[Any, ...]
    """Positional arguments, tensors as Ref or Const."""
    kwargs: Mapping[str, Any]
    """Keyword arguments, likewise."""
    outputs: tuple[Tensor, ...]
    """The tensors that it returned."""
    several: bool
    """Whether it returned a tuple or a list."""

    @property
    def name(self) -> str:
        """The operation without its namespace and overload, such as conv2d."""
        return self.op._schema.name.partition("::")[2]

    def bound(self) -> dict[str, Any]:
        """Arguments by the names of the operation's schema, with its defaults."""
        found: dict[str, Any] = {}
        for number, argument in enumerate(self.op._schema.arguments):
            if number < len(self.args):
                found[argument.name] = self.args[number]
            elif argument.name in self.kwargs:
                found[argument.name] = self.kwargs[argument.name]
            else:
                found[argument.name] = argument.default_value if argument.has_default_value() else None
        return found


@dataclass(slots=True, kw_only=True, eq=False)
class Recording:
    """The calls of one forward pass."""

    images: Tensor
    """The input."""
    calls: list[Call] = field(default_factory=list)
    """In the order they ran."""
    output: Ref | None = None
    """The logits."""


class Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes every operation while it is entered.

    Args:
        images: the input, whose values the calls are followed from.
    """

    def __init__(self, images: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.recording = Recording(images=images)
        self._made: dict[int, Ref] = {id(images): Ref(-1)}
        self._kept: list[Tensor] = [images]  # a tensor that is freed could give its id to another one
        self._live: set[Ref] = {Ref(-1)}
        self.refused: LiftError | None = None
        # A network that was given to torch.compile must not have this compiled too; no other needs the compiler loaded.
        loaded = "torch._dynamo" in sys.modules
        self._run = torch.compiler.disable(self._recorded) if loaded else self._recorded  # type: ignore[no-untyped-call]

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """False: torch would load its compiler, for longer than torch itself takes, only to keep it off."""
        return False

    def __torch_dispatch__(
        self,
        func: torch._ops.OpOverload,
        types: tuple[type, ...],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - whatever the operation returns
        """Run the operation and note it."""
        return self._run(func, args, kwargs or {})

    def _recorded(self, func: torch._ops.OpOverload, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:  # noqa: ANN401 - whatever the operation returns
        noted = tuple(self._noted(value) for value in args)
        named = {key: self._noted(value) for key, value in kwargs.items()}
        result = func(*args, **kwargs)
        self._note(func, noted, named, result)
        return result

    def finish(self, logits: Tensor) -> Recording:
        """The recording, with the tensor that is the model's answer.

        Raises:
            LiftError: the answer does not come from a recorded operation.
        """
        ref = self._made.get(id(logits))
        if ref is None or ref not in self._live:
            raise LiftError(
                "The model cannot be turned into modules",
                wanted="logits that come from operations of torch on the images",
                found="logits of unknown origin",
            )
        self.recording.output = ref
        return self.recording

    def _note(self, func: torch._ops.OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any], result: object) -> None:
        live = any(ref in self._live for ref in refs((args, kwargs)))
        several = isinstance(result, tuple | list)
        outputs = tuple(value for value in flat(result) if isinstance(value, Tensor))
        if not outputs:
            if live and result is not None and func._schema.name.partition("::")[2] not in _FORM:
                # Kept as well: an interpreter in between turns exceptions into ones of its own.
                self.refused = _decides_on_data(func)
                raise self.refused
            return
        number = len(self.recording.calls)
        for position, tensor in enumerate(outputs):
            self._made[id(tensor)] = Ref(number, position)
            self._kept.append(tensor)
            if live:
                self._live.add(Ref(number, position))
        call = Call(op=func, args=args, kwargs=kwargs, outputs=outputs, several=several)
        self.recording.calls.append(call)

    def _noted(self, value: Any) -> Any:  # noqa: ANN401 - an argument of any type
        if isinstance(value, Tensor):
            return self._made.get(id(value)) or Const(value)
        if isinstance(value, list | tuple):
            return type(value)(self._noted(item) for item in value)
        return value


def record(model: Callable[[Tensor], Tensor], images: Tensor) -> Recording:
    """The operations of one forward pass.

    Args:
        model: takes the images and returns logits.
        images: a probe batch.

    Raises:
        LiftError: the model cannot be recorded, or it decides on the values of the images.
    """
    # Optimised script graphs run fused operations that differ from one pass to the next.
    plain = torch.jit.optimized_execution(False)  # type: ignore[attr-defined]
    with torch.inference_mode(), plain:
        probe = images.clone()
        recorder = Recorder(probe)
        try:
            with recorder:
                logits = model(probe)
        except RuntimeError as error:
            raise recorder.refused or _fails(error) from error
    found: Recording = recorder.finish(logits)
    return found


def flat(value: object) -> list[object]:
    """The leaves of nested lists, tuples and dictionaries."""
    if isinstance(value, list | tuple):
        return [leaf for item in value for leaf in flat(item)]
    if isinstance(value, Mapping):
        return [leaf for item in value.values() for leaf in flat(item)]
    return [value]


def refs(value: object) -> list[Ref]:
    """The earlier results that arguments use."""
    return [leaf for leaf in flat(value) if isinstance(leaf, Ref)]


def names_of(model: nn.Module) -> dict[int, str]:
    """Where each weight lies in memory → its name in the model; a frozen TorchScript has none."""
    named = [*model.named_parameters(), *model.named_buffers()]
    return {tensor.data_ptr(): name for name, tensor in reversed(named) if tensor.numel()}


def _fails(error: RuntimeError) -> LiftError:
    lines = str(error).strip().splitlines() or ["no reason given"]
    return LiftError(
        "The model cannot be turned into modules", found=f"operations that fail while they are recorded: {lines[-1]}"
    )


def _decides_on_data(func: torch._ops.OpOverload) -> LiftError:
    return LiftError(
        "The model cannot be turned into modules",
        wanted="a forward pass that is the same for all images of one size",
        found=f"one that reads values of its data to decide what to do ({func})",
    )
