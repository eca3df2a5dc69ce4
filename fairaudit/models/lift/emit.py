"""From aligned calls to an eager graph of modules: a GraphModule in which every layer can be hooked."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, fx, nn

from fairaudit.models.lift.align import Size, live_calls
from fairaudit.models.record import Call, Const, Recording, Ref, refs

Handler = Callable[["Builder", Call, dict[str, Any]], fx.Node | None]


class Builder:
    """Builds the graph call by call.

    Args:
        recording: where the calls come from; its output is the graph's.
        calls: its calls, with what follows the batch written as Size.
        names: where a weight lies in memory → its name in the model.
        handlers: operation → how it becomes a module; None from a handler leaves the operation as it is.
    """

    def __init__(
        self, recording: Recording, calls: list[Call], names: Mapping[int, str], handlers: Mapping[str, Handler]
    ) -> None:
        self.batch = len(recording.images)
        self.like = recording.images
        self.calls = calls
        self.live = live_calls(calls)
        self._names = names
        self._handlers = handlers
        self._output = recording.output
        self._root = nn.Module()
        self._graph = fx.Graph()
        images = self._graph.placeholder("images")
        images.meta["shape"] = tuple(recording.images.shape)
        self._nodes: dict[Ref, fx.Node] = {Ref(-1): images}
        self._constants: dict[tuple[Any, ...], fx.Node] = {}
        self._count: fx.Node | None = None
        self._images = images
        self.users = self._find_users()

    def build(self) -> fx.GraphModule:
        """The graph, in evaluation mode, each node with the shape that it had on the probe batch in `meta`."""
        needed = self._needed()
        for number, call in enumerate(self.calls):
            if number in needed:
                self._emit(number, call)
        self._graph.output(self._nodes[self._output] if self._output is not None else self._images)
        module = fx.GraphModule(self._root, self._graph)
        return module.eval()

    def shape(self, value: object) -> tuple[int, ...]:
        """Shape on the probe batch of an earlier result, a constant or the input; () for anything else."""
        if isinstance(value, Const):
            return tuple(value.tensor.shape)
        if isinstance(value, Ref):
            return (
                tuple(self.calls[value.call].outputs[value.out].shape)
                if value.call >= 0
                else self._images.meta["shape"]
            )
        return ()

    def is_live(self, value: object) -> bool:
        """Whether a value depends on the images."""
        return isinstance(value, Ref) and value.call in self.live

    def constant(self, value: object) -> Tensor | None:
        """The tensor of a value that does not depend on the images, or None."""
        if isinstance(value, Const):
            return value.tensor
        if isinstance(value, Ref) and value.call not in self.live:
            return self.calls[value.call].outputs[value.out]
        return None

    def name_of(self, tensor: Tensor) -> str | None:
        """The name that a weight has in the model, where it has one."""
        return self._names.get(tensor.data_ptr())

    def module(self, module: nn.Module, *inputs: Any, kind: str, weight: Tensor | None = None) -> fx.Node:  # noqa: ANN401
        """A node that calls a module of its own, named after its weight where that has a name.

        Args:
            module: the module; one per call, so that reused activations can be told apart.
            inputs: its arguments, as in the call.
            kind: what to call it otherwise.
            weight: its weight in the model.
        """
        name = self._free_name(self._layer_name(weight) or kind)
        self._add(name, module.eval())
        return self._graph.call_module(name, tuple(self.node(value) for value in inputs))

    def function(self, target: Callable[..., Any], *inputs: Any) -> fx.Node:  # noqa: ANN401 - arguments of a call
        """A node that calls a function."""
        return self._graph.call_function(target, tuple(self.node(value) for value in inputs))

    def node(self, value: Any) -> Any:  # noqa: ANN401 - an argument of any type
        """An argument as the graph writes it."""
        if isinstance(value, fx.Node):
            return value
        if isinstance(value, Const):
            return self._attribute(value.tensor)
        if isinstance(value, Ref):
            tensor = self.constant(value)
            return self._attribute(tensor) if tensor is not None else self._nodes[value]
        if isinstance(value, Size):
            return self._size(value)
        if isinstance(value, list | tuple):
            return type(value)(self.node(item) for item in value)
        return value

    def _emit(self, number: int, call: Call) -> None:
        handler = self._handlers.get(call.name) or self._handlers.get(call.name.removesuffix("_"))
        used = {ref.out for ref in self.users.get(number, ())}
        node = handler(self, call, call.bound()) if handler is not None and used <= {0} else None
        if node is not None:
            node.meta.setdefault("shape", tuple(call.outputs[0].shape))
            self._nodes[Ref(number)] = node
            return
        args, kwargs = self.node(call.args), {key: self.node(value) for key, value in call.kwargs.items()}
        node = self._graph.call_function(_out_of_place(call.op), args, kwargs)
        _describe(node, call.outputs[0])
        if not call.several:
            self._nodes[Ref(number)] = node
            return
        for position in sorted(used):
            item = self._graph.call_function(operator.getitem, (node, position))
            _describe(item, call.outputs[position])
            self._nodes[Ref(number, position)] = item

    def _find_users(self) -> dict[int, list[Ref]]:
        users: dict[int, list[Ref]] = {}
        for call in self.calls:
            for ref in refs((call.args, call.kwargs)):
                users.setdefault(ref.call, []).append(ref)
        if self._output is not None:
            users.setdefault(self._output.call, []).append(self._output)
        return users

    def _needed(self) -> set[int]:
        """Calls that the output comes from and that are not constant."""
        waiting = [self._output.call] if self._output is not None else []
        found: set[int] = set()
        while waiting:
            number = waiting.pop()
            if number in self.live and number >= 0 and number not in found:
                found.add(number)
                call = self.calls[number]
                waiting += [ref.call for ref in refs((call.args, call.kwargs))]
        return found

    def _layer_name(self, weight: Tensor | None) -> str | None:
        name = self.name_of(weight) if weight is not None else None
        if name is None:
            return None
        layer, _, last = name.rpartition(".")
        if last == "in_proj_weight":
            return name.removesuffix("_weight")
        return layer if last in ("weight", "running_mean") and layer else None

    def _free_name(self, name: str) -> str:
        taken = {found for found, _ in self._root.named_modules()}
        number = 1
        free = name
        while free in taken:
            number += 1
            free = f"{name}_{number}"
        return free

    def _add(self, name: str, module: nn.Module) -> None:
        *folders, last = name.split(".")
        place = self._root
        for folder in folders:
            if folder not in dict(place.named_children()):
                place.add_module(folder, nn.Module())
            place = place.get_submodule(folder)
        place.add_module(last, module)

    def _attribute(self, tensor: Tensor) -> fx.Node:
        key = (tensor.data_ptr(), tuple(tensor.shape), tensor.stride(), tensor.dtype)
        if tensor.numel() == 0 or key not in self._constants:
            name = f"constant_{len(self._constants)}"
            self._root.register_buffer(name, tensor.detach().clone())
            self._constants[key] = self._graph.get_attr(name)
        return self._constants[key]

    def _size(self, size: Size) -> fx.Node:
        if self._count is None:
            with self._graph.inserting_after(self._images):
                self._count = self._graph.call_method("size", (self._images, 0))
        node = self._count
        if size.factor != 1:
            node = self._graph.call_function(operator.mul, (node, size.factor))
        return self._graph.call_function(operator.add, (node, size.offset)) if size.offset else node


def _describe(node: fx.Node, result: Tensor) -> None:
    """Note the shape of a node's result, and whether it can carry relevance: places and masks have no gradient."""
    node.meta["shape"] = tuple(result.shape)
    node.meta["counts"] = not (result.is_floating_point() or result.is_complex())


def _out_of_place(op: torch._ops.OpOverload) -> torch._ops.OpOverload:
    """The operation that returns its result instead of writing it over its input, where torch has one."""
    name = op._schema.name.partition("::")[2]
    if name in ("view", "_unsafe_view") and op._overloadname == "default":
        # A view holds for one memory order only; the graph may be run channels last.
        return torch.ops.aten.reshape.default
    if not name.endswith("_") or name.endswith("__") or name == "copy_":
        return op
    packet = getattr(getattr(torch.ops, op.namespace), name.removesuffix("_"), None)
    overload = getattr(packet, op._overloadname, None) if packet is not None else None
    return overload if isinstance(overload, torch._ops.OpOverload) else op
