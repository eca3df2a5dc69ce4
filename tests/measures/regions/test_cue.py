"""Cue alignment against the interaction written out, and its p value against no interaction."""

import numpy as np
import pytest

from fairaudit.measures.images.means import Labels
from fairaudit.measures.intervals.largest import largest
from fairaudit.measures.regions.cue import cue_contrasts, shares_of


def labels(codes, number, name="g"):
    return Labels(name=name, values=tuple(map(str, range(number))), codes=np.asarray(codes))


def table(values, group, target, groups=2, classes=2, units=None):
    return shares_of(
        np.asarray(values, float), group=labels(group, groups), target=labels(target, classes), units=units
    )


def test_two_by_two_is_half_the_difference_of_differences():
    draws = np.random.default_rng(0)
    group, target, values = draws.integers(0, 2, 80), draws.integers(0, 2, 80), draws.normal(size=80)
    mean = {(y, g): values[(target == y) & (group == g)].mean() for y in (0, 1) for g in (0, 1)}
    expected = ((mean[1, 1] - mean[1, 0]) - (mean[0, 1] - mean[0, 0])) / 2
    found = cue_contrasts(table(values, group, target))
    assert found.value == pytest.approx([expected])
    error = np.sqrt(
        sum(values[(target == y) & (group == g)].var(ddof=1) / ((target == y) & (group == g)).sum() for y, g in mean)
        / 4
    )
    assert np.sqrt((found.parts**2).sum()) == pytest.approx(error)


@pytest.mark.parametrize("number", [2, 3, 10])
def test_groups_that_go_with_classes_give_the_gap_between_cells_that_do_and_others(number):
    target, group = (part.ravel() for part in np.mgrid[:number, :number].repeat(3, axis=2))
    found = cue_contrasts(table(np.where(target == group, 0.7, 0.2), group, target, number, number))
    assert np.abs(found.value).max() == pytest.approx(0.5)


@pytest.mark.parametrize("shape", [(2, 2), (3, 4)])
def test_what_a_group_changes_alike_in_all_classes_is_no_cue(shape):
    draws = np.random.default_rng(1)
    target, group = draws.integers(0, shape[0], 300), draws.integers(0, shape[1], 300)
    values = 0.5 * group - 0.3 * target
    assert np.abs(cue_contrasts(table(values, group, target, shape[1], shape[0])).value).max() < 1e-12


def test_cells_without_images_leave_out_their_group_and_unknown_ones_do_not_count():
    group = np.array([0, 0, 1, 1, 2, -1] * 10)
    target = np.array([0, 1, 0, 1, 0, 1] * 10)
    found = table(np.arange(60.0), group, target, groups=3)
    assert (found.groups, found.classes, len(found.values)) == ((0, 1), (0, 1), 40)
    assert table(np.full(60, np.nan), group, target, groups=3) is None
    assert table(np.arange(60.0), np.zeros(60, int), target, groups=3) is None


def test_p_values_without_interaction_are_even():
    draws = np.random.default_rng(3)
    small = 0
    for _ in range(100):
        group, target = draws.integers(0, 3, 60), draws.integers(0, 2, 60)
        values = draws.normal(size=60) + 0.5 * group  # a group that covers something in all classes alike
        contrasts = cue_contrasts(table(values, group, target, groups=3))
        small += largest(contrasts, level=0.95, generator=draws).p_value <= 0.05
    assert small <= 12


def test_persons_count_as_wholes():
    draws = np.random.default_rng(4)
    person = np.repeat(np.arange(12), 25)
    group, target = (np.arange(12) % 2)[person], (np.arange(12) // 2 % 2)[person]
    values = draws.normal(size=12)[person]
    alone, whole = table(values, group, target), table(values, group, target, units=person)
    ends = [largest(cue_contrasts(one), level=0.95, generator=draws) for one in (alone, whole)]
    assert ends[1].high > 2 * ends[0].value
    assert ends[0].high - ends[0].value < 0.3 * (ends[1].high - ends[1].value)


@pytest.mark.parametrize(("classes", "groups"), [(3, 2), (2, 4), (5, 3)])
def test_contrasts_are_the_double_centred_means_in_units_of_the_smaller_side(classes, groups):
    """M[c, g] − row mean − column mean + mean, over 1 − 1/min(classes, groups), written out."""
    draw = np.random.default_rng(classes)
    target, group = np.repeat(np.arange(classes), groups * 6), np.tile(np.arange(groups), classes * 6)
    values = draw.normal(size=len(target))
    names = tuple("abcde")
    found = cue_contrasts(
        shares_of(
            values,
            group=Labels(name="g", values=names[:groups], codes=group),
            target=Labels(name="y", values=names[:classes], codes=target),
            units=None,
        )
    )
    means = [[values[(target == c) & (group == g)].mean() for g in range(groups)] for c in range(classes)]
    whole = sum(map(sum, means)) / (classes * groups)
    wanted = [
        (means[c][g] - sum(means[c]) / groups - sum(row[g] for row in means) / classes + whole)
        / (1 - 1 / min(classes, groups))
        for c in range(classes)
        for g in range(groups)
    ]
    assert found.value.tolist() == pytest.approx(wanted)
