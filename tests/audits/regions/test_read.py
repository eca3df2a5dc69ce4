"""Relevance of regions as measurements, where groups or classes of some images are not known."""

import numpy as np
import pytest

from fairaudit.audits.core.rows import Rows, aligned_rows, labels
from fairaudit.audits.regions.read import alignment
from fairaudit.data.categorical import Categorical
from fairaudit.tables.specs import Question

VALUES = ("0", "1")


def categorical(name, codes):
    return Categorical(name=name, values=VALUES, codes=np.asarray(codes, np.int32))


def measured(shares, target, group):
    aligned = aligned_rows(target, group)
    assert aligned is not None
    rows = Rows(target=labels(target), groups=[labels(group)], clusters=None, aligned=[aligned])
    (found,) = alignment(shares, Question(region="r", method="m", replicates=200), rows, aligned)
    return found


def test_an_unknown_group_is_neither_aligned_nor_conflicting():
    draw = np.random.default_rng(0)
    truth = draw.integers(0, 2, 400)
    group = np.where(draw.random(400) < 0.7, truth, 1 - truth)
    shares = 0.1 * (group == truth) + 0.02 * draw.normal(size=400)
    hidden = draw.random(400) < 0.4
    shares[hidden] += 5.0  # must not reach any mean
    known = np.flatnonzero(~hidden)
    some = measured(shares, categorical("t", truth), categorical("g", np.where(hidden, -1, group)))
    only = measured(shares[known], categorical("t", truth[known]), categorical("g", group[known]))
    assert some.value == pytest.approx(only.value, abs=1e-12)
    # By hand: the difference of means within each class, averaged over the two classes.
    own = [shares[known][(truth[known] == t) & (group[known] == g)].mean() for t in (0, 1) for g in (0, 1)]
    assert some.value == pytest.approx(((own[0] - own[1]) + (own[3] - own[2])) / 2)


def test_an_unknown_class_is_left_out_too():
    target = categorical("t", [0] * 40 + [1] * 40 + [-1])
    group = categorical("g", [0] * 30 + [1] * 10 + [1] * 30 + [0] * 10 + [0])
    found = aligned_rows(target, group)
    assert found is not None
    assert found.codes.tolist() == [1] * 30 + [0] * 10 + [1] * 30 + [0] * 10 + [-1]
