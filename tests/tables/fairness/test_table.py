"""The fairness table: names, values, intervals, reasons, suppression, weights, clusters and reproducibility."""

import numpy as np
import pytest
from scipy import stats

from fairaudit.measures.counts.disparities import (
    DISPARITIES,
    aligned_cells,
    bias_conflict_accuracy,
    disparity,
    unbiased_accuracy,
)
from fairaudit.measures.counts.paper_measures import PAPER_MEASURES
from fairaudit.measures.counts.rates import accuracy, macro, rate
from fairaudit.measures.intervals.proportion import wilson
from fairaudit.measures.intervals.simultaneous import difference_interval, ratio_interval
from fairaudit.tables.fairness.soft import SoftJoint
from fairaudit.tables.fairness.table import fairness_measurements
from fairaudit.tables.rows import FairnessSpec
from fairaudit.tables.statistics import Statistics

COUNTS = np.array([[[80, 20], [10, 90]], [[60, 40], [50, 50]]])
PROMISED = {
    *("accuracy", "selection_rate", "tpr", "fpr", "tnr", "fnr", "ppv", "f1", "iou"),
    *("demographic_parity_difference", "demographic_parity_ratio", "equalized_odds_difference"),
    *("equal_opportunity_difference", "predictive_parity_difference", "accuracy_difference", "impact_ratio"),
    *(
        "worst_cell_accuracy",
        "worst_attribute_group_accuracy",
        "unbiased_accuracy",
        "bias_conflict_accuracy",
        "bias_aligned_accuracy",
    ),
    *("dp_l2", "dp_mi", "eo_l2", "eo_mi", "iou_l2", "iou_std"),
    *("soft_dp_l2", "soft_dp_mi", "soft_eo_l2", "soft_eo_mi", "soft_iou_l2", "soft_iou_std"),
}


FIELDS = {"level", "replicates", "seed", "min_cell"}


def made(counts=COUNTS, **arguments):
    statistics = Statistics(**{"replicates": 300, **{k: arguments.pop(k) for k in FIELDS & set(arguments)}})
    groups, classes = counts.shape[:2]
    given = {
        "attribute": "hat",
        "groups": tuple(f"g{index}" for index in range(groups)),
        "classes": tuple(f"c{index}" for index in range(classes)),
        "statistics": statistics,
    }
    beside = {name: arguments.pop(name) for name in ("aligned", "soft") if name in arguments}
    return fairness_measurements(counts, FairnessSpec(**{**given, **arguments}), **beside)


def joint(counts):
    """The joint of one-hot scores, without a covariance."""
    return SoftJoint(joint=counts / counts.sum(), covariance=None, units=1, effective=1.0, clustered=False)


def one(table, metric, group=None, class_=None):
    found = [m for m in table if (m.metric, m.group) == (metric, group) and class_ in (None, m.class_)]
    assert len(found) == 1, (metric, group, len(found))
    return found[0]


def test_every_promised_name_is_there_once_per_place():
    table = made(aligned=[[True, False], [False, True]], soft=joint(COUNTS))
    assert {m.metric for m in table} >= PROMISED
    assert len({m.id for m in table}) == len(table)
    assert {m.audit for m in table} == {"fairness"}


def test_rates_carry_their_counts_and_wilsons_interval():
    table = made()
    tpr = one(table, "tpr", "g1")
    assert (tpr.value, tpr.numerator, tpr.denominator, tpr.class_, tpr.n) == (0.5, 50, 100, "c1", 200)
    low, high = wilson(50, 100)
    assert (tpr.low, tpr.high, tpr.interval, tpr.level) == (float(low), float(high), "wilson", 0.95)
    assert tpr.extra == {"positives": 100, "negatives": 100}
    assert one(table, "accuracy", "g0").value == pytest.approx(float(accuracy(COUNTS).value[0]))
    assert one(table, "fpr", "g0").better == "lower"


