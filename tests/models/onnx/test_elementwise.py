"""Operations on single elements, by hand; the standard's own cases are in test_interpreter."""

import math

import pytest
import torch

from fairaudit.errors import ModelError
from fairaudit.models.onnx.elementwise import ELEMENTWISE
from fairaudit.models.onnx.node import TYPES, Node


@pytest.mark.parametrize(
    ("op", "inputs", "attributes", "wanted"),
    [
        ("Div", ([7, -7], [2, 2]), {}, [3, -3]),  # whole numbers are cut towards 0
        ("Div", ([7.0], [2.0]), {}, [3.5]),
        ("Mod", ([-7, 7], [3, 3]), {}, [2, 1]),  # the sign of the divisor, as in Python
        ("Mod", ([-7.0, 7.0], [3.0, 3.0]), {"fmod": 1}, [-1.0, 1.0]),  # that of the dividend, as in C
        ("Pow", ([2, 3], [3.0, 2.0]), {}, [8, 9]),
        ("Mean", ([1.0], [2.0], [6.0]), {}, [3.0]),
        ("Max", ([1.0, 5.0], [2.0, 4.0], [0.0, 9.0]), {}, [2.0, 9.0]),
        ("Sum", ([1.0],), {}, [1.0]),
        ("Clip", ([-1.0, 0.5, 9.0], None, None), {}, [-1.0, 0.5, 9.0]),
        ("Clip", ([-1.0, 0.5, 9.0], 0.0), {}, [0.0, 0.5, 9.0]),
        ("Clip", ([-1.0, 0.5, 9.0],), {"min": -0.5, "max": 6.0}, [-0.5, 0.5, 6.0]),
        ("HardSigmoid", ([0.0, 2.0, 9.0],), {}, [0.5, 0.9, 1.0]),
        ("HardSigmoid", ([-3.0, 0.0, 3.0],), {"alpha": 1 / 6}, [0.0, 0.5, 1.0]),
        ("LeakyRelu", ([-2.0, 3.0],), {"alpha": 0.25}, [-0.5, 3.0]),
        ("Elu", ([-1.0, 2.0],), {"alpha": 2.0}, [2 * (math.exp(-1) - 1), 2.0]),
        ("Selu", ([-1.0, 2.0],), {"alpha": 2.0, "gamma": 3.0}, [6 * (math.exp(-1) - 1), 6.0]),
        ("Selu", ([2.0],), {"gamma": 3.0}, [6.0]),
        ("PRelu", ([[-2.0, -2.0]], [0.5, 0.25]), {}, [[-1.0, -0.5]]),
        ("PRelu", ([[-2.0, 4.0]], [[0.5, 0.5]]), {}, [[-1.0, 4.0]]),
        ("Swish", ([0.5],), {"alpha": 2.0}, [0.5 / (1 + math.exp(-1.0))]),
        ("Swish", ([1.0],), {}, [1 / (1 + math.exp(-1.0))]),
        ("Cast", ([1.7, -1.7],), {"to": 7}, [1, -1]),
        ("Where", ([1, 0], [2.0, 2.0], [3.0, 3.0]), {}, [2.0, 3.0]),
        ("Dropout", ([1.0, 2.0], 0.5), {}, [1.0, 2.0]),
    ],
)
def test_by_hand(one, op, inputs, attributes, wanted):
    torch.testing.assert_close(one(op, *inputs, **attributes), torch.tensor(wanted), check_dtype=False)


def test_types_follow_the_cast():
    def cast(op, *inputs, **attributes):
        return ELEMENTWISE[op](Node(op=op, inputs=(), outputs=("y",), opset=20, attributes=attributes), inputs)

    for number, kind in TYPES.items():
        assert cast("Cast", torch.ones(2), to=number).dtype == kind
    assert cast("CastLike", torch.tensor([2]), torch.zeros(1)).dtype == torch.float32
    with pytest.raises(ModelError, match="element type 8"):
        cast("Cast", torch.ones(1), to=8)  # text


def test_dropout_that_drops_is_refused(one):
    with pytest.raises(ModelError, match="evaluation mode"):
        one("Dropout", [1.0], 0.5, True)
