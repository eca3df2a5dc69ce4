"""One operation on given values."""

import pytest
import torch

from fairaudit.models.onnx.interpreter import OPERATIONS
from fairaudit.models.onnx.node import Node


@pytest.fixture(scope="session")
def one():
    """Computes an operation; None stands for an input that is left out."""

    def compute(op, *inputs, opset=20, fixed=False, **attributes):
        given = [None if value is None else torch.as_tensor(value) for value in inputs]
        node = Node(op=op, inputs=(), outputs=("y",), opset=opset, attributes=attributes, fixed=fixed)
        return OPERATIONS[op](node, given)

    return compute
