"""Operations that move and select values, by hand; the standard's own cases are in test_interpreter."""

import numpy as np
import pytest
import torch

from fairaudit.errors import ModelError

GRID = torch.arange(6).reshape(2, 3)


@pytest.mark.parametrize(
    ("op", "inputs", "attributes", "wanted"),
    [
        ("Shape", (torch.zeros(2, 3, 4),), {"start": 1}, [3, 4]),
        ("Shape", (torch.zeros(2, 3, 4),), {"end": -1}, [2, 3]),
        ("Size", (GRID,), {}, 6),
        ("Reshape", (GRID, [0, -1]), {}, GRID.tolist()),  # 0 keeps the side
        ("Reshape", (GRID,), {"shape": [3, 2]}, [[0, 1], [2, 3], [4, 5]]),
        ("Flatten", (torch.arange(4).reshape(2, 1, 2),), {"axis": 2}, [[0, 1], [2, 3]]),
        ("Flatten", (torch.arange(4).reshape(2, 1, 2),), {"axis": 0}, [[0, 1, 2, 3]]),
        ("Flatten", (torch.arange(4).reshape(2, 1, 2),), {"axis": -1}, [[0, 1], [2, 3]]),
        ("Squeeze", (torch.zeros(1, 2, 1), [-1]), {}, [[0.0, 0.0]]),
        ("Squeeze", (torch.zeros(1, 2, 1),), {}, [0.0, 0.0]),
        ("Unsqueeze", (torch.zeros(2), [0, -1]), {}, [[[0.0], [0.0]]]),
        ("Transpose", (GRID,), {}, GRID.T.tolist()),
        ("Slice", (GRID, [0], [2**31], [1], [2]), {}, [[0, 2], [3, 5]]),
        ("Slice", (GRID, [-1], [-(2**31)], [1], [-1]), {}, [[2, 1, 0], [5, 4, 3]]),
        ("Slice", (GRID, [5], [9]), {}, torch.zeros(0, 3).tolist()),  # past the end nothing is left
        ("Gather", (GRID, -1), {"axis": 1}, [2, 5]),
        ("Gather", (GRID, [0, -1]), {"axis": 1}, [[0, 2], [3, 5]]),
        ("Gather", (GRID, [[1, -2]]), {}, [[[3, 4, 5], [0, 1, 2]]]),
        ("GatherElements", (GRID, [[-1], [0]]), {"axis": 1}, [[2], [3]]),
        ("GatherND", (GRID, [[1, 2], [0, -1]]), {}, [5, 2]),
        ("GatherND", (GRID, [[2], [0]]), {"batch_dims": 1}, [2, 3]),
        ("Expand", (torch.tensor([[1], [2]]), [3, 1, 2]), {}, [[[1, 1], [2, 2]]] * 3),
        ("Tile", (GRID[:1], [2, 1]), {}, [[0, 1, 2], [0, 1, 2]]),
        ("Constant", (), {"value_floats": [1.0, 2.0]}, [1.0, 2.0]),
        ("Constant", (), {"value_int": 4}, 4),
        ("ConstantOfShape", ([2],), {"value": torch.tensor([7])}, [7, 7]),
        ("Range", (1, 8, 3), {}, [1, 4, 7]),
        ("Range", (5.0, 0.0, -2.0), {}, [5.0, 3.0, 1.0]),
    ],
)
def test_by_hand(one, op, inputs, attributes, wanted):
    assert one(op, *inputs, **attributes).tolist() == wanted


def test_slices_of_old_files_are_attributes(one):
    assert one("Slice", GRID, opset=9, starts=[1], ends=[3], axes=[1]).tolist() == [[1, 2], [4, 5]]


@pytest.mark.parametrize(
    ("inputs", "attributes", "sizes"),
    [
        ((torch.arange(5), [2, 3]), {}, [2, 3]),
        ((torch.arange(5),), {"split": [1, 4]}, [1, 4]),
        ((torch.arange(5),), {"num_outputs": 2}, [3, 2]),  # the last one is the smaller
    ],
)
def test_splits_are_a_partition(one, inputs, attributes, sizes):
    parts = one("Split", *inputs, **attributes)
    assert [len(part) for part in parts] == sizes
    assert torch.equal(torch.cat(parts), inputs[0])


@pytest.mark.parametrize("mode", ["DCR", "CRD"])
def test_depth_goes_to_space_as_the_standard_writes_it(one, mode):
    value = np.arange(2 * 8 * 3 * 2).reshape(2, 8, 3, 2)
    shape, order = (
        ((2, 2, 2, 2, 3, 2), (0, 3, 4, 1, 5, 2)) if mode == "DCR" else ((2, 2, 2, 2, 3, 2), (0, 1, 4, 2, 5, 3))
    )
    wanted = value.reshape(shape).transpose(order).reshape(2, 2, 6, 4)
    found = one("DepthToSpace", torch.from_numpy(value).float(), blocksize=2, mode=mode)
    np.testing.assert_array_equal(found, wanted)
    if mode == "DCR":
        np.testing.assert_array_equal(one("SpaceToDepth", found, blocksize=2), value)


def test_what_has_no_meaning_is_refused(one):
    with pytest.raises(ModelError, match="step 0"):
        one("Slice", GRID, [0], [2], [0], [0])
    with pytest.raises(ModelError, match="no number"):
        one("Constant", value_string="a")
    with pytest.raises(ModelError, match="mode CRD"):
        one("SpaceToDepth", torch.zeros(1, 1, 2, 2), blocksize=2, mode="CRD")
