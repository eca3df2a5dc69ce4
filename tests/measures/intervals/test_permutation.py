"""The permutation null on counts, against shuffled labels, hypergeometric laws and Fisher's exact test."""

import numpy as np
import pytest
from scipy.stats import fisher_exact, hypergeom

from fairaudit.measures.counts.confusion import confusion
from fairaudit.measures.counts.disparities import disparity
from fairaudit.measures.intervals import permutation as module
from fairaudit.measures.intervals.permutation import against_null, permutation_null, permuted, pooled

COUNTS = np.array([[[8, 2], [1, 9]], [[6, 4], [5, 5]], [[3, 0], [2, 7]]])


@pytest.mark.parametrize("null", ["target", "prediction", "none"])
def test_margins_are_kept(null):
    drawn = permuted(COUNTS, null=null, replicates=200, generator=np.random.default_rng(0))
    assert (drawn.sum(1) == COUNTS.sum(0)).all()
    assert (drawn.sum((2, 3)) == COUNTS.sum((1, 2))).all()
    assert drawn.min() >= 0
    if null == "target":
        assert (drawn.sum(-1) == COUNTS.sum(-1)).all()
    if null == "prediction":
        assert (drawn.sum(-2) == COUNTS.sum(-2)).all()


def test_one_cell_of_two_groups_is_hypergeometric():
    counts = np.array([[[0, 0], [6, 14]], [[0, 0], [3, 27]]])
    drawn = permuted(counts, null="target", replicates=40_000, generator=np.random.default_rng(1))[:, 0, 1, 0]
    law = hypergeom(50, 9, 20)
    for misses in range(10):
        assert (drawn == misses).mean() == pytest.approx(law.pmf(misses), abs=0.01)


@pytest.mark.parametrize("null", ["target", "prediction", "none"])
def test_the_null_is_that_of_shuffled_labels(null):
    rng = np.random.default_rng(2)
    group, true, predicted = rng.integers(0, 4, 240), rng.integers(0, 3, 240), rng.integers(0, 3, 240)
    counts = confusion(group, true, predicted, groups=4, classes=3).counts
    stratum = {"target": true, "prediction": predicted, "none": np.zeros(240, int)}[null]
    slow = []
    for _ in range(1200):
        shuffled = group.copy()
        for value in np.unique(stratum):
            rows = np.flatnonzero(stratum == value)
            shuffled[rows] = rng.permutation(shuffled[rows])
        table = confusion(shuffled, true, predicted, groups=4, classes=3).counts
        slow.append(float(disparity(table, "equalized_odds_difference")))
    fast = permutation_null(
        counts,
        lambda c: {"gap": disparity(c, "equalized_odds_difference")},
        null=null,
        replicates=4000,
        generator=rng,
    )["gap"]
    for share in (0.05, 0.5, 0.95):
        assert np.quantile(fast, share) == pytest.approx(np.quantile(slow, share), abs=0.02)


def test_p_value_of_two_groups_is_fishers():
    counts = np.array([[[0, 0], [12, 28]], [[0, 0], [4, 46]]])
    statistic = {"gap": lambda c: np.abs(c[:, 0, 1, 0] / 40 - c[:, 1, 1, 0] / 50)}
    nulls = permutation_null(
        counts,
        lambda c: {"gap": statistic["gap"](c)},
        null="target",
        replicates=40_000,
        generator=np.random.default_rng(3),
    )["gap"]
    found = against_null(abs(12 / 40 - 4 / 50), nulls, larger=True)
    assert found.p_value == pytest.approx(fisher_exact(counts[:, 1]).pvalue, abs=0.004)


def test_p_values_are_valid_when_there_is_no_disparity():
    rng = np.random.default_rng(4)
    p_values = []
    for _ in range(300):
        hits = rng.binomial(40, 0.8, size=5)
        counts = np.stack([np.stack([np.zeros_like(hits)] * 2, -1), np.stack([40 - hits, hits], -1)], 1)
        name = "equal_opportunity_difference"
        nulls = permutation_null(
            counts, lambda c, name=name: {name: disparity(c, name)}, null="target", replicates=199, generator=rng
        )[name]
        p_values.append(against_null(float(disparity(counts, name)), nulls, larger=True).p_value)
    assert np.mean(np.array(p_values) <= 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)
    assert np.mean(p_values) > 0.4


def test_the_correction_takes_the_expected_gap_off_and_stops_at_no_disparity():
    assert against_null(0.3, [0.1, 0.2], larger=True) == pytest.approx((1 / 3, 0.15, 0.15))
    assert against_null(0.1, [0.1, 0.3], larger=True).corrected == 0
    ratio = against_null(0.7, [0.8, 0.9, np.nan], larger=False)
    assert ratio.corrected == pytest.approx(0.85)
    assert ratio.p_value == pytest.approx(1 / 3)
    assert against_null(0.95, [0.8, 0.9], larger=False).corrected == 1


def test_nothing_is_tested_without_a_value_or_a_null():
    assert np.isnan(against_null(np.nan, [0.1], larger=True)).all()
    assert np.isnan(against_null(0.1, [], larger=True)).all()
    assert np.isnan(against_null(0.1, [np.nan], larger=True)).all()


def test_chunks_bound_memory(monkeypatch):
    monkeypatch.setattr(module, "CHUNK_NUMBERS", 12 * 7)
    sizes = []

    def statistics(counts):
        sizes.append(len(counts))
        return {"n": counts[:, 0, 0, 0]}

    drawn = permutation_null(COUNTS, statistics, null="none", replicates=20, generator=np.random.default_rng(5))
    assert sizes == [7, 7, 6]
    assert drawn["n"].shape == (20,)


@pytest.mark.parametrize("counts", [COUNTS * 0.5, -COUNTS, COUNTS[0]])
def test_counts_that_cannot_be_shuffled_are_refused(counts):
    with pytest.raises(ValueError, match="whole counts"):
        permuted(counts, null="target", replicates=1, generator=np.random.default_rng(0))


@pytest.mark.parametrize("null", ["target", "prediction", "none"])
def test_pooled_draws_give_every_group_the_same_distribution(null):
    drawn = pooled(COUNTS * 1.0, null=null, replicates=20_000, generator=np.random.default_rng(6))
    totals = {"target": COUNTS.sum(-1), "prediction": COUNTS.sum(-2), "none": COUNTS.sum((1, 2))}[null]
    axes = {"target": -1, "prediction": -2, "none": (-2, -1)}[null]
    assert (drawn.sum(axes) == totals).all()
    shares = COUNTS.sum(0) / COUNTS.sum(0).sum({"target": -1, "prediction": -2, "none": None}[null], keepdims=True)
    expected = np.expand_dims(totals, axes) * shares
    np.testing.assert_allclose(drawn.mean(0), expected, atol=0.06)


def test_the_null_of_fractional_counts_is_pooled():
    found = permutation_null(
        COUNTS * 0.5, lambda c: {"n": c.sum((1, 2, 3))}, null="none", replicates=4, generator=np.random.default_rng(7)
    )["n"]
    assert found.tolist() == [np.rint(COUNTS.sum((1, 2)) * 0.5).sum()] * 4
