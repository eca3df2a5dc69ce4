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


def slow(relevance: np.ndarray, scale: str) -> np.ndarray:
    largest = np.abs(relevance).max()
    of_value = {"paper": lambda r: (r + largest) / (2 * largest), "absolute": lambda r: abs(r) / (2 * largest)}[scale]
    return np.array([[of_value(value) for value in row] for row in relevance])


@pytest.mark.parametrize("scale", ["paper", "absolute"])
def test_adr_and_dif_are_equations_2_and_3(scale):
    vanilla, candidate, masks = draw(0)
    change = region_change(vanilla, candidate, masks, scale=scale, tolerance=0.0)
    for n in range(len(vanilla)):
        before, after = slow(vanilla[n], scale), slow(candidate[n], scale)
        region = [(i, j) for i in range(5) for j in range(9) if masks[n, i, j]]
        adr = sum(before[q] - after[q] for q in region) / len(region)
        dif = sum(after[q] < before[q] for q in region) / len(region)
        assert change.adr[n] == pytest.approx(adr, abs=1e-12)
        assert change.dif[n] == pytest.approx(dif, abs=1e-12)


def dropped_shortcut(n: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Maps of a model with a shortcut for the class or against it, in equal parts, and of one that dropped it."""
    generator = np.random.default_rng(8)
    before = generator.normal(scale=0.05, size=(n, 6, 6))
    after = before.copy()
    before[:, 4:, 2:4] += np.where(np.arange(n) % 2, 1.0, -1.0)[:, None, None]
    before[:, 0, 0] = after[:, 0, 0] = 2.0  # evidence that both share, and the largest of either map
    mask = np.zeros((6, 6), bool)
    mask[4:, 2:4] = True
    return before, after, mask


def test_a_shortcut_that_was_dropped_is_seen_over_balanced_cells():
    before, after, mask = dropped_shortcut()
    found = region_change(before, after, mask)
    # |R| falls from about 1 to E|N(0, 0.05)| = 0.05 · √(2/π), over 2 · 2
    assert found.adr.mean() == pytest.approx((1 - 0.05 * np.sqrt(2 / np.pi)) / 4, abs=0.005)
    assert found.dif.mean() > 0.95
    assert rddt(found.adr).significant is True


def test_signed_maps_cancel_over_balanced_cells_and_tell_the_sign_within_them():
    before, after, mask = dropped_shortcut()
    found = region_change(before, after, mask, scale="paper")
    assert abs(found.adr.mean()) < 0.005
    assert found.dif.mean() == pytest.approx(0.5, abs=0.02)
    assert rddt(found.adr).significant is False
    for_class = np.arange(len(before)) % 2 == 1
    assert found.adr[for_class].mean() == pytest.approx(0.25, abs=0.005)
    assert found.adr[~for_class].mean() == pytest.approx(-0.25, abs=0.005)
    assert (rddt(found.adr[for_class]).significant, rddt(found.adr[~for_class]).significant) == (True, False)


def test_absolute_change_ignores_signs():
    vanilla, candidate, masks = draw(9)
    signs = np.random.default_rng(9).choice([-1.0, 1.0], size=vanilla.shape)
    plain, turned = region_change(vanilla, candidate, masks), region_change(vanilla * signs, -candidate, masks)
    np.testing.assert_allclose(plain.adr, turned.adr, atol=1e-12)
    assert (np.abs(plain.adr) <= 0.5).all()


def test_adr_of_shares_is_the_difference_of_the_lifts():
    vanilla, candidate, masks = draw(1)
    change = region_change(vanilla, candidate, masks, scale="share")
    np.testing.assert_allclose(change.adr, rrf_lift(vanilla, masks) - rrf_lift(candidate, masks), atol=1e-12)


@pytest.mark.parametrize("scale", ["absolute", "paper", "share"])
def test_unchanged_model_has_not_changed(scale):
    vanilla, _, masks = draw(2)
    change = region_change(vanilla, vanilla.copy(), masks, scale=scale)
    np.testing.assert_array_equal(change.adr, 0.0)
    np.testing.assert_array_equal(change.dif, 0.0)
    test = rddt(change.adr)
    assert (test.significant, test.p, test.mean, test.low, test.high) == (False, 1.0, 0.0, 0.0, 0.0)


def test_float_noise_is_no_decrease_but_would_be_under_the_strict_comparison():
    vanilla, _, masks = draw(3, n=200)
    vanilla = np.abs(vanilla)
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


@pytest.mark.parametrize("scale", ["paper", "absolute", "share"])
def test_a_map_that_is_the_same_everywhere_has_not_fallen(scale):
    maps, _, masks = draw(3)
    for even in (np.ones_like(maps), -np.ones_like(maps)):
        for pair in ((maps, even), (even, maps)):
            change = region_change(*pair, masks, scale=scale)
            assert np.isnan(change.adr).all()
            assert np.isnan(change.dif).all()


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
