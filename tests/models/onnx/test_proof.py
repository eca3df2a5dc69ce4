"""The proof compares what is computed with another implementation, and accepts nothing else."""

from importlib.util import find_spec

import numpy as np
import pytest
import torch
from torch import nn

onnx = pytest.importorskip("onnx", reason="needs the extra onnx")

from onnx import TensorProto, helper  # noqa: E402

from fairaudit.errors import ModelError  # noqa: E402
from fairaudit.models.onnx import proof  # noqa: E402
from fairaudit.models.onnx.graph import read_graph  # noqa: E402
from fairaudit.models.onnx.interpreter import Interpreter  # noqa: E402
from fairaudit.models.onnx.proof import _difference, prove  # noqa: E402

IMAGES = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def path(tmp_path):
    nodes = [helper.make_node("GlobalAveragePool", ["x"], ["p"]), helper.make_node("Flatten", ["p"], ["y"])]
    (given,) = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 4, 4])]
    made = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    model = helper.make_model(helper.make_graph(nodes, "g", [given], [made]), ir_version=9,
                              opset_imports=[helper.make_opsetid("", 18)])  # fmt: skip
    onnx.save(model, str(tmp_path / "m.onnx"))
    return tmp_path / "m.onnx"


def test_the_difference_is_relative_to_the_largest_output():
    assert _difference(torch.tensor([1.0, 4.5]), np.array([1.0, 5.0])) == pytest.approx(0.1)
    assert _difference(torch.zeros(2), np.zeros(2)) == 0.0
    assert _difference(torch.zeros(2), np.zeros(3)) == float("inf")


def test_both_implementations_agree(path):
    module = Interpreter(read_graph(path))
    names = ["onnx.reference"] + (["onnxruntime"] if find_spec("onnxruntime") else [])
    for name in names:
        only = "reference" if name == "onnx.reference" else None
        deviation, other = prove(module, path, IMAGES, name="x", only=only)
        assert (other, deviation <= 1e-6) == (name, True)


class Scaled(nn.Module):
    def __init__(self, module, factor):
        super().__init__()
        self.module, self.factor = module, factor

    def forward(self, images):
        return self.module(images) * self.factor


@pytest.mark.parametrize(("by", "dtype"), [(1e-3, torch.float32), (5e-2, torch.float16)])
def test_other_outputs_are_no_proof(path, by, dtype, monkeypatch):
    monkeypatch.setattr(proof, "_by_reference", lambda path, given: [given["x"].mean((2, 3))])
    module = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    images = IMAGES.to(dtype)
    assert prove(Scaled(module, 1.0), path, images, name="x", only="reference")[1] == "onnx.reference"
    with pytest.raises(ModelError, match=r"a difference of .* from onnx.reference"):
        prove(Scaled(module, 1 + by), path, images, name="x", only="reference")


def test_where_one_errs_the_other_decides_and_where_both_do_nothing(path, monkeypatch):
    pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    module = Interpreter(read_graph(path))
    monkeypatch.setattr(proof, "_by_runtime", lambda path, given: [np.full((2, 3), 7.0)])
    assert prove(module, path, IMAGES, name="x")[1].startswith("onnx.reference (and not those of onnxruntime")
    monkeypatch.setattr(proof, "_by_reference", lambda path, given: 1 / 0)
    with pytest.raises(ModelError, match="from onnxruntime"):
        prove(module, path, IMAGES, name="x")


def test_what_fails_is_one_paragraph(path):
    def fails(images):
        raise RuntimeError("no such shape\nand more")

    with pytest.raises(ModelError, match="an operation that fails: no such shape"):
        prove(fails, path, IMAGES, name="x")


def test_a_loop_without_a_condition_goes_on():
    """The standard means always by none; the reference would stop at once."""
    body = helper.make_graph([], "b", [], [])
    loop, other = (
        helper.make_node("Loop", ["n", "", "a"], ["b"], body=body),
        helper.make_node("Loop", ["n", "c"], ["d"]),
    )
    graph = helper.make_graph([loop, other], "g", [], [])
    assert proof._with_conditions(graph, "always")
    assert [node.input[1] for node in graph.node] == ["always", "c"]
    assert not proof._with_conditions(graph, "always")
