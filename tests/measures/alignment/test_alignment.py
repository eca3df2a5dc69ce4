from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from fairaudit.errors import UsageError
from fairaudit.measures.alignment.alignment import alignment, corrected
from fairaudit.measures.alignment.relative_change import RelativeChange, relative_change
from fairaudit.measures.images.means import expanded_level
from fairaudit.measures.intervals.skewness import skewed
from fairaudit.seeds import generator


def _change(n: int = 60, heads: int = 3, seed: int = 0, up: bool = False) -> RelativeChange:
    draws = np.random.default_rng(seed)
    moved = draws.uniform(0.2, 0.9, n)
    start = np.full(n, 0.05 if up else 0.95)
    end = start + moved if up else start - moved
    slopes = np.linspace(-0.5, 0.8, heads)
    before = draws.uniform(0.2, 0.6, (n, heads))
    after = before + slopes * (end - start)[:, None] + draws.normal(0, 0.05, (n, heads))
    return relative_change(before, after, start, end, direction=1.0 if up else -1.0)


@pytest.mark.parametrize("up", [False, True])
def test_point_estimates_against_plain_loops(up: bool) -> None:
    change = _change(up=up)
    found = alignment(change, generator=generator(0, "a"))
    rows = [i for i in range(60) if change.base_change[i] >= 0.3]
    for head in range(3):
        ratios = [change.numerator[i, head] / change.denominator[i] for i in rows]
        top, bottom = sum(change.numerator[i, head] for i in rows), sum(change.denominator[i] for i in rows)
        assert found.n[head] == len(rows)
        assert found.mean[head] == pytest.approx(sum(ratios) / len(rows))
        assert found.median[head] == pytest.approx(sorted(ratios)[len(rows) // 2 - 1 + len(rows) % 2], abs=0.02)
        assert found.ratio_of_sums[head] == pytest.approx(top / bottom)
        assert found.deviation[head] == pytest.approx(np.std(ratios, ddof=1))


def test_p_values_are_students_t() -> None:
    change = _change(heads=5)
    values = change.values[np.isfinite(change.values).all(axis=1)]
    found = alignment(change, generator=generator(0, "a"))
    np.testing.assert_allclose(found.p_value, stats.ttest_1samp(values, 0.0).pvalue, rtol=1e-9)


def test_intervals_are_those_of_scipys_bootstrap_at_the_level_of_few_units() -> None:
    change = _change(heads=2)
    values = change.values[np.isfinite(change.values).all(axis=1), 1]
    found = alignment(change, replicates=20_000, generator=generator(0, "a"))
    other = stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=20_000,
        method="percentile",
        confidence_level=expanded_level(0.95, len(values)),
        rng=np.random.default_rng(1),
    )
    ends = other.confidence_interval
    low, high = skewed(
        ends.low, ends.high, other.bootstrap_distribution, value=values.mean(), units=len(values), level=0.95
    )
    assert found.mean_low[1] == pytest.approx(low, abs=0.06 * (ends.high - ends.low))
    assert found.mean_high[1] == pytest.approx(high, abs=0.06 * (ends.high - ends.low))


@pytest.mark.parametrize(("moved", "least"), [(5, 180), (8, 180), (15, 180)])
def test_few_images_that_moved_keep_the_level(moved: int, least: int) -> None:
    """200 samples in which a fifth of the images move four times as far; plain percentiles held 150 to 180 of them."""
    held = 0
    for seed in range(200):
        draws = np.random.default_rng(seed)
        values = draws.normal(0, 0.1, (moved, 1)) * np.where(draws.random((moved, 1)) < 0.2, 4.0, 1.0)
        change = relative_change(np.zeros((moved, 1)), -values, np.ones(moved), np.zeros(moved))
        found = alignment(change, replicates=500, generator=generator(seed, "a"))
        held += int(found.mean_low[0] <= 0 <= found.mean_high[0])
    assert held >= least


def test_fewer_than_five_units_have_no_interval() -> None:
    change = _change(n=4)
    kept = RelativeChange(
        values=np.full((4, 1), 0.5),
        numerator=np.full((4, 1), -0.3),
        denominator=np.full(4, -0.6),
        base_change=np.full(4, 0.6),
        defined=np.zeros_like(change.defined),
    )
    found = alignment(kept, generator=generator(0))
    assert found.mean[0] == pytest.approx(0.5)
    assert np.isnan([found.mean_low[0], found.mean_high[0], found.ratio_low[0]]).all()


def test_coverage_of_the_interval_of_the_mean() -> None:
    """95 % nominal; 200 samples of 40 with a known mean of 0.3: at least 176 must hold it (P < 10⁻³ otherwise)."""
    held = 0
    for seed in range(200):
        draws = np.random.default_rng(seed)
        values = 0.3 + draws.normal(0, 0.2, (40, 1))
        change = relative_change(np.zeros((40, 1)), -values, np.ones(40), np.zeros(40))
        found = alignment(change, replicates=500, generator=generator(seed, "a"))
        held += int(found.mean_low[0] <= 0.3 <= found.mean_high[0])
    assert held >= 176


def test_clusters_of_copies_are_as_wide_as_their_originals() -> None:
    change = _change(n=30)
    doubled = RelativeChange(
        values=np.repeat(change.values, 3, axis=0),
        numerator=np.repeat(change.numerator, 3, axis=0),
        denominator=np.repeat(change.denominator, 3),
        base_change=np.repeat(change.base_change, 3),
        defined=np.repeat(change.defined, 3),
    )
    single = alignment(change, generator=generator(0, "a"))
    triple = alignment(doubled, cluster=np.repeat(np.arange(30), 3), generator=generator(0, "a"))
    loose = alignment(doubled, generator=generator(0, "a"))
    np.testing.assert_allclose(triple.mean_low, single.mean_low)
    np.testing.assert_allclose(triple.p_value, single.p_value)
    assert (loose.mean_high - loose.mean_low < triple.mean_high - triple.mean_low).all()


def test_without_images_and_with_one() -> None:
    empty = alignment(
        relative_change(np.zeros((2, 3)), np.ones((2, 3)), [0.5, 0.5], [0.5, 0.5]), generator=generator(0)
    )
    for name in ("mean", "ratio_of_sums", "median", "deviation", "p_value", "mean_low"):
        assert np.isnan(getattr(empty, name)).all(), name
    assert empty.n.tolist() == [0, 0, 0]
    one = alignment(relative_change([[0.0]], [[-0.3]], [0.9], [0.3]), generator=generator(0))
    assert one.mean[0] == pytest.approx(0.5)
    assert np.isnan([one.mean_low[0], one.p_value[0], one.deviation[0]]).all()


def test_a_constant_that_is_not_zero_is_certain_and_zero_is_not() -> None:
    before, after = np.array([[0.5, 0.5]] * 4), np.array([[0.5, 0.25]] * 4)
    found = alignment(relative_change(before, after, [1.0] * 4, [0.5] * 4), generator=generator(0))
    assert found.p_value.tolist() == [1.0, 0.0]


def test_corrections_by_name() -> None:
    p_values = [0.001, 0.02, 0.03, 0.9]
    np.testing.assert_allclose(corrected(p_values, "fdr"), stats.false_discovery_control(p_values))
    np.testing.assert_allclose(corrected(p_values, "holm"), [0.004, 0.06, 0.06, 0.9])


def test_undefined_p_values_do_not_count() -> None:
    np.testing.assert_allclose(corrected([0.01, np.nan, 0.04], "holm"), [0.02, np.nan, 0.04])
    assert corrected([0.2, 0.3], "none").tolist() == [0.2, 0.3]
    with pytest.raises(UsageError, match="holm, fdr or none"):
        corrected([0.1], "bonferroni")  # type: ignore[arg-type]
