"""Rows of cue alignment: T by hand, its sign and cell, and every reason why there is none."""

import numpy as np
import pytest

from fairaudit.measures.images.means import Labels
from fairaudit.tables.reasons.cue import NO_TABLE, TOO_FEW, cue_measurement
from fairaudit.tables.specs import ImageSpec
from fairaudit.tables.statistics import Statistics

QUESTION = ImageSpec(region="tie", method="lrp", statistics=Statistics(replicates=500))


def labels(name, codes, values=("0", "1")):
    return Labels(name=name, values=values, codes=np.asarray(codes))


def measured(shares, group, target, scale=1.0, **more):
    return cue_measurement(
        np.asarray(shares, float),
        scale,
        QUESTION,
        group=labels("necktie", group),
        target=target and labels("y", target),
        **more,
    )


def world(effect, n=200, seed=0):
    """Groups and classes evenly; relevance is for class 1 and against class 0 in group 1 by the effect."""
    draw = np.random.default_rng(seed)
    group, target = np.tile([0, 1], n // 2), np.repeat([0, 1], n // 2)
    shares = draw.normal(0.2, 0.05, n) + effect * group * np.where(target == 1, 1, -1)
    return shares, group.tolist(), target.tolist()


def test_the_value_is_half_the_difference_of_the_differences():
    shares, group, target = world(0.3)
    found = measured(shares, group, target)
    g, y = np.asarray(group), np.asarray(target)
    means = {(c, a): shares[(y == c) & (g == a)].mean() for c in (0, 1) for a in (0, 1)}
    wanted = ((means[1, 1] - means[1, 0]) - (means[0, 1] - means[0, 0])) / 2
    assert found.value == pytest.approx(abs(wanted))
    assert found.low < found.value < found.high
    assert found.p_value < 0.05


def test_what_a_group_changes_alike_in_all_classes_is_no_cue():
    """A necktie that covers the chin: relevance falls in group 1, in either class."""
    shares, group, target = world(0.0)
    found = measured(shares - 0.15 * np.asarray(group), group, target)
    assert found.high < 0.05
    assert found.p_value > 0.05


def test_the_scale_divides():
    shares, group, target = world(0.3)
    assert measured(shares, group, target, scale=2.0).value == pytest.approx(measured(shares, group, target).value / 2)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"scale": 0.0}, "the maps hold nothing"),
        ({"reason": "no maps"}, "no maps"),
        ({"target": None}, "the classes are not known"),
        ({"group": [0] * 200}, NO_TABLE),
    ],
)
def test_without_a_number_there_is_a_reason(change, reason):
    shares, group, target = world(0.3)
    given = {"group": group, "target": target, **change}
    found = measured(shares, given.pop("group"), given.pop("target"), **given)
    assert (found.value, found.status, found.reason.rstrip(".")) == (None, "undefined", reason)


def test_cells_of_one_image_are_too_few():
    found = measured([0.1, 0.2, 0.3, 0.4], [0, 1, 0, 1], [0, 0, 1, 1])
    assert found.value is None
    assert TOO_FEW in found.reason


def test_a_class_whose_maps_hold_nothing_is_named():
    """Two outputs of which one is constant: no map of its class has any relevance."""
    shares, group, target = world(0.3)
    shares[np.asarray(target) == 0] = np.nan
    found = measured(shares, group, target)
    assert (found.value, found.status) == (None, "undefined")
    assert found.reason == "the maps of images of class 0 hold nothing, as where an output is constant"
