"""Groups and units of images and of their donors, and which scores are followed."""

from types import SimpleNamespace

import numpy as np
import pytest

from fairaudit.audits.core.stream.columns import column
from fairaudit.audits.swap.read import Swaps, _values, arms_of


class Manifest:
    attributes = {"hat": SimpleNamespace(codes=np.array([0, 1, 1, 0], np.int32), values=("a", "b"))}  # noqa: RUF012

    def __len__(self):
        return 4


@pytest.mark.parametrize("clustered", [False, True])
def test_an_image_without_a_donor_has_none_of_its_labels(clustered):
    def clusters(rows):
        return rows // 2 if clustered else None

    study = SimpleNamespace(
        manifest=Manifest(), clusters=clusters, target=SimpleNamespace(codes=np.array([1, 0, 1, 1]))
    )
    plan = SimpleNamespace(
        other=np.array([[1, 2], [0, -1], [3, 0], [-1, -1]]), same=np.array([[3, -1], [2, 2], [1, 1], [0, 0]])
    )
    arms = arms_of(SimpleNamespace(study=study, rows=np.array([1, 0])), "hat", plan)
    assert (arms.group.tolist(), arms.target.tolist()) == ([1, 0], [0, 1])
    assert arms.to.tolist() == [[0, -1], [1, 1]]
    units = [row // 2 if clustered else row for row in range(4)]
    assert arms.other_unit.tolist() == [[units[0], -1], [units[1], units[2]]]
    assert arms.same_unit.tolist() == [[units[2], units[2]], [units[3], -1]]
    assert arms.units == (2 if clustered else 4)


def test_columns_of_both_arms_by_donor():
    names = ("shift", "flip", "score 1")
    columns = {
        column("tie", "hat", side, str(number), name): np.array([10.0 * number + (side == "same")])
        for side in ("other", "same") for number in range(2) for name in names
    }  # fmt: skip
    total = SimpleNamespace(part=SimpleNamespace(columns=columns))
    found = _values(total, "tie", "hat", Swaps(plans={}, donors=2, outputs=[1]))
    other, same = found.shift
    assert (other.tolist(), same.tolist()) == ([[0.0, 10.0]], [[1.0, 11.0]])
    assert set(found.scores) == {1}
