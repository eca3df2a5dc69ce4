"""Relevance of regions as measurements, where groups or classes of some images are not known."""

import numpy as np
import pytest

from fairaudit.audits.core.study.alignment import GroupTargets
from fairaudit.audits.core.study.rows import Rows, aligned_rows, labels
from fairaudit.audits.regions.read import cue
from fairaudit.config.schema import AuditConfig
from fairaudit.data.categorical import Categorical
from fairaudit.tables.specs import ImageSpec
from fairaudit.tables.statistics import Statistics

VALUES = ("0", "1")


def categorical(name, codes):
    return Categorical(name=name, values=VALUES, codes=np.asarray(codes, np.int32))


def measured(shares, target, group, explain="target"):
    rows = Rows(target=labels(target), groups=[labels(group)], clusters=None)
    asked = ImageSpec(region="r", method="m", statistics=Statistics(replicates=200))
    return cue(AuditConfig(explain=explain), shares, 1 - np.abs(shares), asked, rows, labels(group))


def test_an_unknown_group_is_in_no_cell():
    draw = np.random.default_rng(0)
    truth = draw.integers(0, 2, 400)
    group = np.where(draw.random(400) < 0.7, truth, 1 - truth)
    shares = 0.1 * (group == truth) + 0.02 * draw.normal(size=400)
    hidden = draw.random(400) < 0.4
    shares[hidden] = 1.0  # must not reach any mean
    known = np.flatnonzero(~hidden)
    some = measured(shares, categorical("t", truth), categorical("g", np.where(hidden, -1, group)))
    only = measured(shares[known], categorical("t", truth[known]), categorical("g", group[known]))
    assert some.value == pytest.approx(only.value, abs=1e-12)
    # By hand: half the difference of the differences between groups; |s_in| + |s_out| is 1.
    own = [shares[known][(truth[known] == t) & (group[known] == g)].mean() for t in (0, 1) for g in (0, 1)]
    assert some.value == pytest.approx(((own[0] - own[1]) + (own[3] - own[2])) / 2)
    assert some.low > 0.05


def test_evidence_for_another_class_than_the_images_own_gives_no_cue_alignment():
    target = categorical("t", [0, 1] * 20)
    found = measured(np.full(40, 0.5), target, target, explain="prediction")
    assert found.status == "undefined"
    assert "explained is prediction" in found.reason


def test_an_unknown_class_is_left_out_too():
    target = categorical("t", [0] * 40 + [1] * 40 + [-1])
    group = categorical("g", [0] * 30 + [1] * 10 + [1] * 30 + [0] * 10 + [0])
    found = aligned_rows(target, group, GroupTargets(cells=np.eye(2, dtype=np.bool_)))
    assert aligned_rows(target, group, GroupTargets()) is None
    assert found is not None
    assert found.codes.tolist() == [1] * 30 + [0] * 10 + [1] * 30 + [0] * 10 + [-1]
