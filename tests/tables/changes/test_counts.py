"""Candidate against baseline: changes equal differences of tables, levels hold, and levelling down is seen."""

import numpy as np
import pytest

from fairaudit.measures.counts.confusion import confusion
from fairaudit.measures.counts.disparities import disparity, worst_attribute_group_accuracy, worst_cell_accuracy
from fairaudit.measures.counts.paper_measures import PAPER_MEASURES
from fairaudit.measures.counts.rates import accuracy, rate
from fairaudit.measures.intervals.mcnemar import mcnemar, paired_counts
from fairaudit.tables.changes.counts import CHANGES, baseline_counts, candidate_counts, paired_measurements
from fairaudit.tables.rows import FairnessSpec
from fairaudit.tables.statistics import Statistics

FIELDS = {"level", "replicates", "seed", "min_cell"}


def made(counts, **arguments):
    statistics = Statistics(**{"replicates": 300, **{k: arguments.pop(k) for k in FIELDS & set(arguments)}})
    groups, classes = counts.shape[:2]
    names = {"groups": tuple(f"g{g}" for g in range(groups)), "classes": tuple(f"c{c}" for c in range(classes))}
    asked = FairnessSpec(**{"attribute": "hat", "statistics": statistics, **names, **arguments})
    return paired_measurements(counts, asked, baseline="old")


def one(table, metric, group=None, class_=None):
    (found,) = [m for m in table if (m.metric, m.group) == (metric, group) and class_ in (None, m.class_)]
    return found


def models(seed, groups=3, classes=2, number=900, agree=0.8):
    rng = np.random.default_rng(seed)
    group, true = rng.integers(0, groups, number), rng.integers(0, classes, number)
    old = np.where(rng.random(number) < 0.8, true, rng.integers(0, classes, number))
    new = np.where(rng.random(number) < agree, old, np.where(rng.random(number) < 0.8, true, 0))
    return group, true, new, old


@pytest.mark.parametrize("classes", [2, 4])
def test_changes_are_differences_of_the_two_tables(classes):
    group, true, new, old = models(classes, classes=classes)
    counts = paired_counts(group, true, new, old, groups=3, classes=classes)
    table = made(counts)
    first = confusion(group, true, new, groups=3, classes=classes).counts
    second = confusion(group, true, old, groups=3, classes=classes).counts
    assert (candidate_counts(counts) == first).all()
    assert (baseline_counts(counts) == second).all()
    for name in CHANGES:
        found = one(table, f"{name}_change")
        assert found.value == pytest.approx(float(disparity(first, name) - disparity(second, name)), abs=1e-12)
        assert found.low <= found.value <= found.high
        assert found.baseline == "old"
    for measure in (worst_cell_accuracy, worst_attribute_group_accuracy):
        found = one(table, f"{measure.__name__}_change")
        assert found.value == pytest.approx(float(measure(first) - measure(second)))
        assert found.low <= found.value <= found.high
    for g in range(3):
        change = accuracy(first).value[g] - accuracy(second).value[g]
        assert one(table, "accuracy_change", f"g{g}").value == pytest.approx(change)
        for name in ("tpr", "fpr"):
            for c in (1,) if classes == 2 else range(classes):
                change = rate(first, name).value[g, c] - rate(second, name).value[g, c]
                assert one(table, f"{name}_change", f"g{g}", f"c{c}").value == pytest.approx(change)
    assert len({m.id for m in table}) == len(table)


def test_p_values_are_mcnemars_on_the_images_of_the_group():
    group, true, new, old = models(1)
    found = one(made(paired_counts(group, true, new, old, groups=3, classes=2)), "accuracy_change", "g1")
    own = group == 1
    gained, lost = ((new == true) & (old != true))[own].sum(), ((new != true) & (old == true))[own].sum()
    assert found.p_value == pytest.approx(float(mcnemar(gained, lost)))
    assert found.extra == {"candidate_only": gained, "baseline_only": lost}
    assert found.n == own.sum()


def test_equal_models_have_not_changed_anything():
    group, true, _, old = models(2)
    table = made(paired_counts(group, true, old, old, groups=3, classes=2))
    assert {m.value for m in table} == {0.0}
    assert all(m.low <= 0 <= m.high for m in table if m.metric != "iou_std_change")


def levelled(lower_best, raise_worst):
    """TPR .9 and .7 before; the candidate takes hits from the first group or gives some to the second."""
    counts = np.zeros((2, 2, 2, 2), int)
    counts[:, 0, 0, 0] = 100
    counts[0, 1] = [[10, lower_best], [0, 90 - lower_best]]
    counts[1, 1] = [[30 - raise_worst, 0], [raise_worst, 70]]
    return counts


def test_a_gap_that_shrinks_by_harm_is_called_levelling_down():
    harm = one(made(levelled(15, 0)), "equal_opportunity_difference_change")
    progress = one(made(levelled(0, 15)), "equal_opportunity_difference_change")
    both = one(made(levelled(5, 5)), "equal_opportunity_difference_change")
    assert harm.value == progress.value == pytest.approx(-0.15)
    assert (harm.extra["levelled_down"], progress.extra["levelled_down"], both.extra["levelled_down"]) == (
        True,
        False,
        False,
    )


def test_levelling_down_of_false_alarms_means_more_of_them_for_the_better_group():
    counts = np.zeros((2, 2, 2, 2), int)
    counts[:, 1, 1, 1] = 100
    counts[0, 0] = [[75, 0], [15, 10]]  # FPR .1 before, .25 now
    counts[1, 0] = [[70, 0], [0, 30]]  # FPR .3 before and now
    found = one(made(counts), "equalized_odds_difference_change")
    assert found.value == pytest.approx(-0.15)
    assert found.extra["levelled_down"] is True


