"""Loops, branches and sequences: the standard's own cases, torch's way to spell out a memory order, and bounds."""

import importlib
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

onnx = pytest.importorskip("onnx", reason="needs the extra onnx")

from onnx import TensorProto, helper  # noqa: E402

from fairaudit.errors import ModelError  # noqa: E402
from fairaudit.models.lift.lift import lift  # noqa: E402
from fairaudit.models.onnx.graph import _node, read_graph  # noqa: E402
from fairaudit.models.onnx.interpreter import Interpreter, _Pass  # noqa: E402
from fairaudit.models.onnx.proof import prove  # noqa: E402

OTHER = ("opt", "loop16", "_map", "expanded")
"""Optional values, and functions that the standard itself writes out."""
FOLDERS = ("loop", "if_", "sequenceinsert", "splittosequence")


def cases():
    from onnx.backend.test.case import node as folder

    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("ignore")
        for name in FOLDERS:
            importlib.import_module(f"{folder.__name__}.{name}")
        patch.setattr(folder, "import_recursive", lambda package: None, raising=False)
        found = folder.collect_testcases(None)
    words = ("loop", "test_if", "sequence_insert", "concat_from", "split_to_sequence")
    return [case for case in found if any(w in case.name for w in words) and not any(w in case.name for w in OTHER)]


def as_tensors(value):
    return [torch.from_numpy(np.array(each)) for each in value] if isinstance(value, list) else torch.tensor(value)


def test_the_cases_of_the_standard():
    checked = set()
    for case in cases():
        graph = case.model.graph
        version = max(each.version for each in case.model.opset_import if each.domain in ("", "ai.onnx"))
        for given, wanted in case.data_sets:
            values = {each.name: as_tensors(array) for each, array in zip(graph.input, given, strict=True)}
            one = _Pass()
            for proto in graph.node:
                one.run(_node(proto, version, Path("case"), {}), values)
            for each, array in zip(graph.output, wanted, strict=True):
                found = values[each.name]
                if isinstance(found, list):
                    assert len(found) == len(array), case.name
                for one_found, one_wanted in zip(
                    found if isinstance(found, list) else [found],
                    array if isinstance(found, list) else [array],
                    strict=True,
                ):
                    np.testing.assert_allclose(one_found.numpy(), one_wanted, rtol=1e-6, err_msg=case.name)
            checked.add(case.name)
    assert len(checked) >= 8, checked


def body(nodes, inputs, outputs):
    sequences = {"ones", "longer"}

    def about(names):
        made = {True: helper.make_tensor_sequence_value_info, False: helper.make_tensor_value_info}
        sides = {"i": [], "going": [], "still": []}
        return [made[name in sequences](name, kind, sides.get(name)) for name, kind in names]

    return helper.make_graph(nodes, "body", about(inputs), about(outputs))


def constant(name, values, kind=TensorProto.INT64):
    dims = [] if not isinstance(values, list) else [len(values)]
    return helper.make_tensor(name, kind, dims, values if isinstance(values, list) else [values])


def strided():
    """The places of values in a memory order, made in a loop with a branch and a sequence, as torch writes them."""
    return body(
        [
            helper.make_node("Sub", ["two", "i"], ["back"]),
            helper.make_node("Sub", ["back", "one"], ["axis"]),
            helper.make_node("Reshape", ["axis", "whole"], ["axis1"]),
            helper.make_node("Gather", ["sides", "axis1"], ["side"], axis=0),
            helper.make_node("Gather", ["strides", "axis1"], ["stride"], axis=0),
            helper.make_node("Squeeze", ["side"], ["last"]),
            helper.make_node("Range", ["zero", "last", "one"], ["steps"]),
            helper.make_node("Mul", ["steps", "stride"], ["add"]),
            helper.make_node("Equal", ["i", "zero"], ["first"]),
            helper.make_node(
                "If",
                ["first"],
                ["shape"],
                then_branch=body([helper.make_node("Identity", ["side"], ["a"])], [], [("a", TensorProto.INT64)]),
                else_branch=body(
                    [
                        helper.make_node("ConcatFromSequence", ["ones"], ["more"], axis=0),
                        helper.make_node("Concat", ["side", "more"], ["b"], axis=0),
                    ],
                    [],
                    [("b", TensorProto.INT64)],
                ),
            ),
            helper.make_node("Reshape", ["add", "shape"], ["shaped"]),
            helper.make_node("Add", ["places", "shaped"], ["onward"]),
            helper.make_node("SequenceInsert", ["ones", "single"], ["longer"]),
            helper.make_node("Identity", ["going"], ["still"]),
        ],
        [
            ("i", TensorProto.INT64),
            ("going", TensorProto.BOOL),
            ("ones", TensorProto.INT64),
            ("places", TensorProto.INT64),
        ],
        [("still", TensorProto.BOOL), ("longer", TensorProto.INT64), ("onward", TensorProto.INT64)],
    )


