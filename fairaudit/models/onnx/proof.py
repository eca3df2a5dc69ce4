"""The proof that an ONNX file is computed as another implementation computes it."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fairaudit.errors import ModelError

if TYPE_CHECKING:
    from onnx import GraphProto

Given = dict[str, NDArray[np.generic]]
Other = Callable[[Path, Given], Sequence[NDArray[np.generic]]]
TOLERANCE = 1e-4
"""Largest difference of an output, relative to the largest output."""
HALF = 2e-2
"""The same for files that compute in half precision."""


def prove(module: nn.Module, path: Path, images: Tensor, *, name: str, only: str | None = None) -> tuple[float, str]:
    """Compare the outputs with those of onnxruntime where it is installed, and of `onnx.reference` otherwise.

    max|z - z'| ≤ 1e-4 · max|z'|, for every floating output; outputs that are whole numbers must be equal. Where
    onnxruntime computes something else, the standard's own reference decides.

    Args:
        module: the interpreter.
        path: the file.
        images: in the layout and type that the file takes.
        name: name of its input.
        only: "reference" never asks onnxruntime.

    Returns:
        The largest relative difference, and what it is compared with, in words.

    Raises:
        ModelError: the outputs differ, or the other implementation cannot compute the file.
    """
    given = {name: images.detach().cpu().numpy()}
    runtime = only is None and importlib.util.find_spec("onnxruntime") is not None
    try:
        with torch.no_grad():
            result = module(images)
    except (RuntimeError, ValueError, IndexError, TypeError, NotImplementedError) as error:
        raise _unproven(path, f"an operation that fails: {str(error).splitlines()[0][:200]}") from error
    found = list(result.values()) if isinstance(result, dict) else [result]
    most = HALF if images.dtype in (torch.float16, torch.bfloat16) else TOLERANCE
    if not runtime:
        deviation = _compared(found, _by_reference, path, given, "onnx.reference")
        if deviation <= most:
            return deviation, "onnx.reference"
        raise _unproven(path, f"a difference of {deviation:.3g} from onnx.reference")
    deviation = _compared(found, _by_runtime, path, given, "onnxruntime")
    if deviation <= most:
        return deviation, "onnxruntime"
    try:
        again = _compared(found, _by_reference, path, given, "onnx.reference")
    except ModelError:
        again = float("inf")
    if again <= most:
        return again, f"onnx.reference (and not those of onnxruntime, which differ by {deviation:.2g}: try another one)"
    raise _unproven(path, f"a difference of {deviation:.3g} from onnxruntime")


def _compared(found: Sequence[Tensor], other: Other, path: Path, given: Given, name: str) -> float:
    """The largest relative difference from another implementation.

    Raises:
        ModelError: it cannot compute the file.
    """
    try:
        wanted = other(path, given)
    except Exception as error:  # both raise their own kinds
        raise _unproven(path, f"{name} cannot compute it: {str(error).splitlines()[0][:200]}") from error
    return max(_difference(one.cpu(), two) for one, two in zip(found, wanted, strict=True))


def _by_runtime(path: Path, given: Given) -> Sequence[NDArray[np.generic]]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    outputs: Sequence[NDArray[np.generic]] = session.run(None, given)
    return outputs


def _by_reference(path: Path, given: Given) -> Sequence[NDArray[np.generic]]:
    import onnx
    from onnx.reference import ReferenceEvaluator

    model = onnx.load(str(path))
    name = "the condition that a loop was given none of"
    if _with_conditions(model.graph, name):
        model.graph.initializer.append(onnx.numpy_helper.from_array(np.array(True), name))
    outputs: Sequence[NDArray[np.generic]] = ReferenceEvaluator(model).run(None, given)  # type: ignore[assignment]
    return outputs


def _with_conditions(graph: GraphProto, name: str) -> bool:
    """Name a condition where a loop has none, which the standard means by always and the reference by never."""
    found = False
    for node in graph.node:
        if node.op_type == "Loop" and len(node.input) > 1 and not node.input[1]:
            node.input[1] = name
            found = True
        for attribute in node.attribute:
            if attribute.HasField("g"):
                found |= _with_conditions(attribute.g, name)
    return found


def _difference(found: Tensor, wanted: NDArray[np.generic]) -> float:
    other = torch.from_numpy(np.array(wanted, dtype=np.float64))
    if found.shape != other.shape:
        return float("inf")
    scale = max(float(other.abs().max()), 1e-12)
    return float((found.double() - other).abs().max()) / scale


def _unproven(path: Path, found: str) -> ModelError:
    return ModelError(
        "The ONNX file gives other outputs here than elsewhere",
        wanted=f"outputs equal to {TOLERANCE:g} of the largest one",
        found=found,
        where=str(path),
        advice="Give the model as TorchScript, or export it with torch.onnx.export.",
    )
