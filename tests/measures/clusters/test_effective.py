"""Effective sizes: duplicates are worth one image, unequal weights fewer, and the variance is that of the clusters."""

import numpy as np
import pytest
from scipy.stats import norm, t

from fairaudit.measures.clusters.effective import effective, effective_counts
from fairaudit.measures.counts.confusion import confusion
from fairaudit.measures.counts.rates import accuracy, rate
from fairaudit.measures.intervals.proportion import wilson


def people(number, size, seed=0, spread=1.0):
    """Clusters of `size` images; with spread 1 all images of a person are decided alike, with 0 independently."""
    rng = np.random.default_rng(seed)
    tables = np.zeros((number, 2, 2, 2))
    for person in range(number):
        group, share = person % 2, rng.beta(0.7 / spread, 0.3 / spread) if 0 < spread < 1 else rng.random() < 0.7
        hits = rng.binomial(size, share if spread else 0.7)
        tables[person, group, 1] = size - hits, hits
    return tables


def test_without_weights_and_clusters_nothing_changes():
    counts = people(50, 4).sum(0)
    for found, plain in zip(effective(counts, accuracy), accuracy(counts), strict=True):
        assert found.tolist() == plain.tolist()


def test_images_that_are_decided_alike_count_once_per_person():
    tables = people(400, 5)
    found = effective(tables.sum(0), accuracy, cluster_counts=tables)
    student = (norm.ppf(0.975) / t.ppf(0.975, 199)) ** 2  # 200 persons of a group give 199 degrees of freedom
    np.testing.assert_allclose(found.denominator, 200 * student, rtol=0.01)
    np.testing.assert_allclose(found.value, accuracy(tables.sum(0)).value)


def test_independent_images_keep_about_their_number_and_never_more():
    tables = people(2000, 3, spread=0)
    found = effective(tables.sum(0), accuracy, cluster_counts=tables)
    assert (found.denominator <= 3000).all()
    assert (found.denominator > 2700).all()


def test_cluster_variance_equals_the_bootstrap_over_people():
    tables = people(300, 4, spread=0.5, seed=1)
    found = effective(tables.sum(0), accuracy, cluster_counts=tables)
    rng = np.random.default_rng(2)
    draws = np.array([accuracy(tables[rng.integers(0, 300, 300)].sum(0)).value for _ in range(3000)])
    expected = np.sqrt(found.value * (1 - found.value) / found.denominator)
    np.testing.assert_allclose(draws.std(0), expected, rtol=0.08)


def test_a_rate_of_0_or_1_is_worth_its_number_of_people():
    tables = np.zeros((7, 1, 2, 2))
    tables[:, 0, 1, 1] = 6
    found = effective(tables.sum(0), lambda c: rate(c, "tpr"), cluster_counts=tables)
    assert found.denominator[0, 1] == 7
    assert found.value[0, 1] == 1


def test_an_absent_group_is_worth_nothing():
    tables = people(20, 2)
    tables[:, 1] = 0
    found = effective(tables.sum(0), accuracy, cluster_counts=tables)
    assert found.denominator[1] == 0
    assert found.numerator[1] == 0


