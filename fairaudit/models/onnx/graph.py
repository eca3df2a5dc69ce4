"""An ONNX file as nodes and tensors; nothing in it is run, and files beside it are read from its own folder only."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from fairaudit.errors import ModelError
from fairaudit.models.onnx.node import TYPES, Body, Node

if TYPE_CHECKING:
    from onnx import ModelProto, TensorProto, ValueInfoProto

NODES = 100_000
"""Most operations of a file."""
_STANDARD = ("", "ai.onnx")


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """What an ONNX file holds."""

    nodes: Sequence[Node]
    """In the order they are computed."""
    tensors: Mapping[str, Tensor]
    """Name of a value → the weight or constant it is."""
    input: str
    """Name of the images."""
    shape: tuple[int | None, ...]
    """Declared shape of the images, None for sides that are free."""
    takes: torch.dtype
    """Declared type of the images."""
    outputs: Sequence[str]
    """Names of the outputs."""
    files: Sequence[Path] = field(default_factory=tuple)
    """Files beside it that hold weights."""


def read_graph(path: Path) -> Graph:
    """The graph of a file.

    Raises:
        ModelError: it is damaged, uses operations outside the standard, has several inputs, or reaches for files
            outside its folder.
    """
    model = _parsed(path)
    opset = _opset(model)
    external: dict[Path, None] = {}
    tensors = {each.name: _tensor(each, path, external) for each in model.graph.initializer}
    inputs = [each for each in model.graph.input if each.name not in tensors]
    if len(inputs) != 1:
        raise ModelError(
            "The ONNX file does not take images alone",
            wanted="one input",
            found=", ".join(each.name for each in inputs) or "none",
            where=str(path),
        )
    nodes = [_node(each, opset, path, external) for each in model.graph.node]
    shape, takes = _input(inputs[0], path)
    return Graph(
        nodes=nodes,
        tensors=tensors,
        input=inputs[0].name,
        shape=shape,
        takes=takes,
        outputs=[each.name for each in model.graph.output],
        files=list(external),
    )


def digest_of(path: Path, files: Sequence[Path]) -> str:
    """SHA-256, in hex, of the file's bytes; with files beside it, of the digests of all."""
    digests = []
    for each in (path, *files):
        with each.open("rb") as file:
            digests.append(hashlib.file_digest(file, "sha256").hexdigest())
    return digests[0] if len(digests) == 1 else hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _parsed(path: Path) -> ModelProto:
    try:
        import onnx
        from onnx import inliner
    except ImportError as error:
        raise ModelError(
            "An ONNX file needs the package onnx",
            found=str(error),
            where=str(path),
            advice="Install it with `pip install fairaudit[onnx]`.",
        ) from error
    try:
        model = onnx.load_model(str(path), load_external_data=False)
        if model.functions:
            model = inliner.inline_local_functions(model)
    except Exception as error:  # protobuf raises its own on damaged bytes
        raise _damaged(path, str(error).splitlines()[0][:200] if str(error) else type(error).__name__) from error
    if not model.graph.node or not model.graph.output:
        raise _damaged(path, "no graph of operations")
    if len(model.graph.node) > NODES:
        raise _damaged(path, f"{len(model.graph.node):,} operations, of at most {NODES:,}")
    return model


def _damaged(path: Path, found: str) -> ModelError:
    return ModelError(
        "This is not an ONNX model that can be read",
        wanted="a complete ONNX file",
        found=found,
        where=str(path),
        advice="Copy or download it again. A Core ML model begins in the same way: export it to ONNX with the tool "
        "that made it.",
    )


def _opset(model: ModelProto) -> int:
    versions = {each.domain: int(each.version) for each in model.opset_import}
    return max((versions[name] for name in _STANDARD if name in versions), default=13)


def _node(proto: Any, opset: int, path: Path, external: dict[Path, None]) -> Node:  # noqa: ANN401 - a NodeProto
    name = proto.op_type if proto.domain in _STANDARD else f"{proto.domain}.{proto.op_type}"
    return Node(
        op=name,
        inputs=tuple(proto.input),
        outputs=tuple(proto.output),
        opset=opset,
        name=proto.name,
        attributes={each.name: _attribute(each, opset, path, external) for each in proto.attribute},
    )


