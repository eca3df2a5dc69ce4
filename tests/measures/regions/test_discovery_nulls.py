"""The sums of squares that discovery compares, against plain loops, and which nulls apply to which clusters."""

from itertools import product

import numpy as np
import pytest

from fairaudit.measures.images.means import Labels
from fairaudit.measures.regions.discovery_nulls import (
    arrange,
    between_groups,
    group_sums,
    least_p,
    nulls,
    total_squares,
)
from fairaudit.measures.regions.windows import windows


def drawn(images=24, seed=0):
    draw = np.random.default_rng(seed)
    shapes = windows()
    grids = draw.gamma(2.0, size=(images, shapes.cells, shapes.cells))
    group = Labels(name="g", values=("a", "b", "c"), codes=draw.integers(0, 3, images))
    target = Labels(name="t", values=("0", "1"), codes=draw.integers(0, 2, images))
    return grids / grids.sum(axis=(1, 2), keepdims=True), shapes, group, target


def test_images_without_a_map_a_group_or_a_class_are_left_out():
    grids, _, group, target = drawn()
    grids[0] = np.nan
    group.codes[1], target.codes[2] = -1, -1
    data = arrange(grids, group, target, None)
    assert len(data.cells) == 21
    assert (data.units, data.labels, least_p(data)) == (None, None, 0.0)
    alone = Labels(name="g", values=("a", "b"), codes=np.zeros(24, int))
    assert arrange(grids, alone, target, None) is None


def test_sums_of_squares_by_loops():
    grids, shapes, group, target = drawn()
    data = arrange(grids, group, target, None)
    between = between_groups(shapes, group_sums(data, data.group[None]))[0]
    total = total_squares(data, shapes)
    for number in (0, 7, len(shapes.bounds) - 1):
        top, left, bottom, right = shapes.bounds[number]
        share = grids[:, top:bottom, left:right].sum(axis=(1, 2))
        within, found = 0.0, 0.0
        for t in (0, 1):
            rows = target.codes == t
            within += ((share[rows] - share[rows].mean()) ** 2).sum()
            for g in (0, 1, 2):
                own = rows & (group.codes == g)
                found += own.sum() * (share[own].mean() - share[rows].mean()) ** 2 if own.any() else 0.0
        assert total[number] == pytest.approx(within, rel=1e-9)
        assert between[number] == pytest.approx(found, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(
    ("kind", "number"), [("images", 1), ("constant", 1), ("target varies", 2), ("group varies", 1)]
)
def test_the_nulls_that_apply(kind, number):
    grids, shapes, _, _ = drawn()
    person = np.repeat(np.arange(8), 3)
    codes = {"group varies": np.arange(24) % 2}.get(kind, person % 2)
    classes = {"target varies": np.arange(24) % 3 % 2}.get(kind, person // 4)
    group, target = Labels(name="g", values=("a", "b"), codes=codes), Labels(name="t", values=("0", "1"), codes=classes)
    data = arrange(grids, group, target, None if kind == "images" else person)
    found = list(nulls(data, shapes, 30, np.random.default_rng(0)))
    assert len(found) == number
    observed = between_groups(shapes, group_sums(data, data.group[None]))[0]
    for null in found:
        assert null.shape == (30, len(shapes.bounds))
        assert (null >= -1e-12).all()
    if kind == "constant":  # 4 persons of a class, two and two: one of three ways to part them is the one at hand
        same = np.isclose(found[0], observed, rtol=1e-9).all(axis=1).mean()
        assert 0 < same < 0.5
        assert least_p(data) == pytest.approx(1 / 9)


def test_turned_signs_give_the_sums_of_squares_of_every_pattern():
    """Four persons with images of both groups and classes: 16 patterns of signs, by loops."""
    grids, shapes, _, _ = drawn()
    person, codes, classes = np.repeat(np.arange(4), 6), np.arange(24) % 2, np.arange(24) % 6 // 4
    group, target = Labels(name="g", values=("a", "b"), codes=codes), Labels(name="t", values=("0", "1"), codes=classes)
    (null,) = nulls(arrange(grids, group, target, person), shapes, 400, np.random.default_rng(0))
    top, left, bottom, right = shapes.bounds[5]
    share = grids[:, top:bottom, left:right].sum(axis=(1, 2))
    exact = set()
    for signs in product((-1, 1), repeat=4):
        found = 0.0
        for t in (0, 1):
            rows = classes == t
            turned = np.array(signs)[person] * np.where(rows, share - share[rows].mean(), 0.0)
            means = [turned[rows & (codes == g)].mean() for g in (0, 1)]
            found += sum(rows.sum() / 2 * (mean - np.mean(means)) ** 2 for mean in means)
        exact.add(round(found, 9))
    assert {round(float(value), 9) for value in null[:, 5]} == exact


def test_replicates_in_blocks_are_those_of_one_by_one(monkeypatch):
    """Of persons who change places the counts differ from replicate to replicate, and each goes with its own sums."""
    _, shapes, _, _ = drawn()
    draw = np.random.default_rng(1)
    total = draw.random((7, 2, 3, shapes.cells**2))
    for count in (draw.integers(1, 9, (7, 2, 3)), draw.integers(1, 9, (1, 2, 3))):
        monkeypatch.setattr("fairaudit.measures.regions.discovery_nulls._BLOCK", 3 * 6 * len(shapes.bounds))
        found = between_groups(shapes, (total, count))
        monkeypatch.undo()
        rows = np.broadcast_to(count, (7, 2, 3))
        for number in range(7):
            alone = between_groups(shapes, (total[number][None], rows[number][None]))
            np.testing.assert_array_equal(found[number], alone[0])
