"""Layers with weights: against their definitions, and what is refused."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from fairaudit.errors import ModelError
from fairaudit.models.onnx.node import Node
from fairaudit.models.onnx.weighted import paddings, torch_pads

DRAW = torch.Generator().manual_seed(0)
IMAGES = torch.randn(2, 4, 5, 6, generator=DRAW)


@pytest.mark.parametrize(
    ("attributes", "wanted"),
    [
        ({}, ([0, 0], [0, 0])),
        ({"pads": [1, 2, 3, 4]}, ([1, 2], [3, 4])),
        ({"auto_pad": "VALID", "pads": [1, 2, 3, 4]}, ([0, 0], [0, 0])),
        # 5 rows, kernel 3, stride 2 → 3 results reach over 7 rows: 1 and 1. 6 columns → 3 reach over 7: 0 and 1.
        ({"auto_pad": "SAME_UPPER"}, ([1, 0], [1, 1])),
        ({"auto_pad": "SAME_LOWER"}, ([1, 1], [1, 0])),
    ],
)
def test_padding_by_hand(attributes, wanted):
    node = Node(op="Conv", inputs=(), outputs=(), opset=20, attributes=attributes)
    assert paddings(node, IMAGES, (3, 3), (2, 2), (1, 1)) == wanted


def test_torch_wants_the_last_axis_first():
    assert torch_pads([1, 2], [3, 4]) == [2, 4, 1, 3]


def test_unequal_padding_of_a_convolution(one):
    weight = torch.randn(3, 2, 2, 2, generator=DRAW)
    found = one("Conv", IMAGES[:, :2], weight, None, pads=[1, 0, 0, 2], strides=[2, 1])
    torch.testing.assert_close(found, F.conv2d(F.pad(IMAGES[:, :2], (0, 2, 1, 0)), weight, stride=(2, 1)))


@pytest.mark.parametrize("turned", [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_gemm_is_its_equation(one, turned):
    draw = np.random.default_rng(0)
    a, b, c = (draw.normal(size=size).astype(np.float32) for size in ((3, 4), (4, 2), 2))
    left, right = (m.T.copy() if turn else m for m, turn in zip((a, b), turned, strict=True))
    for alpha, beta in ((1.0, 1.0), (0.5, 2.0)):
        found = one("Gemm", left, right, c, transA=turned[0], transB=turned[1], alpha=alpha, beta=beta)
        np.testing.assert_allclose(found, alpha * a @ b + beta * c, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(one("Gemm", left, right, transA=turned[0], transB=turned[1]), a @ b, rtol=1e-5)


def test_old_softmax_runs_over_all_axes_from_there(one):
    new, old = one("Softmax", IMAGES, opset=13, axis=1), one("Softmax", IMAGES, opset=12, axis=1)
    torch.testing.assert_close(new.sum(1), torch.ones(2, 5, 6))
    torch.testing.assert_close(old.sum((1, 2, 3)), torch.ones(2))
    torch.testing.assert_close(one("LogSoftmax", IMAGES, opset=13).exp().sum(-1), torch.ones(2, 4, 5))


def test_a_factor_per_group_is_one_per_channel_of_it(one):
    factor, shift = torch.tensor([2.0, 3.0]), torch.tensor([0.5, -0.5])
    found = one("GroupNormalization", IMAGES, factor, shift, num_groups=2)
    rows = IMAGES.reshape(2, 2, -1)
    plain = (rows - rows.mean(-1, keepdim=True)) / (rows.var(-1, unbiased=False, keepdim=True) + 1e-5).sqrt()
    torch.testing.assert_close(found.reshape(2, 2, -1), plain * factor[:, None] + shift[:, None], atol=1e-5, rtol=1e-5)


def test_whole_numbers_of_a_scale_and_back(one):
    """2.4 / 0.5 = 4.8 → 5, and 5 + 10; 300 / 0.5 is past 255."""
    zero = torch.tensor(10, dtype=torch.uint8)
    places = one("QuantizeLinear", [2.4, -9.0, 300.0], 0.5, zero)
    assert (places.tolist(), places.dtype) == ([15, 0, 255], torch.uint8)
    assert one("DequantizeLinear", places, 0.5, zero).tolist() == [2.5, -5.0, 122.5]
    along = one("DequantizeLinear", torch.tensor([[1, 1]], dtype=torch.int8), torch.tensor([0.5, 2.0]))
    assert along.tolist() == [[0.5, 2.0]]


def test_batch_norms_in_training_mode_are_of_weights_alone(one):
    ones, zeros = torch.ones(4), torch.zeros(4)
    found = one("BatchNormalization", IMAGES, ones, zeros, zeros, ones, training_mode=1, fixed=True)
    torch.testing.assert_close(found.mean((0, 2, 3)), zeros, atol=1e-6, rtol=0)
    with pytest.raises(ModelError, match="training mode"):
        one("BatchNormalization", IMAGES, ones, zeros, zeros, ones, training_mode=1)


def test_convolutions_that_torch_has_not_are_refused(one):
    with pytest.raises(ModelError, match="6 axes"):
        one("Conv", IMAGES, torch.zeros(1, 1, 1, 1, 1, 1))
    with pytest.raises(ModelError, match="unequal pads"):
        one("ConvTranspose", IMAGES, torch.zeros(4, 1, 2, 2), pads=[0, 0, 1, 1])
    with pytest.raises(ModelError, match="automatic padding"):
        one("ConvTranspose", IMAGES, torch.zeros(4, 1, 2, 2), auto_pad="SAME_UPPER")
