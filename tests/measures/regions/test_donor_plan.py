"""Donors are of the right class and group, other units, dealt out evenly, and the same in any order of rows."""

import numpy as np
import pytest

from fairaudit.measures.images.means import Labels
from fairaudit.measures.regions.donor_plan import plan_donors


def planned(group, target, ids, donors=4, units=None, seed=0):
    names = tuple(map(str, range(4)))
    return plan_donors(
        Labels(name="g", values=names, codes=np.asarray(group)),
        Labels(name="y", values=names, codes=np.asarray(target)),
        ids=ids, donors=donors, seed=seed, units=units,
    )  # fmt: skip


@pytest.fixture
def rows():
    draws = np.random.default_rng(0)
    return draws.integers(-1, 4, 300), draws.integers(-1, 3, 300), [f"image {n}" for n in range(300)]


def test_donors_are_of_the_class_and_of_the_other_or_the_own_group(rows):
    group, target, ids = rows
    plan = planned(group, target, ids)
    for row in range(300):
        if group[row] < 0 or target[row] < 0:
            assert (plan.other[row] < 0).all()
            assert (plan.same[row] < 0).all()
            continue
        assert (target[plan.other[row]] == target[row]).all()
        assert (target[plan.same[row]] == target[row]).all()
        assert (group[plan.other[row]] != group[row]).all()
        assert (group[plan.same[row]] == group[row]).all()
        assert row not in plan.same[row]
        assert len(set(group[plan.other[row]].tolist())) == 3  # four donors from three other groups


def test_the_order_of_rows_changes_no_donor_and_the_seed_does(rows):
    group, target, ids = rows
    order = np.random.default_rng(1).permutation(300)
    plan, moved = planned(group, target, ids), planned(group[order], target[order], [ids[row] for row in order])
    for one, two in ((plan.other, moved.other), (plan.same, moved.same)):
        assert (np.where(two >= 0, order[two], -1) == one[order]).all()
    assert (planned(group, target, ids, seed=1).same != plan.same).any()


def test_every_donor_gives_about_equally_often():
    plan = planned(np.arange(200) % 2, np.zeros(200, int), [str(n) for n in range(200)])
    for donors in (plan.other, plan.same):
        used = np.bincount(donors.ravel(), minlength=200)
        assert used.max() <= used.mean() + 3


def test_nobody_gives_to_the_own_person():
    person = np.repeat(np.arange(10), 20)
    group = np.tile([0, 1], 100)
    plan = planned(group, np.zeros(200, int), [str(n) for n in range(200)], units=person)
    for donors in (plan.other, plan.same):
        assert (person[donors] != person[:, None]).all()
    alone = planned([0, 0, 1], [0, 0, 0], "abc", units=np.zeros(3, int))
    assert (alone.same < 0).all()
    assert (alone.other < 0).all()
