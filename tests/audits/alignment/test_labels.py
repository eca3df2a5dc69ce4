"""Labels for heads that are called like the target, one of its values, or an attribute."""

from types import SimpleNamespace

import numpy as np
import pytest

from fairaudit.audits.alignment.labels import head_labels
from fairaudit.data.categorical import Categorical


def column(name, values, codes):
    return Categorical(name=name, values=values, codes=np.array(codes, np.int32))


TOTAL = SimpleNamespace(
    rows=np.array([3, 1, 0]),
    study=SimpleNamespace(
        target=column("kind", ("bird", "cat", "dog"), [0, 1, 2, -1]),
        manifest=SimpleNamespace(
            attributes={
                "hat": column("hat", ("0", "1"), [1, 0, 0, 1]),
                "age": column("age", ("a", "b", "c"), [0, 1, 2, 0]),
            }
        ),
    ),
)
NONE = [np.nan] * 3


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("cat", [np.nan, 1, 0]),  # a value of the target; the label of row 3 is unknown
        ("kind=bird", [np.nan, 0, 1]),
        ("hat", [1, 0, 1]),
        ("hat=0", [0, 1, 0]),
        ("age=c", [0, 0, 0]),
        ("age", NONE),  # which of three values would be the positive one?
        ("kind", NONE),
        ("age=z", NONE),
        ("tie", NONE),
    ],
)
def test_each_head_has_its_labels_or_none(name, labels):
    np.testing.assert_array_equal(head_labels(TOTAL, (name, "hat")), np.stack([labels, [1, 0, 1]], axis=1))
