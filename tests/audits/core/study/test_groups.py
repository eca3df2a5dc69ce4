"""Intersections of attributes as groups of their own."""

import numpy as np
import pytest

from fairaudit.audits.core.study.groups import all_groupings, intersection
from fairaudit.data.categorical import Categorical


def attribute(name, values, codes):
    return Categorical(name=name, values=values, codes=np.array(codes, np.int32))


SEX = attribute("sex", ("f", "m"), [0, 1, 1, -1, 0])
AGE = attribute("age", ("old", "young"), [0, 0, 1, 1, -1])
HAT = attribute("hat", ("0", "1", "2"), [2, 1, 0, 0, 0])


def test_values_are_pairs_and_unknown_where_either_is():
    both = intersection([SEX, AGE])
    assert both.name == "sex & age"
    assert both.values == ("f & old", "f & young", "m & old", "m & young")
    assert [both.label(row) for row in range(5)] == ["f & old", "m & old", "m & young", "", ""]


@pytest.mark.parametrize(
    ("single", "names"),
    [
        ([SEX], ["sex"]),
        ([SEX, AGE], ["sex", "age", "sex & age"]),
        ([SEX, AGE, HAT], ["sex", "age", "hat", "sex & age", "sex & hat", "age & hat", "sex & age & hat"]),
    ],
)
def test_pairs_and_all_of_them_where_asked_for(single, names):
    assert [each.name for each in all_groupings(single, intersections=True)] == names
    assert all_groupings(single, intersections=False) == single


def test_every_known_row_is_in_the_group_of_its_parts():
    whole = intersection([SEX, AGE, HAT])
    assert len(whole.values) == 12
    for row in range(5):
        labels = [part.label(row) for part in (SEX, AGE, HAT)]
        assert whole.label(row) == (" & ".join(labels) if all(labels) else "")
