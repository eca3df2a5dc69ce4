"""Sensitivity to wrong attribute labels, against labels that were really flipped."""

import numpy as np
import pytest

from fairaudit.measures.counts.confusion import confusion
from fairaudit.measures.counts.disparities import disparity
from fairaudit.measures.counts.sensitivity import corrected_for_mislabelling, flipping_error


def mislabelled(counts, error):
    """Every wrong label is any of the other groups with images alike."""
    counts = np.asarray(counts, float)
    there = counts.sum((1, 2)) > 0
    others = np.where(there[:, None, None], counts.sum(0) - counts, 0)
    return (1 - error) * counts + error / (there.sum() - 1) * others


def test_expected_counts_are_those_of_flipped_labels():
    rng = np.random.default_rng(0)
    number, error = 200_000, 0.15
    group, true = rng.integers(0, 3, number), rng.integers(0, 2, number)
    predicted = np.where(rng.random(number) < 0.6 + 0.15 * group, true, 1 - true)
    wrong = rng.random(number) < error
    seen = np.where(wrong, (group + rng.integers(1, 3, number)) % 3, group)
    clean = confusion(group, true, predicted, groups=3, classes=2).counts
    noisy = confusion(seen, true, predicted, groups=3, classes=2).counts
    np.testing.assert_allclose(mislabelled(clean, error), noisy, rtol=0.03)
    np.testing.assert_allclose(corrected_for_mislabelling(noisy, error), clean, rtol=0.05)


def test_correcting_undoes_mislabelling_and_keeps_images():
    counts = np.random.default_rng(1).integers(20, 60, size=(4, 3, 3))
    counts[2] = 0
    noisy = mislabelled(counts, 0.2)
    np.testing.assert_allclose(corrected_for_mislabelling(noisy, 0.2), counts)
    assert noisy.sum() == pytest.approx(counts.sum())
    assert noisy[2].sum() == 0


def test_wrong_labels_hide_gaps():
    counts = np.array([[[80, 20], [10, 90]], [[60, 40], [50, 50]]])
    gaps = [float(disparity(mislabelled(counts, e), "equal_opportunity_difference")) for e in (0, 0.1, 0.3, 0.49)]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[0] == pytest.approx(0.4)
    assert gaps[-1] < 0.01


def test_the_error_that_flips_a_pass_is_where_the_true_gap_would_be_outside():
    counts = np.array([[[80, 20], [10, 90]], [[78, 22], [16, 84]]])  # TPR gap .06, equal group sizes
    found = flipping_error(counts, "equal_opportunity_difference", limit=0.1)
    # With equal cells the corrected gap is .06 / (1 - 2e), outside .1 from e = .2 on.
    assert found == pytest.approx(0.2, abs=0.005)


def test_the_error_that_could_fake_a_fail_brings_the_gap_inside():
    counts = np.array([[[80, 20], [10, 90]], [[80, 20], [40, 60]]])
    found = flipping_error(counts, "equal_opportunity_difference", limit=0.1)
    assert 0 < found < 0.1
    assert flipping_error(counts, "equal_opportunity_difference", limit=0.29) < found


def test_no_error_flips_groups_that_are_alike_and_none_is_given_without_a_gap():
    alike = np.array([[[80, 20], [10, 90]]] * 2)
    assert np.isnan(flipping_error(alike, "equalized_odds_difference", limit=0.1))
    assert np.isnan(flipping_error(alike[:1], "equalized_odds_difference", limit=0.1))
    assert flipping_error(alike, "demographic_parity_ratio", limit=1.0) != 0


def test_labels_cannot_be_worse_than_chance():
    with pytest.raises(ValueError, match="error"):
        corrected_for_mislabelling(np.ones((2, 2, 2)), 0.5)
