"""Pooling, reductions, padding and resizing, against NumPy."""

import numpy as np
import pytest
import torch

from fairaudit.errors import ModelError

IMAGES = torch.randn(2, 2, 4, 5, generator=torch.Generator().manual_seed(0))


def test_unequal_padding_counts_only_where_it_is_asked_for(one):
    """A window over one column of padding and one of ones: mean 1 without the padding, ½ with it."""
    ones = torch.ones(1, 1, 1, 2)
    window = {"kernel_shape": [1, 2], "strides": [1, 2], "pads": [0, 1, 0, 0]}
    assert one("AveragePool", ones, **window).flatten().tolist() == [1.0]
    assert one("AveragePool", ones, count_include_pad=1, **window).flatten().tolist() == [0.5]
    assert one("MaxPool", -ones, **window).flatten().tolist() == [-1.0]  # padding is never the largest


@pytest.mark.parametrize(
    ("op", "function"),
    [
        ("ReduceMean", np.mean),
        ("ReduceSum", np.sum),
        ("ReduceMax", np.max),
        ("ReduceMin", np.min),
        ("ReduceProd", np.prod),
        ("ReduceL1", lambda x, axis, keepdims: np.abs(x).sum(axis=axis, keepdims=keepdims)),
        ("ReduceL2", lambda x, axis, keepdims: np.sqrt((x**2).sum(axis=axis, keepdims=keepdims))),
        ("ReduceSumSquare", lambda x, axis, keepdims: (x**2).sum(axis=axis, keepdims=keepdims)),
    ],
)
@pytest.mark.parametrize("keep", [0, 1])
def test_reductions(one, op, function, keep):
    values = IMAGES.numpy()
    found = one(op, IMAGES, [-1, 1], keepdims=keep)
    np.testing.assert_allclose(found, function(values, axis=(1, 3), keepdims=bool(keep)), rtol=1e-4)
    np.testing.assert_allclose(one(op, IMAGES, keepdims=0), function(values, axis=None, keepdims=False), rtol=1e-4)
    assert torch.equal(one(op, IMAGES, noop_with_empty_axes=1), IMAGES)


def test_global_pooling_of_any_number_of_axes(one):
    for values in (IMAGES, IMAGES.flatten(2)):
        axes = tuple(range(2, values.dim()))
        np.testing.assert_allclose(
            one("GlobalAveragePool", values), values.numpy().mean(axes, keepdims=True), atol=1e-6
        )
        np.testing.assert_allclose(one("GlobalMaxPool", values), values.numpy().max(axes, keepdims=True))


@pytest.mark.parametrize(("mode", "named"), [("constant", "constant"), ("reflect", "reflect"), ("edge", "edge")])
def test_padding(one, mode, named):
    pads = [0, 0, 1, 2, 0, 0, 0, 1]
    found = one("Pad", IMAGES, pads, mode=mode)
    np.testing.assert_array_equal(found, np.pad(IMAGES.numpy(), [(0, 0), (0, 0), (1, 0), (2, 1)], mode=named))
    some = one("Pad", IMAGES, [2, 1], 7.0, [-1])
    np.testing.assert_array_equal(some, np.pad(IMAGES.numpy(), [(0, 0)] * 3 + [(2, 1)], constant_values=7.0))


def test_places_of_the_largest(one):
    assert one("ArgMax", [[1.0, 5.0, 2.0]], axis=1, keepdims=0).tolist() == [1]
    assert one("ArgMin", [[1.0], [0.0]]).tolist() == [[1]]
    with pytest.raises(ModelError, match="select_last_index"):
        one("ArgMax", [[1.0]], select_last_index=1)


def test_resizing_by_hand(one):
    row = torch.tensor([0.0, 4.0]).reshape(1, 1, 1, 2)
    # Centres of half pixels: at -¼, ¼, ¾ and 1¼ of the way from the first pixel to the second.
    assert one("Resize", row, None, None, [1, 1, 1, 4], mode="linear").flatten().tolist() == [0.0, 1.0, 3.0, 4.0]
    aligned = one(
        "Resize", row, None, None, [1, 1, 1, 3], mode="linear", coordinate_transformation_mode="align_corners"
    )
    assert aligned.flatten().tolist() == [0.0, 2.0, 4.0]
    assert one("Upsample", row, [1.0, 1.0, 1.0, 2.0]).flatten().tolist() == [0.0, 0.0, 4.0, 4.0]


@pytest.mark.parametrize(
    ("op", "inputs", "attributes", "words"),
    [
        ("MaxPool", (IMAGES,), {"kernel_shape": [2]}, "rows and columns"),
        ("AveragePool", (IMAGES,), {"kernel_shape": [2, 2], "dilations": [2, 2]}, "dilation"),
        ("AveragePool", (IMAGES,), {"kernel_shape": [2, 2], "pads": [0, 0, 1, 1], "ceil_mode": 1}, "ceil_mode"),
        ("Pad", (IMAGES, [1, 1]), {}, "2 pads for 4 axes"),
        ("Pad", (IMAGES, [0] * 8), {"mode": "wrap"}, "mode wrap"),
        ("Resize", (IMAGES, None, [1.0, 1.0, 0.3, 0.3]), {"mode": "linear"}, "scales"),
        ("Resize", (IMAGES, None, None, [2, 2, 3, 5]), {}, "nearest resizing"),
        ("Resize", (IMAGES, None, None, [2, 2, 8, 10]), {"mode": "cubic", "cubic_coeff_a": -0.5}, "cubic coefficient"),
    ],
)
def test_what_torch_computes_otherwise_is_refused(one, op, inputs, attributes, words):
    with pytest.raises(ModelError, match=words):
        one(op, *inputs, **attributes)