def test_disparities_carry_the_pair_and_the_simultaneous_interval():
    gap = one(made(), "equalized_odds_difference")
    bounds = difference_interval([[90, 50], [20, 40]], [[100, 100], [100, 100]])
    assert gap.value == pytest.approx(0.4)
    assert (gap.low, gap.high) == (pytest.approx(bounds.low), pytest.approx(bounds.high))
    assert (gap.extra["rate"], gap.extra["highest"], gap.extra["lowest"]) == ("tpr", "g0", "g1")
    assert (gap.extra["highest_n"], gap.extra["lowest_value"]) == (100, 0.5)
    assert gap.p_value == pytest.approx(1 / 301)
    assert 0.3 < gap.corrected < 0.4


def test_smooth_numbers_equal_their_functions_inside_their_intervals():
    aligned = aligned_cells([[150, 100], [100, 100]])
    table = made(aligned=aligned, soft=joint(COUNTS * 0.5))
    expected = {
        "unbiased_accuracy": unbiased_accuracy(COUNTS),
        "bias_conflict_accuracy": bias_conflict_accuracy(COUNTS, aligned),
        "equalized_odds_average": disparity(COUNTS, "equalized_odds_average"),
        "demographic_parity_ratio_to_overall": disparity(COUNTS, "demographic_parity_ratio_to_overall"),
        **{name: measure(COUNTS) for name, measure in PAPER_MEASURES.items()},
    }
    for name, value in expected.items():
        found = one(table, name)
        assert found.value == pytest.approx(float(value))
        assert found.low <= found.value <= found.high
        assert found.interval == ("max-t" if name in DISPARITIES else "bootstrap")
    assert one(table, "soft_dp_mi").value == pytest.approx(one(table, "dp_mi").value)


def test_a_gap_with_a_missing_rate_is_undefined_with_the_group_and_still_bounded():
    counts = COUNTS.copy()
    counts = np.concatenate([counts, [[[30, 5], [0, 0]]]])
    table = made(counts)
    gap = one(table, "equal_opportunity_difference")
    assert (gap.value, gap.status) == (None, "undefined")
    assert gap.reason == "tpr does not exist for group g2: no image whose label is c1"
    assert gap.low > 0.2  # the other two groups already prove one
    assert one(table, "tpr", "g2").reason == "group g2 has no image whose label is c1"
    assert one(table, "demographic_parity_difference").status == "ok"


def test_a_group_without_images_is_named_and_not_compared():
    counts = np.concatenate([COUNTS, np.zeros((1, 2, 2), int)])
    gap = one(made(counts), "accuracy_difference")
    assert gap.value == pytest.approx(one(made(), "accuracy_difference").value)
    assert gap.extra["groups_without_images"] == "g2"
    assert one(made(counts), "accuracy", "g2").reason == "group g2 has no image"


def test_nothing_to_compare_is_undefined_not_equal():
    table = made(np.concatenate([COUNTS[:1], np.zeros((1, 2, 2), int)]))
    for name in ("equalized_odds_difference", "demographic_parity_ratio", "dp_mi", "iou_std"):
        found = one(table, name)
        if found.value is None:
            assert found.reason == "fewer than two groups have images"
    assert one(table, "equalized_odds_difference").value is None
    assert all(m.value is None for m in made(np.zeros((2, 2, 2), int)))


def test_small_cells_are_suppressed_in_print_and_still_counted():
    counts = np.concatenate([COUNTS, [[[1, 2], [0, 3]]]])
    plain, hidden = made(counts), made(counts, min_cell=10)
    for m in hidden:
        if m.group == "g2":
            assert m.status == "suppressed"
            assert m.value is m.numerator is m.n is None
    for name in ("equalized_odds_difference", "accuracy_difference"):
        assert one(hidden, name).value == one(plain, name).value
        assert not [key for key, value in one(hidden, name).extra.items() if value in (3, 6, 1.0) and "_n" in key]


def test_several_classes_are_each_set_against_the_rest_and_averaged():
    counts = np.random.default_rng(0).integers(1, 30, size=(3, 4, 4))
    table = made(counts)
    for c in range(4):
        assert one(table, "ppv", "g1", f"c{c}").value == pytest.approx(float(rate(counts, "ppv").value[1, c]))
    averages = {m.group: m.value for m in table if m.metric == "f1" and m.class_ is None}
    np.testing.assert_allclose([averages[f"g{g}"] for g in range(3)], macro(counts, "f1"))
    gaps = {m.class_: m.value for m in table if m.metric == "tpr_difference"}
    values = rate(counts, "tpr").value
    np.testing.assert_allclose([gaps[f"c{c}"] for c in range(4)], np.ptp(values, axis=0))