def written(path, nodes, inits):
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", 3, 4, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 3])],
        inits,
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]), path)
    return path


@pytest.fixture
def network(tmp_path):
    """Means over a map, whose numbers are taken one by one from where they lie."""
    nodes = [
        helper.make_node("ReduceMean", ["images", "axes"], ["means"], keepdims=0),
        helper.make_node("Shape", ["means"], ["sides"]),
        helper.make_node("SequenceEmpty", [], ["none"], dtype=TensorProto.INT64),
        helper.make_node("Loop", ["two", "", "none", "zero"], ["all", "places"], body=strided()),
        helper.make_node("Reshape", ["means", "whole"], ["flat"]),
        helper.make_node("Gather", ["flat", "places"], ["y"]),
    ]
    inits = [constant("axes", [2, 3]), constant("two", 2), constant("one", 1), constant("zero", 0)]
    inits += [constant("whole", [-1]), constant("single", [1]), constant("strides", [3, 1])]
    return written(tmp_path / "m.onnx", nodes, inits)


def test_a_memory_order_that_is_spelled_out_is_lifted(network):
    module = Interpreter(read_graph(network)).eval()
    images = torch.rand(5, 3, 4, 4)
    prove(module, network, images, name="images", only="reference")
    prove(module, network, images, name="images")
    lifted = lift(module, images[:2])
    torch.testing.assert_close(lifted.module(images), images.mean((2, 3)))


def test_a_loop_without_an_end_is_stopped(tmp_path):
    again = body(
        [helper.make_node("Identity", ["going"], ["still"]), helper.make_node("Identity", ["v"], ["w"])],
        [("i", TensorProto.INT64), ("going", TensorProto.BOOL), ("v", TensorProto.FLOAT)],
        [("still", TensorProto.BOOL), ("w", TensorProto.FLOAT)],
    )
    nodes = [
        helper.make_node("ReduceMean", ["images", "axes"], ["means"], keepdims=0),
        helper.make_node("Loop", ["", "yes", "means"], ["y"], body=again),
    ]
    inits = [constant("axes", [2, 3]), constant("yes", True, TensorProto.BOOL)]
    module = Interpreter(read_graph(written(tmp_path / "m.onnx", nodes, inits)))
    with pytest.raises(ModelError, match="a loop that does not end"):
        module(torch.rand(1, 3, 4, 4))


@pytest.mark.parametrize(
    ("nodes", "text"),
    [
        ([helper.make_node("If", ["yes"], ["y"])], "no graph called then_branch"),
        ([helper.make_node("SequenceAt", ["images", "zero"], ["y"])], "where a sequence is needed"),
        (
            [
                helper.make_node("SequenceConstruct", ["images"], ["s"]),
                helper.make_node("SequenceAt", ["s", "two"], ["y"]),
            ],
            "item 2 of a sequence of 1",
        ),
        (
            [helper.make_node("SequenceConstruct", ["images"], ["s"]), helper.make_node("Relu", ["s"], ["y"])],
            "a sequence where a tensor is needed",
        ),
        ([helper.make_node("SequenceConstruct", ["images"], ["y"])], "outputs that no operation computes"),
    ],
)
def test_what_does_not_fit_is_told(tmp_path, nodes, text):
    inits = [constant("yes", True, TensorProto.BOOL), constant("zero", 0), constant("two", 2)]
    module = Interpreter(read_graph(written(tmp_path / "m.onnx", nodes, inits)))
    with pytest.raises(ModelError, match=text):
        module(torch.rand(1, 3, 4, 4))
