"""AUC by ranks against scikit-learn and pair counting; its size against bootstraps of images and of people."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from fairaudit.measures.scores.ranking import auc, balanced_auc, group_auc, ranked

SCORES = st.lists(st.integers(0, 6), min_size=1, max_size=25)


@given(SCORES, SCORES)
def test_auc_counts_pairs_and_ties_half(positive, negative):
    pairs = [(p > n) + 0.5 * (p == n) for p in positive for n in negative]
    assert auc(positive, negative) == pytest.approx(np.mean(pairs))


@pytest.mark.parametrize("across", ["own", "bnsp", "bpsn"])
def test_group_auc_equals_scikit_learn_on_the_images_compared(across):
    rng = np.random.default_rng(0)
    group, truth = rng.integers(-1, 4, 600), rng.random(600) < 0.4
    scores = np.clip(0.3 * truth + 0.1 * group + rng.random(600) * 0.5, 0, 1).round(2)
    found = group_auc(scores, truth, group, groups=4, across=across)
    for g in range(4):
        own, rest = group == g, (group >= 0) & (group != g)
        used = {"own": own, "bnsp": (own & truth) | (rest & ~truth), "bpsn": (own & ~truth) | (rest & truth)}[across]
        assert found[g].value == pytest.approx(roc_auc_score(truth[used], scores[used]))
        assert (found[g].positives, found[g].negatives) == (truth[used].sum(), (~truth[used]).sum())


def test_the_effective_size_has_the_variance_of_a_bootstrap():
    rng = np.random.default_rng(1)
    positive, negative = rng.normal(1, 1, 80), rng.normal(0, 1, 120)
    found = ranked(positive, negative)
    draws = [auc(rng.choice(positive, 80), rng.choice(negative, 120)) for _ in range(3000)]
    # A little more than that: images that are not there, and Student's quantile.
    assert 0.95 < found.value * (1 - found.value) / found.size / np.var(draws) < 1.2


def test_the_effective_size_of_few_images_written_out():
    """DeLong's two variances, each with four images that rank by chance, and Student's quantile (Satterthwaite)."""
    positive, negative = [0.9, 0.8, 0.3], [0.1, 0.4, 0.2, 0.7, 0.35]
    wins = np.array([[p > n for n in negative] for p in positive], float)
    area, few = wins.mean(), min(wins.shape)
    pulled = (area * few + 2) / (few + 4)  # two trials more on either side
    sides, freedom = [], []
    for shares in (wins.mean(axis=1), wins.mean(axis=0)):
        n, square = len(shares), shares.var(ddof=1)
        sides.append(((n - 1) * square + 4 * pulled * (1 - pulled)) / (n - 1 + 4) / n)
        freedom.append(n - 1)
    df = sum(sides) ** 2 / sum(side**2 / each for side, each in zip(sides, freedom, strict=True))
    lost = (stats.norm.isf(0.025) / stats.t.isf(0.025, df)) ** 2
    assert ranked(positive, negative) == pytest.approx((area, lost * area * (1 - area) / sum(sides), 3, 5))


def test_clusters_have_the_variance_of_a_bootstrap_of_people():
    rng = np.random.default_rng(2)
    person = np.repeat(np.arange(60), 4)
    truth = np.repeat(rng.random(60) < 0.5, 4)
    scores = 0.8 * truth + rng.normal(0, 0.6, 60)[person] + rng.normal(0, 0.3, 240)
    found = ranked(scores[truth], scores[~truth], positive_clusters=person[truth], negative_clusters=person[~truth])
    alone = ranked(scores[truth], scores[~truth])
    draws = []
    for _ in range(2000):
        rows = np.concatenate([np.flatnonzero(person == p) for p in rng.integers(0, 60, 60)])
        draws.append(auc(scores[rows][truth[rows]], scores[rows][~truth[rows]]))
    assert found.value == alone.value
    assert found.size < 0.6 * alone.size
    assert 0.85 < found.value * (1 - found.value) / found.size / np.nanvar(draws) < 1.4


def test_the_unit_of_weights_does_not_matter():
    draw = np.random.default_rng(3)
    positive, negative, heavy, light = draw.normal(1, 1, 30), draw.normal(0, 1, 40), draw.random(30), draw.random(40)
    people = {"positive_clusters": np.arange(30) % 12, "negative_clusters": np.arange(40) % 15}
    for clusters in ({}, people):
        found = [
            ranked(positive, negative, positive_weights=a * heavy, negative_weights=b * light, **clusters)
            for a, b in ((1, 1), (5, 5), (1, 7))
        ]
        assert found[1] == pytest.approx(found[0])
        assert found[2] == pytest.approx(found[0])


def test_a_perfect_ranking_is_worth_its_smaller_side():
    assert ranked([3.0, 4.0, 5.0], [1.0, 2.0]) == (1.0, 2.0, 3, 2)


def test_a_group_without_both_kinds_has_no_auc():
    found = group_auc([0.5, 0.6], [True, True], [0, 0], groups=2)
    assert np.isnan(found[0].value)
    assert found[0].size == 0
    assert np.isnan(auc([], [0.1]))
    assert np.isnan(auc([0.1], []))


def test_unusable_input_is_refused():
    with pytest.raises(ValueError, match="across"):
        group_auc([0.5], [True], [0], groups=1, across="mine")
    with pytest.raises(ValueError, match="one score"):
        group_auc([0.5, 0.1], [True], [0], groups=1)
    with pytest.raises(ValueError, match=r"in \[0, 1\]"):
        group_auc([np.nan], [True], [0], groups=1)
    with pytest.raises(ValueError, match="group codes"):
        group_auc([0.5], [True], [1], groups=1)


def test_balanced_auc_is_that_of_a_sample_with_as_many_images_in_every_cell():
    """Oracle: sklearn's definition by counting pairs, with every image weighing 1 / the size of its cell."""
    draw = np.random.default_rng(5)
    label, group = draw.integers(0, 2, 300), (draw.random(300) < 0.2).astype(int)
    scores = np.round(draw.random(300) + 0.3 * label + 0.4 * group, 1)  # with ties
    weight = np.array([1 / ((label == y) & (group == g)).sum() for y, g in zip(label, group, strict=True)])
    won = 0.0
    total = 0.0
    for i in np.flatnonzero(label == 1):
        for j in np.flatnonzero(label == 0):
            total += weight[i] * weight[j]
            won += weight[i] * weight[j] * ((scores[i] > scores[j]) + 0.5 * (scores[i] == scores[j]))
    assert balanced_auc(scores, label, group) == pytest.approx(won / total)
    unknown = np.append(group, -1)
    assert balanced_auc(np.append(scores, 9.0), np.append(label, 0), unknown) == pytest.approx(won / total)
    assert np.isnan(balanced_auc(scores, np.where(group == 1, 1, label), group))
    assert np.isnan(balanced_auc(scores, label, np.zeros(300, int)))
