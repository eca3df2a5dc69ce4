import numpy as np
import pytest

from fairaudit.audits.core.report.alike import alike
from fairaudit.data.categorical import Categorical


def column(name, codes, values=("0", "1")):
    return Categorical(name=name, values=values, codes=np.asarray(codes, np.int32))


TARGET = column("y", [0, 1, 0, 1, 1, 1], ("no", "yes"))
HAT = column("hat", [0, 0, 1, 1, 1, -1])


def test_decisions_that_differ_everywhere_are_no_fact():
    assert alike(np.array([0, 1, 0, 1, 1, 0]), TARGET, [HAT]) == []


def test_one_decision_for_all_is_a_fact_about_all_and_about_every_group():
    found = alike(np.ones(6, np.int32), TARGET, [HAT])
    assert [(fact.attribute, fact.group, fact.n) for fact in found] == [
        (None, None, 6),
        ("hat", "0", 2),
        ("hat", "1", 3),
    ]
    assert {fact.decision for fact in found} == {"yes"}


def test_a_group_of_one_true_class_is_told_apart():
    (fact,) = alike(np.array([0, 1, 1, 1, 1, 0]), column("y", [0, 1, 1, 1, 1, 0]), [HAT])
    assert (fact.group, fact.truth_varies) == ("1", False)
    (fact,) = alike(np.array([0, 1, 1, 1, 1, 0]), TARGET, [HAT])
    assert fact.truth_varies


@pytest.mark.parametrize("n", [0, 1])
def test_a_group_of_one_image_says_nothing_about_variation(n):
    codes = np.zeros(n, np.int32)
    assert [fact.group for fact in alike(codes, column("y", codes), [column("hat", codes)])] == [None] * n