def test_the_same_seed_gives_the_same_table_and_another_one_does_not():
    first, again, other = made(seed=1), made(seed=1), made(seed=2)
    assert [m.model_dump() for m in first] == [m.model_dump() for m in again]
    assert [m.low for m in first] != [m.low for m in other]
    assert [m.value for m in first] == [m.value for m in other]


def test_clusters_widen_the_intervals_and_leave_the_values():
    tables = np.zeros((80, 2, 2, 2), int)
    rng = np.random.default_rng(3)
    for person in range(80):
        tables[person, person % 2, rng.integers(0, 2), rng.integers(0, 2)] = 5
    counts = tables.sum(0)
    images, people = made(counts), made(counts, cluster_counts=tables)
    for name in (
        "equalized_odds_difference",
        "eo_l2",
        "unbiased_accuracy",
        "worst_attribute_group_accuracy",
        "worst_cell_accuracy",
    ):
        plain, wide = one(images, name), one(people, name)
        assert wide.value == plain.value
        assert wide.high - wide.low > plain.high - plain.low
        assert (plain.unit, wide.unit) == ("image", "cluster")
    assert one(people, "unbiased_accuracy").interval == "cluster-bootstrap"
    assert one(people, "equalized_odds_difference").p_value is None


def persons(seed, number=60, size=12):
    """No disparity: persons of two groups whose images are all decided alike, and truths drawn per image."""
    rng = np.random.default_rng(seed)
    tables = np.zeros((number, 2, 2, 2), int)
    for person in range(number):
        hits, alarms = rng.random(2) < (0.8, 0.2)
        positives = rng.integers(4, 9)
        tables[person, person % 2, 1, int(hits)] += positives
        tables[person, person % 2, 0, int(alarms)] += size - positives
    return tables


@pytest.mark.slow
def test_gaps_of_clustered_groups_without_disparity_are_seldom_proved():
    """Also where the end that proves one comes from pooled draws: those are of the rate that clusters agree in most."""
    names = ("equalized_odds_difference", "equalized_odds_average", "demographic_parity_difference_to_overall")
    alarms = np.zeros((2, 3))
    for seed in range(12):
        tables = persons(seed)
        for place, clusters in enumerate((tables, None)):
            table = made(tables.sum(0), cluster_counts=clusters, replicates=100, seed=seed)
            alarms[place] += [one(table, name).low > 0 for name in names]
    assert alarms[0].max() <= 3, alarms  # four of twelve have probability 0.002 at the nominal level
    assert alarms[1].sum() >= 12, alarms


def test_one_cluster_gives_values_without_resampled_intervals():
    found = one(made(COUNTS, cluster_counts=COUNTS[None]), "unbiased_accuracy")
    assert found.value == pytest.approx(float(unbiased_accuracy(COUNTS)))
    assert found.low is found.high is found.interval is None


def test_weights_change_the_values_and_use_effective_sizes():
    counts = COUNTS * np.array([1.0, 3.0])[:, None, None]
    squared = COUNTS * np.array([1.0, 9.0])[:, None, None]
    table, plain = made(counts, squared=squared), made()
    for name in ("equalized_odds_difference", "worst_attribute_group_accuracy"):
        for end in ("value", "low", "high"):
            assert getattr(one(table, name), end) == pytest.approx(getattr(one(plain, name), end))
    assert one(table, "tpr", "g1").denominator == 300
    assert one(table, "tpr", "g1").low == pytest.approx(one(plain, "tpr", "g1").low)


def test_counts_must_fit_the_names():
    with pytest.raises(ValueError, match="counts need shape"):
        made(COUNTS, groups=("a",))


