"""Two models on the same images: counts, McNemar's exact test and the paired interval."""

import itertools

import numpy as np
import pytest
from scipy.stats import binomtest, multinomial

from fairaudit.measures.counts.confusion import confusion
from fairaudit.measures.intervals.mcnemar import (
    clustered_mcnemar,
    clustered_size,
    mcnemar,
    paired_change,
    paired_counts,
)


def test_paired_counts_equal_a_loop_and_sum_to_both_confusions():
    rng = np.random.default_rng(0)
    group, true = rng.integers(-1, 3, 300), rng.integers(-1, 4, 300)
    new, old = rng.integers(0, 4, 300), rng.integers(0, 4, 300)
    counts = paired_counts(group, true, new, old, groups=3, classes=4)
    slow = np.zeros((3, 4, 4, 4), int)
    for place in zip(group, true, new, old, strict=True):
        if min(place) >= 0:
            slow[place] += 1
    assert (counts == slow).all()
    for axis, decisions in ((-1, new), (-2, old)):
        expected = confusion(group, true, decisions, groups=3, classes=4).counts
        assert (counts.sum(axis) == expected).all()


@pytest.mark.parametrize(("new", "old"), [([0, 1], [0]), ([2], [0]), ([0], [-1])])
def test_decisions_that_are_no_pair_are_refused(new, old):
    with pytest.raises(ValueError, match="decisions"):
        paired_counts([0], [0], new, old, groups=1, classes=2)


@pytest.mark.parametrize(("gained", "lost"), [(1, 9), (5, 5), (0, 12), (40, 61), (3, 2)])
def test_mcnemar_is_the_exact_binomial_test(gained, lost):
    assert mcnemar(gained, lost) == pytest.approx(min(1.0, binomtest(gained, gained + lost).pvalue))


def test_nothing_changed_is_no_evidence():
    assert mcnemar([0], [0]).tolist() == [1.0]


@pytest.mark.parametrize(("images", "shares"), [(30, (0.1, 0.1)), (60, (0.02, 0.12)), (200, (0.0, 0.03))])
def test_the_paired_interval_covers_about_as_often_as_it_says(images, shares):
    gained, lost = np.meshgrid(np.arange(images + 1), np.arange(images + 1), indexing="ij")
    possible = gained + lost <= images
    gained, lost = gained[possible], lost[possible]
    weight = multinomial.pmf(np.stack([gained, lost, images - gained - lost], 1), images, [*shares, 1 - sum(shares)])
    _, (low, high) = paired_change(gained, lost, images)
    truth = shares[0] - shares[1]
    coverage = weight[(low <= truth + 1e-12) & (truth <= high + 1e-12)].sum()
    assert 0.945 < coverage < 0.999


@pytest.mark.parametrize(("images", "most"), [(10, 0.029), (20, 0.025), (40, 0.025)])
def test_either_end_of_the_paired_interval_is_wrong_as_seldom_as_it_says(images, most):
    """Every table of that many images, for changes of one kind only too, as where a model lost hits and gained none."""
    gained, lost = np.meshgrid(np.arange(images + 1), np.arange(images + 1), indexing="ij")
    possible = gained + lost <= images
    gained, lost = gained[possible], lost[possible]
    _, (low, high) = paired_change(gained, lost, images)
    for shares in itertools.product((0.0, 0.001, 0.01, 0.05, 0.2, 0.5), (0.0, 0.001, 0.01, 0.05, 0.2, 0.5)):
        rest = [*shares, 1 - sum(shares)]
        weight = multinomial.pmf(np.stack([gained, lost, images - gained - lost], 1), images, rest)
        truth = shares[0] - shares[1]
        assert weight[low > truth + 1e-12].sum() <= most
        assert weight[high < truth - 1e-12].sum() <= most


def test_no_image_gives_no_change():
    value, (low, high) = paired_change(0, 0, 0)
    assert np.isnan([value, low, high]).all()


def test_signs_of_whole_clusters_are_changed_in_every_way():
    """All 2^m sign changes, counted."""
    rng = np.random.default_rng(8)
    for _ in range(30):
        d = rng.integers(-4, 5, rng.integers(1, 9))
        sums = [abs(int(np.dot(signs, d))) for signs in itertools.product((-1, 1), repeat=len(d))]
        expected = np.mean(np.array(sums) >= abs(d.sum()))
        assert clustered_mcnemar(d).item() == pytest.approx(expected)


@pytest.mark.parametrize(("b", "c"), [(0, 0), (1, 9), (300, 340), (0, 60)])
def test_one_image_per_cluster_is_mcnemars_test(b, c):
    d = np.repeat([1, -1, 0], [b, c, 5])
    assert clustered_mcnemar(d).item() == pytest.approx(mcnemar(b, c).item(), rel=1e-6, abs=1e-15)
    size = clustered_size(d == 1, d == -1, np.ones(len(d)))
    assert size.item() == pytest.approx(len(d), rel=0.06 if b + c > 20 else 0.6)


def test_images_that_change_together_are_worth_their_cluster():
    rng = np.random.default_rng(9)
    d = rng.integers(-1, 2, 500)
    size = clustered_size(np.maximum(d, 0) * 8, np.maximum(-d, 0) * 8, np.full(500, 8))
    assert size.item() == pytest.approx(500, rel=0.02)


def test_clusters_need_whole_differences():
    with pytest.raises(ValueError, match="whole numbers"):
        clustered_mcnemar([0.5])


def test_changes_of_clustered_images_keep_their_level_where_images_do_not():
    """No true change; twelve persons whose ten images change together, with probability 0.4."""
    rng = np.random.default_rng(6)
    shares = np.zeros((2, 2))
    for _ in range(400):
        d = rng.choice([-10, 0, 10], p=[0.2, 0.6, 0.2], size=12)
        gained, lost = np.maximum(d, 0), np.maximum(-d, 0)
        worth = clustered_size(gained, lost, np.full(12, 10)) / 120
        for place, (scale, p) in enumerate(((worth, clustered_mcnemar(d)), (1.0, mcnemar(gained.sum(), lost.sum())))):
            _, (low, high) = paired_change(gained.sum() * scale, lost.sum() * scale, 120 * scale)
            shares[place] += low <= 0 <= high, p <= 0.05
    (held, rejected), (naive_held, naive_rejected) = shares / 400
    assert held > 0.95 - 3.5 * np.sqrt(0.05 * 0.95 / 400)
    assert rejected < 0.05 + 3.5 * np.sqrt(0.05 * 0.95 / 400)
    assert naive_held < 0.6
    assert naive_rejected > 0.4
