"""Calibration against scikit-learn and loops over bins; intervals against resampled images."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from fairaudit.measures.scores.calibration import (
    brier,
    calibration_error,
    calibration_interval,
    reliability,
    reliability_curve,
)


def images(seed=0, number=900, shift=0.1):
    rng = np.random.default_rng(seed)
    group, scores = rng.integers(0, 2, number), rng.random(number)
    return scores, rng.random(number) < np.clip(scores - shift * group, 0, 1), group


def slow_error(scores, truth, bins):
    place = np.minimum((scores * bins).astype(int), bins - 1)
    gaps = [(place == b).sum() * abs(truth[place == b].mean() - scores[place == b].mean()) for b in np.unique(place)]
    return sum(gaps) / len(scores)


@pytest.mark.parametrize("bins", [5, 15])
def test_error_and_brier_equal_their_definitions(bins):
    scores, truth, group = images()
    found = reliability(scores, truth, group, groups=3, bins=bins)
    value, _ = brier(found, z=1.96)
    for g in range(2):
        own = group == g
        assert calibration_error(found)[g] == pytest.approx(slow_error(scores[own], truth[own], bins))
        assert value[g] == pytest.approx(brier_score_loss(truth[own], scores[own]))
    assert np.isnan(calibration_error(found)[2])
    assert np.isnan(value[2])


def test_the_curve_equals_scikit_learn():
    scores, truth, group = images(1)
    mean, share, _ = reliability_curve(reliability(scores, truth, group * 0, groups=1, bins=10))
    expected_share, expected_mean = calibration_curve(truth, scores, n_bins=10)
    np.testing.assert_allclose(mean[0], expected_mean)
    np.testing.assert_allclose(share[0], expected_share)


def test_parts_add_up():
    scores, truth, group = images(2)
    halves = [reliability(scores[part], truth[part], group[part], groups=2) for part in (slice(400), slice(400, 900))]
    whole = reliability(scores, truth, group, groups=2)
    np.testing.assert_allclose((halves[0] + halves[1]).score_sum, whole.score_sum)
    np.testing.assert_array_equal((halves[0] + halves[1]).images, whole.images)
    np.testing.assert_allclose(calibration_error(halves[0] + halves[1]), calibration_error(whole))


def test_the_error_of_a_calibrated_model_has_an_interval_that_starts_at_0():
    rng = np.random.default_rng(3)
    low = []
    for seed in range(60):
        scores, truth, group = images(seed, number=400, shift=0.0)
        found = reliability(scores, truth, group * 0, groups=1)
        low.append(calibration_interval(found, replicates=300, generator=rng).low[0])
    assert np.mean(np.array(low) > 0.02) <= 0.05
    scores, truth, _ = images(4, number=4000, shift=0.0)
    bad = reliability(scores, truth & (scores < 0.5), np.zeros(4000, int), groups=1)
    assert calibration_interval(bad, replicates=300, generator=rng).low[0] > 0.2


def test_brier_interval_is_the_normal_one_with_room_above():
    scores, truth, group = images(5)
    value, (low, high) = brier(reliability(scores, truth, group * 0, groups=1), z=1.96)
    squares = (scores - truth) ** 2
    half = 1.96 * squares.std(ddof=1) / np.sqrt(len(scores))
    assert low[0] == pytest.approx(value[0] - half)
    assert value[0] + half <= high[0] < value[0] + 1.1 * half


def test_brier_score_of_sure_scores_without_an_error_leaves_room_for_one():
    """Scores of 0.99 that are all right say no more than n of n: an error rate of 0.11 shows none of 30 in 3 %."""
    scores = np.full(30, 0.99)
    _, (_, high) = brier(reliability(scores, np.ones(30, bool), np.zeros(30, int), groups=1), z=1.96)
    unseen = 1 - 0.025 ** (1 / 30)
    assert high[0] > unseen * 0.99**2 + (1 - unseen) * 0.01**2


def test_one_image_has_a_score_but_no_interval():
    value, (low, high) = brier(reliability([0.25], [True], [0], groups=1), z=1.96)
    assert value[0] == pytest.approx(0.5625)
    assert np.isnan(low[0])
    assert np.isnan(high[0])


def test_unknown_groups_are_left_out():
    found = reliability([0.2, 0.8], [True, False], [-1, 0], groups=1)
    assert found.images.sum() == 1


@pytest.mark.parametrize("images", [3, 20, 200])
def test_images_that_are_all_right_do_not_show_that_the_next_one_will_be(images):
    """Scores of .97, all positive: with a share 0.025^(1/n) of positives that happens in 2.5 % of samples."""
    found = reliability([0.97] * images, [True] * images, [0] * images, groups=1)
    _, high = calibration_interval(found, replicates=2000, generator=np.random.default_rng(0))
    truth = abs(0.97 - 0.025 ** (1 / images))
    assert high.item() >= min(truth, 0.97 - 1 / 3)  # two wrong ones of three are the most that three images tell apart
    assert calibration_error(found).item() == pytest.approx(0.03)


def test_groups_have_the_intervals_that_they_have_alone():
    """Many images of one group with an error of .1, and few of another: what chance adds to these is not its."""
    score, truth = np.full(4030, 0.5), np.r_[np.arange(30) % 2 == 0, np.arange(4000) % 10 < 6]
    group = np.r_[np.zeros(30, int), np.ones(4000, int)]
    ends = []
    for rows, groups in ((group >= 0, 2), (group == 1, 1)):
        found = reliability(score[rows], truth[rows], group[rows] - (2 - groups), groups=groups, bins=5)
        low, high = calibration_interval(found, replicates=2000, generator=np.random.default_rng(0))
        ends.append((float(low[-1]), float(high[-1])))
    assert ends[0] == pytest.approx(ends[1], abs=0.005)
    assert 0.07 < ends[0][0] < 0.1 < ends[0][1] < 0.13
