"""From an ONNX file to a module that is proven to compute what the file says."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from fairaudit.errors import ModelError
from fairaudit.models.onnx.graph import Graph, digest_of, read_graph
from fairaudit.models.onnx.interpreter import Interpreter
from fairaudit.models.onnx.proof import prove

SIDE = 64
"""Side of the images that a file of free size is proven on, where none is declared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedOnnx:
    """An ONNX file as a module."""

    module: nn.Module
    """Takes normalised images in the file's own layout and type."""
    parameters: int
    """Number of weights."""
    sha256: str
    """Digest of the file and of the files beside it that hold weights."""
    batch: int | None
    """The one batch size it takes, where that is so."""
    takes: torch.dtype | None
    """Type that images are cast to; None for float32."""
    size: tuple[int, int] | None
    """Height and width that it takes, where they are fixed."""
    notes: tuple[str, ...]
    """What a reader of the report should know."""


def load_onnx(path: Path, *, nhwc: bool, channels: int, size: tuple[int, int] | None) -> OpenedOnnx:
    """Read, build and prove; nothing in the file is run but the operations of the standard, in torch.

    Args:
        path: the file.
        nhwc: whether it is declared that the channels of its input come last.
        channels: channels of the input.
        size: declared height and width.

    Raises:
        ModelError: it cannot be read, has operations that are not known, takes other images, or fails the proof.
    """
    graph = read_graph(path)
    fixed = _check_shape(graph, path, nhwc=nhwc, channels=channels, size=size)
    module = Interpreter(graph).eval()
    height, width = fixed or size or (SIDE, SIDE)
    batch = graph.shape[0]
    sides = (height, width, channels) if nhwc else (channels, height, width)
    random = torch.rand(batch or 2, *sides, generator=torch.Generator().manual_seed(20_250_711)).to(graph.takes)
    deviation, other = prove(module, path, random, name=graph.input)
    weights = sum(math.prod(tensor.shape) for tensor in graph.tensors.values() if tensor.is_floating_point())
    note = f"{path.name} is ONNX: its outputs equal those of {other} to {deviation:.1g} of the largest one."
    return OpenedOnnx(
        module=module,
        parameters=weights,
        sha256=digest_of(path, graph.files),
        batch=batch,
        takes=None if graph.takes == torch.float32 else graph.takes,
        size=fixed,
        notes=(note,),
    )


def _check_shape(
    graph: Graph, path: Path, *, nhwc: bool, channels: int, size: tuple[int, int] | None
) -> tuple[int, int] | None:
    """Height and width that the file fixes, or None.

    Raises:
        ModelError: it takes another number of channels, another size, or has its channels elsewhere.
    """
    second, third, last = graph.shape[1:]
    own, height, width = (last, second, third) if nhwc else (second, third, last)
    other = second if nhwc else last
    if own is not None and own != channels and other == channels:
        raise ModelError(
            "The ONNX file has the channels of its input on another axis",
            wanted=f"{channels} channels on the {'last' if nhwc else 'second'} axis",
            found=_words(graph.shape),
            where=str(path),
            advice="Leave model.layout out." if nhwc else "Say model.layout: nhwc if its channels come last.",
        )
    if own is not None and own != channels:
        raise ModelError(
            "The ONNX file takes another number of channels",
            wanted=str(channels),
            found=_words(graph.shape),
            where=str(path),
            advice=f"Set preprocess.channels to {own}.",
        )
    found = (height, width) if height is not None and width is not None else None
    if found is not None and size is not None and found != tuple(size):
        raise ModelError(
            "The ONNX file takes images of one size only",
            wanted=f"{found[0]} x {found[1]} pixels",
            found=f"{size[0]} x {size[1]}",
            where=str(path),
            advice=f"Set preprocess.size to [{found[0]}, {found[1]}].",
        )
    return found


def _words(shape: tuple[int | None, ...]) -> str:
    return "an input of " + " x ".join("any" if side is None else str(side) for side in shape)
