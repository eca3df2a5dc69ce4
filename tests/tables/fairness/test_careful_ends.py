"""Tables in which cells are all right: no interval without width, no pass by a handful of images."""

import numpy as np
import pytest

from fairaudit.config.schema import GateRule
from fairaudit.gate.judge import judge
from fairaudit.measures.clusters.effective import effective
from fairaudit.measures.counts.rates import Rate
from fairaudit.measures.intervals.proportion import exact
from fairaudit.tables.fairness.careful_ends import careful_counts, clustered_cells, macro_missing
from fairaudit.tables.fairness.resampled import COMPOSED, MACROS
from fairaudit.tables.fairness.table import fairness_measurements
from fairaudit.tables.rows import FairnessSpec
from fairaudit.tables.statistics import Statistics

LEVELS = ("unbiased_accuracy", "bias_conflict_accuracy", "bias_aligned_accuracy")
PAPERS = ("dp_l2", "dp_mi", "eo_l2", "eo_mi", "iou_l2", "iou_std")


def perfect(images, groups=2, classes=2):
    return np.tile(np.diag(np.full(classes, images)), (groups, 1, 1))


def asked(table, **fields):
    groups, classes = np.shape(table)[:2]
    names = {"groups": tuple(f"g{i}" for i in range(groups)), "classes": tuple(str(i) for i in range(classes))}
    return FairnessSpec(attribute="a", **names, statistics=Statistics(replicates=400), **fields)


def found(table, aligned=None, **fields):
    made = fairness_measurements(table, asked(table, **fields), aligned=aligned)
    return {m.metric: m for m in made if m.group is None and m.class_ is None and m.status == "ok"}


ALIGNED = [[True, False], [False, True]]


@pytest.mark.parametrize("images", [3, 10])
def test_no_interval_of_a_perfect_table_is_without_width_and_none_passes_a_strict_rule(images):
    table = found(perfect(images), ALIGNED)
    names = [name for name in (*COMPOSED, *PAPERS, *LEVELS) if name in table]
    assert len(names) >= 14
    for name in names:
        m = table[name]
        assert m.high - m.low > 0.2 / images, name
        rule = GateRule(metric=name, min=0.99) if m.better == "higher" else GateRule(metric=name, max=0.001)
        assert judge([rule], [m]).state == "inconclusive", name


def test_the_levels_and_gaps_of_a_perfect_table_by_hand():
    """0.025^(1/3) = 0.2924 for 3/3, 0.7076 below: mean of four cells 1 − 0.7076 √4 / 4, of two 1 − 0.7076 √2 / 2."""
    table = found(perfect(3), ALIGNED)
    assert table["unbiased_accuracy"].low == pytest.approx(1 - 0.70760 / 2, abs=1e-4)
    assert table["bias_conflict_accuracy"].low == pytest.approx(1 - 0.70760 / np.sqrt(2), abs=1e-4)
    assert table["equal_opportunity_difference_to_overall"].high == pytest.approx(0.70760 / 2, abs=1e-4)
    assert table["equalized_odds_average"].high == pytest.approx(0.70760 * np.sqrt(2) / 2, abs=1e-4)


@pytest.mark.parametrize(
    ("name", "limit"),
    [("equal_opportunity_difference_to_overall", 0.5), ("equalized_odds_average", 0.5), ("eo_l2", 1.0)],
)
def test_what_may_be_unseen_is_within_the_room(name, limit):
    """A TPR of 0.025^(1/n) shows no error among n in 2.5 % of samples; the gaps are half of what is missing to 1."""
    for images in (10, 50, 500):
        unseen = 1 - 0.025 ** (1 / images)
        truth = limit * unseen if name != "eo_l2" else unseen**2
        assert found(perfect(images))[name].high >= truth * (1 - 1e-9), (name, images)


def test_many_images_that_are_all_right_pass():
    table = found(perfect(2000), ALIGNED)
    rules = {"unbiased_accuracy": {"min": 0.99}, "equalized_odds_average": {"max": 0.01}, "eo_l2": {"max": 0.001}}
    assert {judge([GateRule(metric=name, **limits)], [table[name]]).state for name, limits in rules.items()} == {"pass"}


def test_one_perfect_cell_is_not_taken_as_certain():
    """TPR 3/3 in one group, 700/1000 in the other: the first is known to lie above 0.29 only."""
    counts = np.array([[[500, 500], [0, 3]], [[500, 500], [300, 700]]])
    table = found(counts, ALIGNED)
    assert table["unbiased_accuracy"].low < 0.675 - 0.70 / 4 + 0.01  # (.5 + 1 + .5 + .7) / 4 = .675
    assert table["unbiased_accuracy"].high == pytest.approx(0.675, abs=0.02)
    assert table["eo_l2"].low < 0.05
    three = found(np.array([[[500, 500], [0, 3]], [[500, 500], [3, 0]]]))["eo_l2"]  # all right against all wrong
    assert three.low < 0.2 < three.value == pytest.approx(1.0)