def test_gaps_tell_how_many_wrong_labels_would_change_their_verdict():
    counts = np.array([[[80, 20], [10, 90]], [[78, 22], [16, 84]]])
    found = one(made(counts, tolerance=0.1), "equal_opportunity_difference").extra["label_error_that_flips"]
    assert found == pytest.approx(0.2, abs=0.005)
    assert "label_error_that_flips" not in one(made(counts), "equal_opportunity_difference").extra


def test_the_impact_ratio_has_the_interval_of_its_pair():
    found = one(made(), "impact_ratio", "g1")  # selected: 110 of 200 and 90 of 200
    bounds = ratio_interval([[110, 90]], [[200, 200]])
    assert found.value == pytest.approx(90 / 110)
    assert (found.low, found.high, found.interval) == (pytest.approx(bounds.low), pytest.approx(bounds.high), "max-t")
    best = one(made(), "impact_ratio", "g0")
    assert (best.value, best.high) == (1, 1)
    assert one(made(np.concatenate([COUNTS[:1], np.zeros((1, 2, 2), int)])), "impact_ratio", "g0").low is None


def test_a_cell_is_small_by_its_images_and_not_by_their_weight():
    light, heavy = (
        made(COUNTS * unit, squared=COUNTS * unit**2, images=COUNTS, min_cell=150) for unit in (0.01, 100.0)
    )
    for table in (light, heavy):
        assert one(table, "accuracy", "g0").status == "ok"  # 200 images
        assert one(table, "tpr", "g0").status == "suppressed"  # 100 images
        assert one(table, "impact_ratio", "g1").status == "ok"
        assert "highest_n" not in one(table, "equalized_odds_difference").extra


def test_the_worst_cell_is_named_and_its_interval_holds_for_all_cells_at_once():
    found = one(made(), "worst_cell_accuracy")
    assert (found.value, found.extra["lowest_group"], found.extra["lowest_class"]) == (0.5, "g1", "c1")
    right, images = np.array([80, 90, 60, 50]), np.full(4, 100)
    tail = 1 - (1 - 0.025) ** (1 / 4)
    assert found.high == pytest.approx(stats.beta.ppf(1 - tail, right + 1, images - right).min())  # Clopper-Pearson
    assert found.low == pytest.approx(stats.beta.ppf(0.025, right, images - right + 1).min())
    assert found.n == 400


def test_cells_have_rows_of_their_own():
    cells = {(m.group, m.class_): m for m in made() if m.metric == "cell_accuracy"}
    assert {place: m.value for place, m in cells.items()} == {
        ("g0", "c0"): 0.8, ("g0", "c1"): 0.9, ("g1", "c0"): 0.6, ("g1", "c1"): 0.5
    }  # fmt: skip
    ends = wilson(50, 100)
    assert (cells["g1", "c1"].low, cells["g1", "c1"].high) == pytest.approx((float(ends.low), float(ends.high)))
    hidden = [m.status for m in made(min_cell=101) if m.metric == "cell_accuracy"]
    assert hidden == ["suppressed"] * 4


def test_an_empty_cell_leaves_the_worst_cell_undefined():
    counts = COUNTS.copy()
    counts[0, 1] = 0
    table = made(counts)
    worst = one(table, "worst_cell_accuracy")
    assert (worst.value, worst.status, worst.reason) == (
        None,
        "undefined",
        "1 cells of group and true class have no image",
    )
    empty = next(m for m in table if (m.metric, m.group, m.class_) == ("cell_accuracy", "g0", "c1"))
    assert (empty.value, empty.reason) == (None, "group g0 has no image of class c1")


def test_overlap_over_other_classes_is_not_compared():
    counts = np.array([[[8, 2], [1, 9]], [[6, 4], [0, 0]]])
    table = made(counts, soft=joint(counts))
    for name in ("iou_l2", "iou_std", "soft_iou_l2", "soft_iou_std"):
        found = one(table, name)
        assert (found.value, found.reason) == (None, "1 cells of group and true class have no image"), name
    assert one(table, "dp_l2").value is not None
    nobody = made(np.array([[[8, 2], [1, 9]], [[6, 4], [5, 5]], [[0, 0], [0, 0]]]))
    assert one(nobody, "iou_l2").value is not None