def test_a_group_without_images_takes_nothing_from_the_others():
    """What all rates have together is that of those that exist."""
    rng = np.random.default_rng(5)
    hits = rng.binomial(10, rng.beta(0.9, 0.1, size=40))
    tables = np.zeros((40, 5, 2, 2))
    tables[np.arange(40), np.arange(40) // 10, 1] = np.stack([10 - hits, hits], axis=1)
    four = effective(tables[:, :4].sum(0), accuracy, cluster_counts=tables[:, :4])
    five = effective(tables.sum(0), accuracy, cluster_counts=tables)
    alone = [effective(one.sum(0), accuracy, cluster_counts=one).denominator[0] for one in np.split(tables, 5, axis=1)]
    assert five.denominator.tolist() == [*four.denominator.tolist(), 0]
    assert any(among < own - 1 for among, own in zip(five.denominator, alone, strict=True))  # they share something
    assert effective_counts(tables.sum(0), tables.sum(0))[4].tolist() == [[0, 0], [0, 0]]


def test_weights_give_kishs_size():
    rng = np.random.default_rng(3)
    group, true, predicted = rng.integers(0, 2, 100), rng.integers(0, 2, 100), rng.integers(0, 2, 100)
    weights = rng.random(100)
    counts = confusion(group, true, predicted, groups=2, classes=2, weights=weights).counts
    squared = confusion(group, true, predicted, groups=2, classes=2, weights=weights**2).counts
    found = effective(counts, lambda c: rate(c, "tpr"), squared=squared)
    for g in range(2):
        own = weights[(group == g) & (true == 1)]
        assert found.denominator[g, 1] == pytest.approx(own.sum() ** 2 / (own**2).sum())
    scaled = effective_counts(counts, squared)
    for g in range(2):
        own = weights[group == g]
        assert scaled[g].sum() == pytest.approx(own.sum() ** 2 / (own**2).sum())
    np.testing.assert_allclose(rate(scaled, "ppv").value, rate(counts, "ppv").value)


def test_equal_weights_are_whole_images():
    counts = np.array([[[4.0, 2.0], [6.0, 8.0]]]) * 0.5
    found = effective(counts, accuracy, squared=counts * 0.5)
    np.testing.assert_allclose(found.denominator, 20)


def test_few_heavy_images_that_err_are_worth_less_by_students_quantile():
    """Eight heavy images, half of them wrong, among 100 that are right: what v is, and from how few it is known."""
    heavy, wrong = 8, 4
    weights = np.r_[np.full(heavy, 10.0), np.ones(100)]
    true = np.zeros(len(weights), int)
    predicted = np.r_[np.ones(wrong, int), np.zeros(len(weights) - wrong, int)]
    counts, squared, fourth = (
        confusion(true, true, predicted, groups=1, classes=2, weights=weights**power).counts for power in (1, 2, 4)
    )
    p = 1 - wrong * 10 / weights.sum()
    variance = (weights**2 * ((predicted == 0) - p) ** 2).sum() / weights.sum() ** 2
    kish = weights.sum() ** 2 / (weights**2).sum()
    units = 1 / ((weights**4).sum() / (weights**2).sum() ** 2 - 1 / kish)
    worth = (norm.isf(0.025) / t.isf(0.025, units - 1)) ** 2
    plain, found = (effective(counts, accuracy, squared=squared, fourth=some).denominator[0] for some in (None, fourth))
    assert plain == pytest.approx(p * (1 - p) / variance)
    assert found == pytest.approx(plain * worth)
    assert 0.5 < worth < 0.95


@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
def test_equal_weights_take_nothing_off_for_few(level):
    counts = np.array([[[4.0, 2.0], [6.0, 8.0]], [[1.0, 0.0], [0.0, 0.0]]]) * 0.3
    found = effective(counts, accuracy, squared=counts * 0.3, fourth=counts * 0.3**3, level=level)
    np.testing.assert_allclose(found.denominator, [20, 1])


def test_the_unit_of_the_weights_changes_nothing_however_they_are_clustered():
    tables = people(60, 4, spread=0.5, seed=2)
    squared = tables.sum(0)
    sizes = [
        effective(tables.sum(0) * unit, accuracy, squared=squared * unit**2, cluster_counts=tables * unit).denominator
        for unit in (1.0, 0.01, 1000.0)
    ]
    np.testing.assert_allclose(sizes[1], sizes[0])
    np.testing.assert_allclose(sizes[2], sizes[0])


@pytest.mark.parametrize("persons", [4, 10, 40])
def test_intervals_of_few_persons_hold_the_truth(persons):
    """Beta-binomial persons with 10 images each and a correlation of 2/3; intervals of images hold it half the time."""
    rng = np.random.default_rng(persons)
    held, naive = 0, 0
    for _ in range(300):
        hits = rng.binomial(10, rng.beta(0.35, 0.15, size=persons))
        tables = np.zeros((persons, 1, 2, 2))
        tables[:, 0, 1, 0], tables[:, 0, 1, 1] = 10 - hits, hits
        for counted, clusters in ((True, tables), (False, None)):
            sized = effective(tables.sum(0), accuracy, cluster_counts=clusters)
            low, high = wilson(sized.numerator, sized.denominator)
            inside = low[0] <= 0.7 <= high[0]
            held, naive = (held + inside, naive) if counted else (held, naive + inside)
    assert held / 300 > 0.95 - 3.5 * np.sqrt(0.05 * 0.95 / 300)
    assert naive / 300 < 0.7


def test_few_clusters_that_agree_by_chance_do_not_pass_for_many_images():
    """Eight groups of ten persons, alike within: a group where nine persons have no miss and one has one of ten."""
    rng = np.random.default_rng(11)
    tables = np.zeros((80, 8, 2, 2))
    hits = rng.binomial(10, rng.beta(0.9, 0.1, size=80))
    hits[:10] = 10
    hits[3] = 9
    tables[np.arange(80), np.arange(80) // 10, 1, 1] = hits
    tables[np.arange(80), np.arange(80) // 10, 1, 0] = 10 - hits
    alone = effective(tables[:10, :1].sum(0), accuracy, cluster_counts=tables[:10, :1])
    among = effective(tables.sum(0), accuracy, cluster_counts=tables)
    assert alone.denominator[0] < 50  # its own variance alone would make it 64
    assert among.denominator[0] < 30
    assert among.denominator[0] == pytest.approx(
        100 / (1 + 9 * 0.5) * (norm.ppf(0.975) / t.ppf(0.975, 9)) ** 2, rel=0.4
    )
