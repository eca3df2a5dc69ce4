"""Inputs that are left out, axes of older and newer files, and results without bounds."""

import pytest
import torch

from fairaudit.errors import ModelError
from fairaudit.models.onnx.node import MOST, Node, axes_of, bounded, ints, needed, optional, together


def node(**attributes):
    return Node(op="Op", inputs=("a",), outputs=("b",), opset=18, attributes=attributes)


def test_an_input_that_is_left_out_is_none_or_refused():
    value = torch.zeros(1)
    assert needed(node(), [value], 0) is value
    assert optional([value, None], 1) is optional([value], 7) is None
    for inputs in ([value, None], [value]):
        with pytest.raises(ModelError, match=r"\(Op\).*no input number 2"):
            needed(node(), inputs, 1)


def test_axes_come_from_an_input_before_an_attribute():
    axes = torch.tensor([1, -1])
    assert axes_of(node(axes=[0]), [None, axes]) == ints(axes) == [1, -1]
    assert axes_of(node(axes=[0]), [None]) == [0]
    assert axes_of(node(), [None]) is None
    assert axes_of(node(), [None, torch.zeros(0, dtype=torch.int64)]) is None  # none are all


def test_shapes_are_bounded():
    assert bounded(node(), [2**10, 2**20]) == [2**10, 2**20]
    assert bounded(node(), []) == []
    assert bounded(node(), [0, 2**40]) == [0, 2**40]
    for shape in ([2**10, 2**20, 2], [-1, 4], [MOST + 1]):
        with pytest.raises(ModelError, match="at most 1,073,741,824 elements"):
            bounded(node(), shape)


def test_values_stay_where_they_are_on_one_device():
    first, second = together(torch.ones(1), torch.zeros(2))
    assert (first.tolist(), second.tolist()) == ([1.0], [0.0, 0.0])


def test_an_error_names_the_operation_by_its_name_or_its_results():
    assert "conv7" in str(Node(op="Op", inputs=(), outputs=("b",), opset=1, name="conv7").refuse("x"))
    assert "b, c" in str(Node(op="Op", inputs=(), outputs=("b", "c"), opset=1).refuse("x"))


def test_a_result_without_bounds_is_refused(one):
    with pytest.raises(ModelError, match="at most 1,073,741,824 elements"):
        one("ConstantOfShape", [2**20, 2**20])
    with pytest.raises(ModelError, match="at most"):
        one("Expand", torch.zeros(1), [2**16, 2**16])
    with pytest.raises(ModelError, match="at most"):
        one("Tile", torch.zeros(2**10), [2**30])
