"""An ONNX graph as a torch module: its operations one after another, in torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from torch import Tensor, nn

from fairaudit.errors import ModelError
from fairaudit.models.onnx.control import CONTROL, STEPS, Value, bodies, names_inside
from fairaudit.models.onnx.elementwise import ELEMENTWISE
from fairaudit.models.onnx.graph import Graph
from fairaudit.models.onnx.node import Body, Node
from fairaudit.models.onnx.scatter import SCATTER
from fairaudit.models.onnx.shapes import SHAPES
from fairaudit.models.onnx.spatial import SPATIAL
from fairaudit.models.onnx.weighted import WEIGHTED

OPERATIONS = {**ELEMENTWISE, **WEIGHTED, **SPATIAL, **SHAPES, **SCATTER}
"""Operation of ONNX → how torch computes it."""


class Interpreter(nn.Module):
    """Computes an ONNX graph; every operation is torch's own, so it can be recorded and lifted like any model.

    Floating weights are parameters under their own names (conv1.weight), where those can be names of a module; whole
    numbers (shapes, axes, places) stay on the CPU.

    Args:
        graph: the graph.

    Raises:
        ModelError: it has operations that are not known here; all are named.
    """

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        unknown = Counter(op for op in _operations(graph.nodes) if op not in OPERATIONS and op not in CONTROL)
        if unknown:
            raise _unknown(unknown)
        self._nodes = tuple(_marked(graph))
        self._input, self._outputs = graph.input, tuple(graph.outputs)
        self._places: dict[str, str] = {}
        self._fixed: dict[str, Tensor] = {}
        for name, tensor in graph.tensors.items():
            if tensor.is_floating_point() and tensor.dim() > 0:
                self._places[name] = self._keep(name, tensor)
            else:
                self._fixed[name] = tensor
        self._last = _last_uses(self._nodes, self._outputs)

    def forward(self, images: Tensor) -> Tensor | dict[str, Tensor]:
        """The output, or all of them by name where there are several."""
        weights = dict(self.named_parameters())
        values: dict[str, Value] = {self._input: images, **self._fixed}
        values |= {name: weights[place] for name, place in self._places.items()}
        one = _Pass()
        for number, node in enumerate(self._nodes):
            one.run(node, values)
            for name in self._last.get(number, ()):
                values.pop(name, None)
        found = {name: value for name in self._outputs if isinstance(value := values.get(name), Tensor)}
        if len(found) != len(self._outputs):
            raise ModelError(
                "The ONNX file names outputs that no operation computes",
                wanted="tensors",
                found=", ".join(name for name in self._outputs if name not in found),
            )
        return next(iter(found.values())) if len(found) == 1 else found

    def _keep(self, name: str, tensor: Tensor) -> str:
        """Register a weight, under its own name if it can be that of a parameter of a module inside."""
        *folders, last = name.split(".")
        module: nn.Module = self
        if all(part.isidentifier() or part.isdecimal() for part in (*folders, last)) and folders:
            for folder in folders:
                child = getattr(module, folder, None) if folder in dict(module.named_children()) else None
                if child is None:
                    if hasattr(module, folder):
                        break
                    child = nn.Module()
                    module.add_module(folder, child)
                module = child
            else:
                if not hasattr(module, last):
                    module.register_parameter(last, nn.Parameter(tensor, requires_grad=False))
                    return name
        place = f"weight_{len(self._places)}"
        self.register_parameter(place, nn.Parameter(tensor, requires_grad=False))
        return place


class _Pass:
    """One pass through the graph, with the operations that its loops may still run."""

    def __init__(self) -> None:
        self._steps = STEPS

    def run(self, node: Node, values: dict[str, Value]) -> None:
        """Compute a node from values by name, and add its results to them."""
        try:
            inputs = [values[name] if name else None for name in node.inputs]
        except KeyError as error:
            raise node.refuse(f"a value that nothing makes ({error.args[0]})") from None
        results: Sequence[Value]
        if node.op in CONTROL:
            results = CONTROL[node.op](node, inputs, lambda body, given: self._inside(node, body, given, values))
        else:
            tensors = [value for value in inputs if not isinstance(value, list)]
            if len(tensors) < len(inputs):
                raise node.refuse("a sequence where a tensor is needed")
            result = OPERATIONS[node.op](node, tensors)
            results = (result,) if isinstance(result, Tensor) else tuple(result)
        values.update(zip(node.outputs, results, strict=False))

    def _inside(self, node: Node, body: Body, given: Sequence[Value], around: dict[str, Value]) -> list[Value]:
        self._steps -= 1 + len(body.nodes)
        if self._steps < 0:
            raise node.refuse("a loop that does not end", wanted=f"at most {STEPS:,} operations in loops")
        if len(given) != len(body.inputs):
            raise node.refuse(f"{len(given)} values for a graph that takes {len(body.inputs)}")
        values = {**around, **body.tensors, **dict(zip(body.inputs, given, strict=True))}
        for inner in body.nodes:
            self.run(inner, values)
        missing = [name for name in body.outputs if name not in values]
        if missing:
            raise node.refuse(f"a value that nothing makes ({missing[0]})")
        return [values[name] for name in body.outputs]


def _operations(nodes: Iterable[Node]) -> Iterator[str]:
    """Of the nodes and of the graphs inside them."""
    for node in nodes:
        yield node.op
        for body in bodies(node):
            yield from _operations(body.nodes)


def _marked(graph: Graph) -> Iterator[Node]:
    """The nodes; those that compute with weights alone, as where weights are standardised, are marked so."""
    live = {graph.input}
    for node in graph.nodes:
        if live.isdisjoint((*node.inputs, *names_inside(node))):
            yield replace(node, fixed=True)
        else:
            live.update(node.outputs)
            yield node


def _last_uses(nodes: tuple[Node, ...], outputs: tuple[str, ...]) -> dict[int, list[str]]:
    """Number of a node → values that nothing needs after it, so that memory does not grow with depth."""
    last: dict[str, int] = {}
    made = {name for node in nodes for name in node.outputs}
    for number, node in enumerate(nodes):
        for name in (*node.inputs, *node.outputs, *names_inside(node)):
            if name in made:
                last[name] = number
    uses: dict[int, list[str]] = {}
    for name, number in last.items():
        if name not in outputs and name:
            uses.setdefault(number, []).append(name)
    return uses


def _unknown(unknown: Counter[str]) -> ModelError:
    names = ", ".join(f"{count} {name}" for name, count in unknown.most_common(6))
    return ModelError(
        "The ONNX file has operations that cannot be computed here",
        wanted="operations of the ONNX standard that torch has too",
        found=names,
        advice="Export the model with torch.onnx.export, or give it as TorchScript.",
    )
