"""ADR, DIF and RDDT against loops from the paper and SciPy's t test; an unchanged model has not changed."""

import numpy as np
import pytest
from scipy import stats

from fairaudit.errors import DataError, UsageError
from fairaudit.measures.regions.change import TOLERANCE, rddt, region_change
from fairaudit.measures.regions.metrics import rrf_lift


def draw(seed: int, n: int = 6) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    shape = (n, 5, 9)
    masks = generator.random(shape) < 0.4
    masks[:, 0, 0] = True
    return generator.normal(size=shape), generator.normal(size=shape), masks


def slow_paper(relevance: np.ndarray) -> np.ndarray:
    largest = np.abs(relevance).max()
    return np.array([[(value + largest) / (2 * largest) for value in row] for row in relevance])


def test_adr_and_dif_are_equations_2_and_3():
    vanilla, candidate, masks = draw(0)
    change = region_change(vanilla, candidate, masks, tolerance=0.0)
    for n in range(len(vanilla)):
        before, after = slow_paper(vanilla[n]), slow_paper(candidate[n])
        region = [(i, j) for i in range(5) for j in range(9) if masks[n, i, j]]
        adr = sum(before[q] - after[q] for q in region) / len(region)
        dif = sum(after[q] < before[q] for q in region) / len(region)
        assert change.adr[n] == pytest.approx(adr, abs=1e-12)
        assert change.dif[n] == pytest.approx(dif, abs=1e-12)


def test_adr_of_shares_is_the_difference_of_the_lifts():
    vanilla, candidate, masks = draw(1)
    change = region_change(vanilla, candidate, masks, scale="share")
    np.testing.assert_allclose(change.adr, rrf_lift(vanilla, masks) - rrf_lift(candidate, masks), atol=1e-12)


@pytest.mark.parametrize("scale", ["paper", "share"])
def test_unchanged_model_has_not_changed(scale):
    vanilla, _, masks = draw(2)
    change = region_change(vanilla, vanilla.copy(), masks, scale=scale)
    np.testing.assert_array_equal(change.adr, 0.0)
    np.testing.assert_array_equal(change.dif, 0.0)
    test = rddt(change.adr)
    assert (test.significant, test.p, test.mean, test.low, test.high) == (False, 1.0, 0.0, 0.0, 0.0)


def test_float_noise_is_no_decrease_but_would_be_under_the_strict_comparison():
    vanilla, _, masks = draw(3, n=200)
    noisy = vanilla - np.abs(np.random.default_rng(3).normal(scale=1e-7, size=vanilla.shape))
    change = region_change(vanilla, noisy, masks)
    assert change.dif.max() == 0.0
    assert rddt(change.adr).significant is False
    strict = region_change(vanilla, noisy, masks, tolerance=0.0)
    assert strict.dif.mean() > 0.5
    assert rddt(strict.adr, tolerance=0.0).significant is True


def test_fall_just_above_and_below_the_tolerance():
    mask = np.array([[True, True, False]])
    vanilla = np.array([[[0.5, 0.5, 1.0]]])
    step = np.array([[[0.5 - 4 * TOLERANCE, 0.5 - TOLERANCE, 1.0]]])  # p falls by half of the relevance's fall
    assert region_change(vanilla, step, mask).dif == [0.5]


def test_region_or_map_without_content_is_undefined():
    vanilla, candidate, masks = draw(4)
    masks[1] = False
    vanilla[2] = 0.0
    candidate[3] = 0.0
    change = region_change(vanilla, candidate, masks)
    assert np.isnan(change.adr).tolist() == [False, True, True, True, False, False]
    assert np.isnan(change.dif).tolist() == [False, True, True, True, False, False]


def test_swapping_the_models_turns_the_sign():
    vanilla, candidate, masks = draw(5)
    forth, back = region_change(vanilla, candidate, masks), region_change(candidate, vanilla, masks)
    np.testing.assert_allclose(forth.adr, -back.adr, atol=1e-15)
    assert (forth.dif + back.dif <= 1.0).all()


@pytest.mark.parametrize("shift", [-0.5, 0.0, 0.2, 3.0])
def test_rddt_is_scipys_one_sided_test(shift):
    values = np.random.default_rng(6).normal(shift, size=37)
    wanted = stats.ttest_1samp(values, 0.0, alternative="greater")
    interval = stats.ttest_1samp(values, 0.0).confidence_interval(0.9)
    found = rddt([*values, np.nan], tolerance=0.0, level=0.9)
    assert (found.t, found.p) == (pytest.approx(wanted.statistic), pytest.approx(wanted.pvalue))
    assert (found.low, found.high) == (pytest.approx(interval.low), pytest.approx(interval.high))
    assert found.effect == pytest.approx(found.t / np.sqrt(37))
    assert found.significant is bool(wanted.pvalue < 0.01)
    assert found.n == 37


@pytest.mark.parametrize("values", [[], [np.nan], [0.3]])
def test_rddt_of_too_few_images_is_undefined(values):
    found = rddt(values)
    assert found.significant is None
    assert np.isnan(found.p)
    assert np.isnan(found.low)


def test_rddt_of_a_shift_without_spread():
    up, down = rddt([0.25, 0.25, 0.25]), rddt([-0.25, -0.25])
    assert (up.significant, up.p, down.significant, down.p) == (True, 0.0, False, 1.0)
    assert np.isnan(up.t)
    assert np.isnan(up.effect)


def test_bad_arguments_are_told():
    vanilla, candidate, masks = draw(7)
    with pytest.raises(DataError, match="differ in shape"):
        region_change(vanilla, candidate[:2], masks[0])
    with pytest.raises(UsageError, match="Did you mean"):
        region_change(vanilla, candidate, masks, scale="papers")
    with pytest.raises(UsageError, match="tolerance"):
        region_change(vanilla, candidate, masks, tolerance=-1.0)
