"""Two models on the same images: counts, McNemar's exact test and the paired interval."""

import numpy as np
import pytest
from scipy.stats import binomtest, multinomial

from fairaudit.measures.confusion import confusion
from fairaudit.measures.mcnemar import mcnemar, paired_change, paired_counts


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
    assert 0.93 < coverage < 0.999


def test_no_image_gives_no_change():
    value, (low, high) = paired_change(0, 0, 0)
    assert np.isnan([value, low, high]).all()