def test_clusters_and_weights_count_as_what_they_are_worth():
    """Six persons with five images in each cell, all right, leave the room of six images a cell and not of thirty."""
    people = np.stack([np.stack([5 * np.eye(2)] * 2)] * 6)
    clustered = found(people.sum(0), cluster_counts=people)
    assert clustered["unbiased_accuracy"].low == pytest.approx(exact(6, 6).low)  # six persons, whatever the cells
    for name in ("equal_opportunity_difference_to_overall", "equalized_odds_average"):
        once, m = found(perfect(6))[name], clustered[name]
        assert (m.low, m.high) == pytest.approx((once.low, once.high), abs=1e-6)
    weighted = found(perfect(10) * 0.5, squared=perfect(10) * 0.25)
    for name, m in found(perfect(10)).items():
        if name in LEVELS or "overall" in name:
            assert (weighted[name].low, weighted[name].high) == pytest.approx((m.low, m.high), abs=1e-6)
    sizes = careful_counts(people.sum(0), asked(people[0], cluster_counts=people)).sum(-1)
    assert sizes == pytest.approx(np.full((2, 2), 6.0))


@pytest.mark.parametrize("weight", [1.0, 0.01])
def test_few_heavy_persons_leave_more_room_whatever_the_unit_of_the_weights(weight):
    """Twenty persons, three of whom weigh eight times: of how few a variance is known counts here as well."""
    heavy = np.where(np.arange(20) < 3, 8.0, 1.0)[:, None, None, None] * weight
    right = (np.arange(20) % 4 > 0)[:, None, None, None]
    people = np.where(right, np.eye(2), 1 - np.eye(2))[:, None, 0].repeat(2, 1) * heavy
    squared, fourth = ((people**power).sum(0) for power in (2, 4))
    cells = np.ones((2, 2), bool)
    plain, own = (
        clustered_cells(people.sum(0), cells, asked(people[0], cluster_counts=people, squared=squared, fourth=some))
        for some in (None, fourth)
    )
    scaled = people / people.sum(0).sum(-1)[None, :, :, None] / 4
    size = effective(
        scaled.sum(0), accuracy_of_all, cluster_counts=scaled, squared=squared * (scaled.max() / people.max()) ** 2,
        fourth=fourth * (scaled.max() / people.max()) ** 4,
    )  # fmt: skip
    expected = exact(size.numerator, size.denominator)
    assert (own.low, own.high) == (pytest.approx(expected.low), pytest.approx(expected.high))
    assert own.low <= plain.low


def accuracy_of_all(counts):
    return Rate(np.einsum("...gtt->...", counts), counts.sum((-3, -2, -1)))


@pytest.mark.parametrize("name", MACROS)
def test_averages_over_classes_leave_room_in_every_group(name):
    counts = perfect(4, groups=2, classes=3)
    made = fairness_measurements(counts, asked(counts))
    rows = [m for m in made if m.metric == name and m.group and m.class_ is None]
    assert len(rows) == 2
    assert all((m.value, m.high) == (1, 1) and m.low < 0.85 for m in rows)


def test_what_averages_lack_adds_up_over_classes_like_variances():
    """Of K classes that are all right, each n images: the exact end of n of n, less 1, squared, over K."""
    for classes, images in ((2, 3), (3, 4), (5, 10)):
        lacks = macro_missing(perfect(images, groups=1, classes=classes), "tpr", asked(perfect(1, classes=classes)))
        low = exact(images, images).low
        assert lacks.low[0] == pytest.approx((1 - float(low)) ** 2 / classes)
        assert lacks.high[0] == 0


def test_an_image_decided_wrongly_costs_two_classes_their_overlap():
    counts = perfect(4, groups=1, classes=3).astype(float)
    tpr, iou = (macro_missing(counts, name, asked(counts)).low[0] for name in ("tpr", "iou"))
    assert iou == pytest.approx(2 * tpr)  # both are 4/4 per class here


def test_large_tables_in_between_keep_their_intervals():
    """100 to 400 images a cell at rates of .6 to .9: the room is a few percent of the interval at most."""
    counts = np.array([[[180, 20], [60, 140]], [[300, 100], [90, 210]]])
    share = counts.diagonal(axis1=1, axis2=2) / counts.sum(-1)
    half = 1.96 * np.sqrt((share * (1 - share) / counts.sum(-1)).sum()) / 4
    m = found(counts)["unbiased_accuracy"]
    assert (m.low, m.high) == pytest.approx((share.mean() - half, share.mean() + half), abs=0.2 * half)
