"""What is read of an ONNX file: weights of every kind, files beside it, and its digest."""

import hashlib

import numpy as np
import pytest
import torch

onnx = pytest.importorskip("onnx", reason="needs the extra onnx")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from fairaudit.errors import ModelError  # noqa: E402
from fairaudit.models.onnx.graph import digest_of, read_graph  # noqa: E402


def file(path, *, nodes=None, weights=(), inputs=("x",), opsets=(("", 18),)):
    nodes = [helper.make_node("Relu", ["x"], ["y"], name="first", alpha=0.5)] if nodes is None else nodes
    described = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3, 8, 8]) for name in inputs]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
    graph = helper.make_graph(nodes, "g", described, outputs, list(weights))
    versions = [helper.make_opsetid(*each) for each in opsets]
    onnx.save(helper.make_model(graph, opset_imports=versions, ir_version=9), str(path))
    return path


def test_nodes_weights_and_the_form_of_the_images(tmp_path):
    whole = numpy_helper.from_array(np.array([1, 2]), "i")
    half = helper.make_tensor("b", TensorProto.BFLOAT16, [2], np.array([0x3F80, 0xC000], np.uint16).tobytes(), raw=True)
    graph = read_graph(file(tmp_path / "m.onnx", weights=[whole, half], inputs=("x", "i")))
    (node,) = graph.nodes
    assert (node.op, node.inputs, node.outputs, node.opset, node.name) == ("Relu", ("x",), ("y",), 18, "first")
    assert node.attributes == {"alpha": 0.5}
    assert (graph.input, graph.shape, graph.takes) == ("x", (None, 3, 8, 8), torch.float32)
    assert graph.tensors["i"].tolist() == [1, 2]
    assert graph.tensors["b"].tolist() == [1.0, -2.0]  # bit patterns of bfloat16
    assert (graph.tensors["b"].dtype, graph.files) == (torch.bfloat16, [])


def test_an_operation_of_another_domain_keeps_it(tmp_path):
    nodes = [helper.make_node("Relu", ["x"], ["y"], domain="com.example")]
    graph = read_graph(file(tmp_path / "m.onnx", nodes=nodes, opsets=(("", 11), ("ai.onnx", 17), ("com.example", 3))))
    assert (graph.nodes[0].op, graph.nodes[0].opset) == ("com.example.Relu", 17)


def test_files_that_do_not_take_images_alone_are_refused(tmp_path):
    with pytest.raises(ModelError, match=r"wanted|Wanted: one input.*x, z"):
        read_graph(file(tmp_path / "m.onnx", inputs=("x", "z")))
    with pytest.raises(ModelError, match="no graph of operations"):
        read_graph(file(tmp_path / "m.onnx", nodes=[]))
    (tmp_path / "m.onnx").write_bytes(b"\x08\x09not an onnx file")
    with pytest.raises(ModelError, match="not an ONNX model that can be read"):
        read_graph(tmp_path / "m.onnx")


def test_weights_of_no_known_type_are_refused(tmp_path):
    text = helper.make_tensor("s", TensorProto.STRING, [1], [b"a"])
    with pytest.raises(ModelError, match='weight "s" of element type 8'):
        read_graph(file(tmp_path / "m.onnx", weights=[text]))


def test_the_digest_is_that_of_the_bytes_or_of_all_digests(tmp_path):
    one, two = tmp_path / "a", tmp_path / "b"
    one.write_bytes(b"a")
    two.write_bytes(b"b")
    first, second = (hashlib.sha256(each).hexdigest() for each in (b"a", b"b"))
    assert digest_of(one, ()) == first
    assert digest_of(one, (two,)) == hashlib.sha256(f"{first}\n{second}".encode()).hexdigest()