def _body(proto: Any, opset: int, path: Path, external: dict[Path, None]) -> Body:  # noqa: ANN401 - a GraphProto
    return Body(
        nodes=[_node(each, opset, path, external) for each in proto.node],
        tensors={each.name: _tensor(each, path, external) for each in proto.initializer},
        inputs=tuple(each.name for each in proto.input),
        outputs=tuple(each.name for each in proto.output),
    )


def _attribute(proto: Any, opset: int, path: Path, external: dict[Path, None]) -> Any:  # noqa: ANN401 - numbers, texts, lists
    from onnx import AttributeProto

    if proto.type == AttributeProto.TENSOR:
        return _tensor(proto.t, path, external)
    if proto.type == AttributeProto.GRAPH:
        return _body(proto.g, opset, path, external)
    if proto.type == AttributeProto.STRING:
        return proto.s.decode("utf-8", "replace")
    fields = {AttributeProto.FLOAT: "f", AttributeProto.INT: "i", AttributeProto.FLOATS: "floats"}
    fields[AttributeProto.INTS] = "ints"
    name = fields.get(proto.type)
    if name is None:
        return None
    value: Any = getattr(proto, name)
    return list(value) if name in ("floats", "ints") else value


def _tensor(proto: TensorProto, path: Path, external: dict[Path, None]) -> Tensor:
    from onnx import numpy_helper

    if proto.data_type not in TYPES:
        raise _damaged(path, f'the weight "{proto.name}" of element type {proto.data_type}')
    try:
        if proto.data_location == 1:  # TensorProto.EXTERNAL
            return _external(proto, path, external)
        if TYPES[proto.data_type] == torch.bfloat16:
            raw = np.frombuffer(proto.raw_data, dtype=np.int16).reshape(tuple(proto.dims))
            return torch.from_numpy(raw.copy()).view(torch.bfloat16)
        return torch.from_numpy(np.array(numpy_helper.to_array(proto)))
    except ModelError:
        raise
    except Exception as error:  # lengths that do not fit, and whatever else damaged bytes lead to
        raise _damaged(path, f'the weight "{proto.name}": {error}') from error


def _external(proto: TensorProto, path: Path, external: dict[Path, None]) -> Tensor:
    facts = {each.key: each.value for each in proto.external_data}
    place = Path(facts.get("location", ""))
    folder = path.resolve().parent
    file = (folder / place).resolve()
    if place.is_absolute() or ".." in place.parts or not file.is_relative_to(folder) or not file.is_file():
        raise ModelError(
            "The ONNX file keeps weights in a file that is not beside it",
            wanted="a file in the folder of the model, or below it",
            found=str(place),
            where=str(path),
            advice="Put both files into one folder, or write the model as one file.",
        )
    external[file] = None
    dtype = TYPES[proto.data_type]
    count = int(np.prod(proto.dims, dtype=np.int64))
    offset, wanted = int(facts.get("offset", 0)), count * dtype.itemsize
    if offset < 0 or count < 0 or offset + wanted > file.stat().st_size or int(facts.get("length", wanted)) != wanted:
        raise _damaged(path, f'the weight "{proto.name}" reaches beyond {file.name}')
    with file.open("rb") as stream:
        stream.seek(offset)
        data = bytearray(stream.read(wanted))
    flat = torch.frombuffer(data, dtype=dtype) if count else torch.zeros(0, dtype=dtype)
    return flat.reshape(tuple(proto.dims))


def _input(proto: ValueInfoProto, path: Path) -> tuple[tuple[int | None, ...], torch.dtype]:
    kind = proto.type.tensor_type
    shape = tuple(int(side.dim_value) if side.dim_value > 0 else None for side in kind.shape.dim)
    takes = TYPES.get(kind.elem_type)
    if len(shape) != 4 or takes is None or not takes.is_floating_point:
        raise ModelError(
            "The ONNX file does not take images as numbers",
            wanted="one input of four axes, in float32, float16 or float64",
            found=f'"{proto.name}" with {len(shape)} axes of element type {kind.elem_type}',
            where=str(path),
            advice="Export the network without the steps that decode or scale images.",
        )
    return shape, takes
