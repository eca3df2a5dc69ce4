"""Loops, branches and sequences: torch's exporter writes them for tensors whose memory order it spells out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from fairaudit.models.onnx.node import Body, Node

STEPS = 100_000
"""Most operations inside all loops and branches of one pass together."""

Value = Tensor | list[Tensor]
Values = Sequence[Value | None]
Run = Callable[[Body, Sequence[Value]], list[Value]]
"""Computes a body from the values of its inputs, in sight of all values around it."""
Control = Callable[[Node, Values, Run], Sequence[Value]]


def _loop(node: Node, inputs: Values, run: Run) -> Sequence[Value]:
    """As often as the count says and while the condition holds; what is carried on, then what every turn adds."""
    body = _body(node, "body")
    count, condition = (_number(node, value) for value in (*inputs[:2], None, None)[:2])
    carried = [_given(node, value) for value in inputs[2:]]
    added: list[list[Value]] = [[] for _ in body.outputs[1 + len(carried) :]]
    going, turn = condition is None or bool(condition), 0
    while going and (count is None or turn < count):
        results = run(body, [torch.tensor(turn), torch.tensor(going), *carried])
        carried = results[1 : 1 + len(carried)]
        for place, value in zip(added, results[1 + len(carried) :], strict=True):
            place.append(value)
        going = condition is None or bool(_tensor(node, results[0]))
        turn += 1
    if added and not turn:
        raise node.refuse("a loop of no turns that has to stack their results")
    return [*carried, *(torch.stack([_tensor(node, value) for value in values]) for values in added)]


def _branch(node: Node, inputs: Values, run: Run) -> Sequence[Value]:
    name = "then_branch" if _number(node, inputs[0] if inputs else None) else "else_branch"
    return run(_body(node, name), [])


def _empty(node: Node, inputs: Values, run: Run) -> Sequence[Value]:
    return [[]]


def _made(node: Node, inputs: Values, run: Run) -> Sequence[Value]:
    return [[_tensor(node, value) for value in inputs]]


def _inserted(node: Node, inputs: Values, run: Run) -> Sequence[Value]:
    values, place = list(_list(node, inputs)), _place(node, inputs, 2)
    values.insert(len(values) if place is None else place, _tensor(node, inputs[1]))
    return [values]


def _item(node: Node, inputs: Values, run: Run) -> Sequence[Value]:
    values, place = _list(node, inputs), _place(node, inputs, 1)
    if place is None or not -len(values) <= place < len(values):
        raise node.refuse(f"item {place} of a sequence of {len(values)}")
    return [values[place]]


def _length(node: Node, inputs: Values, run: Run) -> Sequence[Value]:
    return [torch.tensor(len(_list(node, inputs)))]


def _joined(node: Node, inputs: Values, run: Run) -> Sequence[Value]:
    axis, values = int(node.get("axis", 0)), _list(node, inputs)
    return [torch.stack(values, axis) if node.get("new_axis", 0) else torch.cat(values, axis)]


def _parted(node: Node, inputs: Values, run: Run) -> Sequence[Value]:
    value, sizes = _tensor(node, inputs[0]), inputs[1] if len(inputs) > 1 else None
    axis = int(node.get("axis", 0)) % value.dim()
    if sizes is None:
        keeps = node.get("keepdims", 1)
        return [list(torch.split(value, 1, axis) if keeps else value.unbind(axis))]
    each = _tensor(node, sizes)
    return [list(torch.split(value, [int(size) for size in each.tolist()] if each.dim() else int(each), axis))]


def _body(node: Node, name: str) -> Body:
    body = node.get(name)
    if not isinstance(body, Body):
        raise node.refuse(f"no graph called {name}")
    return body


def _given(node: Node, value: Value | None) -> Value:
    if value is None:
        raise node.refuse("an input that was left out")
    return value


def _tensor(node: Node, value: Value | None) -> Tensor:
    if not isinstance(value, Tensor):
        raise node.refuse("a sequence or nothing where a tensor is needed")
    return value


def _number(node: Node, value: Value | None) -> int | None:
    return None if value is None else int(_tensor(node, value))


def _list(node: Node, inputs: Values) -> list[Tensor]:
    if not inputs or not isinstance(inputs[0], list):
        raise node.refuse("a tensor or nothing where a sequence is needed")
    return inputs[0]


def _place(node: Node, inputs: Values, number: int) -> int | None:
    return _number(node, inputs[number]) if len(inputs) > number else None


def bodies(node: Node) -> list[Body]:
    """The graphs inside a node."""
    return [value for value in node.attributes.values() if isinstance(value, Body)]


def names_inside(node: Node) -> list[str]:
    """Names of any kind that the graphs inside a node use."""
    found: list[str] = []
    for body in bodies(node):
        found += body.outputs
        for inner in body.nodes:
            found += (*inner.inputs, *names_inside(inner))
    return found


CONTROL: Mapping[str, Control] = {
    "Loop": _loop,
    "If": _branch,
    "SequenceEmpty": _empty,
    "SequenceConstruct": _made,
    "SequenceInsert": _inserted,
    "SequenceAt": _item,
    "SequenceLength": _length,
    "ConcatFromSequence": _joined,
    "SplitToSequence": _parted,
}
"""Operation of ONNX on graphs and sequences → how it is computed."""
