"""Every operation against the cases of the standard itself, whose results were computed with NumPy."""

import importlib
import pkgutil
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

onnx = pytest.importorskip("onnx", reason="needs the extra onnx")

from fairaudit.errors import ModelError  # noqa: E402
from fairaudit.models.onnx.graph import _node  # noqa: E402
from fairaudit.models.onnx.interpreter import OPERATIONS  # noqa: E402

# Not the same question: any order of equal values is right; blocks of a quantised axis; maxima of nothing; a pixel rule
# that differs from the usual one for a single output pixel only. A file that needs one of them fails its proof.
OTHER = ("top_k_same_values", "linear_blocked", "empty_set", "linear_pytorch_half_pixel", "_expanded")
# Tests of refusals: what is known not to be computed.
REFUSED = {"ArgMax", "ArgMin", "AveragePool", "BatchNormalization", "ConvTranspose", "Dropout", "MaxPool", "Pad"}
REFUSED |= {"Resize", "SpaceToDepth", "Upsample", "Cast", "CastLike"}


@pytest.fixture(scope="module")
def cases():
    """All cases of the standard that consist of our operations; the others' modules are not even imported."""
    from onnx.backend.test.case import node as folder

    ours = {name.lower() for name in OPERATIONS} | {"pool_op_common", "image_decoder_data"}
    names = [each.name for each in pkgutil.iter_modules(folder.__path__)]
    wanted = [name for name in names if name.replace("_", "") in ours | {"reduce" + each for each in ("l1", "l2")}]
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("ignore")
        some = [importlib.import_module(f"{folder.__name__}.{name}") for name in wanted]
        assert len(some) > 70
        patch.setattr(folder, "import_recursive", lambda package: None, raising=False)
        found = folder.collect_testcases(None)
    return [
        case
        for case in found
        if all(each.op_type in OPERATIONS and not each.domain for each in case.model.graph.node)
        and not any(part in case.name for part in OTHER)
    ]


def values_of(graph, arrays):
    """The inputs as tensors; None where torch has no such type."""
    try:
        return {each.name: torch.from_numpy(np.array(array)) for each, array in zip(graph.input, arrays, strict=True)}
    except (TypeError, ValueError):
        return None


def computed(case, values):
    version = max(each.version for each in case.model.opset_import if each.domain in ("", "ai.onnx"))
    for proto in case.model.graph.node:
        node = _node(proto, version, Path("case"), {})
        result = OPERATIONS[node.op](node, [values[name] if name else None for name in node.inputs])
        results = (result,) if isinstance(result, torch.Tensor) else tuple(result)
        values.update(zip(node.outputs, results, strict=False))
    return values


def unsigned(values):
    """Types that torch stores and does not compute with."""
    return any(value.dtype in (torch.uint16, torch.uint32, torch.uint64) for value in values.values())


def test_the_cases_of_the_standard(cases):
    checked, refused, wrong = set(), set(), []
    for case in cases:
        for arrays, wanted in case.data_sets:
            values = values_of(case.model.graph, arrays)
            if values is None or unsigned(values):
                continue
            try:
                found = computed(case, values)
            except ModelError:
                refused |= {each.op_type for each in case.model.graph.node}
                continue
            checked |= {each.op_type for each in case.model.graph.node}
            for output, array in zip(case.model.graph.output, wanted, strict=True):
                one, two = found.get(output.name), np.asarray(array, dtype=np.float64)
                if one is None:
                    continue  # a second output that may be left out, such as a mask or the places of maxima
                if one.shape != two.shape or not np.allclose(
                    one.double().numpy(), two, rtol=1e-3, atol=1e-5, equal_nan=True
                ):
                    wrong.append(case.name)
    assert wrong == []
    assert refused <= REFUSED
    # No case, or only with types that NumPy has not, in every version of the standard.
    rare = {"Swish", "Upsample", "RMSNormalization", "GroupNormalization", "Gelu", "Mish", "Cast", "CastLike", "Range"}
    assert set(OPERATIONS) - checked <= rare
