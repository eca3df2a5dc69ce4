"""Donors: of the same class, of another or the same group, never the image itself or its cluster, and all as likely."""

import numpy as np

from fairaudit.measures.images.means import Labels
from fairaudit.measures.regions.donors import draw_donors


def labels(codes, values="abc"):
    return Labels(name="g", values=tuple(values), codes=np.asarray(codes))


def test_donors_have_the_class_and_only_one_of_them_the_group():
    draw = np.random.default_rng(1)
    group, target = labels(draw.integers(-1, 3, 300)), labels(draw.integers(-1, 2, 300), "01")
    found = draw_donors(group, target, n=300, seed=0)
    known = (group.codes >= 0) & (target.codes >= 0)
    rows = np.flatnonzero(known)
    for donors in (found.other, found.same):
        assert (donors[~known] == -1).all()
        assert known[donors[rows]].all()
        assert (donors[rows] != rows).all()
        np.testing.assert_array_equal(target.codes[donors[rows]], target.codes[rows])
    assert (group.codes[found.other[rows]] != group.codes[rows]).all()
    np.testing.assert_array_equal(group.codes[found.same[rows]], group.codes[rows])
    np.testing.assert_array_equal(found.same, draw_donors(group, target, n=300, seed=0).same)
    assert not np.array_equal(found.same, draw_donors(group, target, n=300, seed=1).same)


def test_all_others_are_as_likely():
    group = labels([0, 0, 0, 1, 1, 1], "ab")
    many = [draw_donors(group, None, n=6, seed=seed) for seed in range(600)]
    same = np.bincount([found.same[0] for found in many], minlength=6)
    other = np.bincount([found.other[0] for found in many], minlength=6)
    assert same[0] == same[3:].sum() == other[:3].sum() == 0
    # Binomial(600, 1/2) and (600, 1/3): five standard deviations are 61 and 58.
    assert (np.abs(same[1:3] - 300) < 61).all()
    assert (np.abs(other[3:] - 200) < 58).all()


def test_a_cluster_never_gives_to_itself_even_where_it_is_almost_alone():
    clusters = np.array([0] * 99 + [1])
    found = draw_donors(labels([0] * 100, "a"), None, n=100, clusters=clusters, seed=0)
    assert (found.same[:99] == 99).all()
    assert found.same[99] < 99
    assert (found.other == -1).all()


def test_without_groups_anybody_of_the_class_gives_and_nobody_is_alike():
    target = labels([0, 0, 1, 1, 1], "01")
    found = draw_donors(None, target, n=5, seed=0)
    np.testing.assert_array_equal(target.codes[found.other], target.codes)
    assert (found.other != np.arange(5)).all()
    assert (found.same == -1).all()
    assert draw_donors(None, None, n=1, seed=0).other.tolist() == [-1]