def test_two_models_that_are_alike_on_average_raise_few_alarms():
    alarms = []
    for seed in range(80):
        rng = np.random.default_rng(seed)
        group, true = rng.integers(0, 4, 800), rng.integers(0, 2, 800)
        new, old = (np.where(rng.random(800) < 0.85, true, 1 - true) for _ in range(2))
        table = made(paired_counts(group, true, new, old, groups=4, classes=2), replicates=20)
        found = one(table, "equalized_odds_difference_change")
        alarms.append(found.low > 0 or found.high < 0)
    assert np.mean(alarms) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 80)


def test_a_real_change_is_found():
    group, true, _, old = models(3, number=4000)
    new = np.where((group == 0) & (np.arange(4000) % 3 == 0), 1 - true, old)
    table = made(paired_counts(group, true, new, old, groups=3, classes=2))
    assert one(table, "accuracy_difference_change").low > 0
    assert one(table, "accuracy_change", "g0").high < 0
    assert one(table, "accuracy_change", "g1").value == 0


def test_a_group_without_positives_is_undefined_and_small_ones_are_suppressed():
    group, true, new, old = models(4)
    true = np.where(group == 2, 0, true)
    table = made(paired_counts(group, true, new, old, groups=3, classes=2))
    assert one(table, "tpr_change", "g2").reason == "group g2 has no image that counts for tpr"
    assert one(table, "equal_opportunity_difference_change").reason == "it does not exist for one of the two models"
    hidden = made(paired_counts(group, true, new, old, groups=3, classes=2), min_cell=10_000)
    assert one(hidden, "accuracy_change", "g0").status == "suppressed"


def test_clusters_are_resampled_whole():
    group, true, new, old = models(5)
    counts = paired_counts(group, true, new, old, groups=3, classes=2)
    each = np.stack(
        [
            paired_counts(*(part[[i]] for part in (group, true, new, old)), groups=3, classes=2)
            for i in range(len(group))
        ]
    )
    table, images = made(4 * counts, cluster_counts=4 * each), made(counts)
    found, once = (one(part, "equalized_odds_difference_change") for part in (table, images))
    assert (found.interval, found.unit) == ("paired", "cluster")
    # Persons whose four images are decided alike are worth one image each.
    assert (found.low, found.high) == pytest.approx((once.low, once.high), abs=0.03)
    assert found.high - found.low > 1.5 * (lambda m: m.high - m.low)(one(made(4 * counts), found.metric))
    assert one(table, "accuracy_change", "g0").unit == "cluster"
    single = made(counts, cluster_counts=counts[None])
    change = one(single, "equalized_odds_difference_change")
    assert (change.low, change.high) == (-1, 1)  # one cluster tells nothing


def test_clusters_of_one_image_each_change_like_images():
    group, true, new, old = models(7)
    counts = paired_counts(group, true, new, old, groups=3, classes=2)
    each = np.stack(
        [paired_counts(*(part[[i]] for part in (group, true, new, old)), groups=3, classes=2) for i in range(900)]
    )
    images, clusters = made(counts), made(counts, cluster_counts=each)
    for m in images:
        if m.group is not None:
            found = one(clusters, m.metric, m.group)
            assert (found.value, found.p_value) == (m.value, pytest.approx(m.p_value))
            assert found.high - found.low == pytest.approx(m.high - m.low, rel=0.03)


def test_counts_must_fit_the_names():
    with pytest.raises(ValueError, match="counts need shape"):
        made(np.zeros((2, 2, 2, 2)), groups=("a",))


@pytest.mark.parametrize("name", PAPER_MEASURES)
def test_papers_measures_change_by_their_difference(name):
    draw = np.random.default_rng(3)
    both = draw.integers(1, 40, (2, 2, 2, 2))
    asked = FairnessSpec(
        attribute="hat", groups=("no", "yes"), classes=("0", "1"), statistics=Statistics(replicates=300)
    )
    (found,) = [m for m in paired_measurements(both, asked, baseline="old") if m.metric == f"{name}_change"]
    new, old = both.sum(3), both.sum(2)
    assert found.value == pytest.approx(float(PAPER_MEASURES[name](new) - PAPER_MEASURES[name](old)))
    assert found.better == "lower"
    if name == "iou_std":
        assert found.interval is None
        return
    assert found.low <= found.value <= found.high
    same = np.zeros((2, 2, 2, 2), int)
    same[..., [0, 1], [0, 1]] = both.sum(3)
    (none,) = [m for m in paired_measurements(same, asked, baseline="old") if m.metric == f"{name}_change"]
    # Two models that agree on every image so far may differ on the next: room that shrinks with their number.
    assert none.low < none.value == 0 < none.high
    (fewer,) = [m for m in paired_measurements(100 * same, asked, baseline="old") if m.metric == f"{name}_change"]
    assert fewer.high < none.high / 10


@pytest.mark.parametrize("images", [3, 50, 500])
def test_models_that_agree_on_every_image_may_differ_on_the_next(images):
    """No discordant image of n: with 3.69/n of them, 0 is found in 2.5 % of samples, so the room must reach there."""
    both = np.zeros((2, 2, 2, 2), int)
    both[:, 0, 0, 0] = both[:, 1, 1, 1] = images
    asked = FairnessSpec(
        attribute="hat", groups=("no", "yes"), classes=("0", "1"), statistics=Statistics(replicates=400)
    )
    table = {m.metric: m for m in paired_measurements(both, asked, baseline="old") if m.group is None}
    possible = min(1.0, 3.69 / images)
    gap, level = table["equalized_odds_difference_change"], table["unbiased_accuracy_change"]
    assert gap.high >= min(0.7 * possible, 2 / 3)
    assert level.low <= -possible / 4  # all in one of four cells
    assert gap.value == level.value == 0
