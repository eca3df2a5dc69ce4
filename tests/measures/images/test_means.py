"""Means, contrasts and their resampling against loops, closed forms and SciPy's own resampling."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fairaudit.measures.images import means as im


def draw(seed: int, n: int = 60, groups: int = 3, targets: int = 2) -> tuple[np.ndarray, im.Labels, im.Labels]:
    generator = np.random.default_rng(seed)
    values = generator.normal(size=(n, 2))
    values[generator.random(n) < 0.1, 0] = np.nan
    group = im.Labels(name="g", values=tuple("abc"[:groups]), codes=generator.integers(-1, groups, n))
    target = im.Labels(name="t", values=tuple("01"[:targets]), codes=generator.integers(0, targets, n))
    return values, group, target


def slow_mean(values, rows, column):
    chosen = [values[i, column] for i in rows if not np.isnan(values[i, column])]
    return sum(chosen) / len(chosen) if chosen else np.nan


@given(st.integers(0, 1000))
@settings(max_examples=15, deadline=None)
def test_means_and_contrasts_agree_with_loops(seed):
    values, group, target = draw(seed)
    found = im.derived(im.sums(im.table(values, group=group, target=target)))
    everyone = range(len(values))
    for column in range(2):
        assert found.overall[column] == pytest.approx(slow_mean(values, everyone, column))
        for t in range(2):
            assert found.classes[t, column] == pytest.approx(
                slow_mean(values, [i for i in everyone if target.codes[i] == t], column), nan_ok=True
            )
        for g in range(3):
            contrasts = []
            for t in range(2):
                own = [i for i in everyone if group.codes[i] == g and target.codes[i] == t]
                rest = [i for i in everyone if group.codes[i] not in (g, -1) and target.codes[i] == t]
                assert found.cells[g, t, column] == pytest.approx(slow_mean(values, own, column), nan_ok=True)
                contrast = slow_mean(values, own, column) - slow_mean(values, rest, column)
                assert found.cell_contrasts[g, t, column] == pytest.approx(contrast, nan_ok=True)
                contrasts.append(contrast)
            own = [i for i in everyone if group.codes[i] == g]
            assert found.groups[g, column] == pytest.approx(slow_mean(values, own, column), nan_ok=True)
            assert found.contrasts[g, column] == pytest.approx(np.nanmean(contrasts), nan_ok=True)


def test_relabelling_groups_moves_rows_and_changes_nothing():
    values, group, target = draw(1)
    order = np.array([2, 0, 1])
    other = im.Labels(name="g", values=("x", "y", "z"), codes=np.where(group.codes < 0, -1, order[group.codes]))
    before = im.derived(im.sums(im.table(values, group=group, target=target)))
    after = im.derived(im.sums(im.table(values, group=other, target=target)))
    np.testing.assert_allclose(after.cells[order], before.cells)
    np.testing.assert_allclose(after.contrasts[order], before.contrasts)


def test_bootstrap_has_the_variance_of_a_stratified_mean():
    values, group, target = draw(2, n=200)
    data = im.table(values[:, 1:], group=group, target=target)
    drawn = im.bootstrap(data, replicates=4000, generator=np.random.default_rng(0))
    variance = 0.0
    for stratum in np.unique(data.stratum):
        own = data.values[data.stratum == stratum, 0]
        variance += len(own) * own.var()  # each of n draws has the stratum's plug-in variance
    wanted = np.sqrt(variance) / 200
    assert drawn.overall[:, 0].std() == pytest.approx(wanted, rel=0.05)
    assert drawn.overall[:, 0].mean() == pytest.approx(values[:, 1].mean(), abs=4 * wanted / np.sqrt(4000))


def test_bootstrap_of_clusters_has_the_variance_of_cluster_totals():
    generator = np.random.default_rng(3)
    clusters = np.repeat(np.arange(40), 5)
    values = (generator.normal(size=40)[clusters] + 0.1 * generator.normal(size=200))[:, None]
    data = im.table(values, group=None, target=None)
    drawn = im.bootstrap(data, replicates=4000, generator=np.random.default_rng(0), clusters=clusters)
    means = values.reshape(40, 5).mean(axis=1)
    assert drawn.overall[:, 0].std() == pytest.approx(means.std() / np.sqrt(40), rel=0.05)
    images = im.bootstrap(data, replicates=4000, generator=np.random.default_rng(0))
    assert images.overall[:, 0].std() < 0.6 * drawn.overall[:, 0].std()


def test_images_of_an_unknown_cluster_stand_alone():
    values, group, target = draw(4, n=150)
    data = im.table(values, group=group, target=target)
    drawn = im.bootstrap(data, replicates=3000, generator=np.random.default_rng(0), clusters=np.full(150, -1))
    each = values[:, 1]
    assert drawn.overall[:, 1].std() == pytest.approx(each.std() / np.sqrt(150), rel=0.06)


def test_images_of_an_unknown_cluster_join_no_other():
    values, group, target = draw(4, n=40)
    data = im.table(values, group=group, target=target)
    codes = np.where(np.arange(40) % 3 == 0, -1, np.arange(40) // 5)
    told = np.where(codes < 0, 100 + np.arange(40), codes)
    first, second = (
        im.bootstrap(data, replicates=20, generator=np.random.default_rng(0), clusters=some) for some in (codes, told)
    )
    np.testing.assert_array_equal(first.cells, second.cells)


def test_the_same_draws_whatever_the_chunks(monkeypatch):
    values, group, target = draw(5)
    data = im.table(values, group=group, target=target)
    calls = [im.shuffled, im.sign_flipped]
    whole = [call(data, replicates=50, generator=np.random.default_rng(1)) for call in calls]
    monkeypatch.setattr(im, "_CHUNK", 60 * 50)
    for call, wanted in zip(calls, whole, strict=True):
        again = call(data, replicates=50, generator=np.random.default_rng(1))
        np.testing.assert_array_equal(again.cells, wanted.cells)


def test_shuffling_keeps_class_means_and_centres_contrasts_on_zero():
    values, group, target = draw(6, n=90)
    data = im.table(values, group=group, target=target)
    real = im.derived(im.sums(data))
    found = im.shuffled(data, replicates=3000, generator=np.random.default_rng(0))
    np.testing.assert_allclose(found.classes, np.broadcast_to(real.classes, found.classes.shape))
    np.testing.assert_allclose(found.overall, np.broadcast_to(real.overall, found.overall.shape))
    spread = found.cell_contrasts.std(axis=0)
    assert (np.abs(found.cell_contrasts.mean(axis=0)) < 4 * spread / np.sqrt(3000)).all()


def test_shuffled_contrast_has_scipys_permutation_distribution():
    generator = np.random.default_rng(7)
    values = generator.normal(size=(12, 1))
    group = im.Labels(name="g", values=("a", "b"), codes=np.repeat([0, 1], [5, 7]))
    data = im.table(values, group=group, target=None)
    found = im.shuffled(data, replicates=20_000, generator=np.random.default_rng(0)).contrasts[:, 1, 0]
    exact = stats.permutation_test(
        (values[5:, 0], values[:5, 0]),
        lambda x, y: x.mean() - y.mean(),
        n_resamples=np.inf,
        permutation_type="independent",
    )
    share = (np.abs(found) >= abs(exact.statistic) - 1e-12).mean()
    assert share == pytest.approx(exact.pvalue, abs=0.015)


def test_sign_flips_have_the_exact_distribution_of_few_differences():
    values = np.array([[0.5], [0.25], [-0.125]])
    found = im.sign_flipped(
        im.table(values, group=None, target=None), replicates=8000, generator=np.random.default_rng(0)
    )
    sums, counts = np.unique(np.round(found.overall[:, 0] * 3, 9), return_counts=True)
    assert sums.tolist() == [-0.875, -0.625, -0.375, -0.125, 0.125, 0.375, 0.625, 0.875]
    assert ((counts - 1000) ** 2 / 1000).sum() < 24.3  # χ² with 7 degrees of freedom, p = 0.001


def test_expanded_percentiles_cover_small_means_where_plain_ones_do_not():
    n, hits, plain = 8, 0, 0
    generator = np.random.default_rng(8)
    for _ in range(400):
        data = im.table(generator.normal(size=(n, 1)), group=None, target=None)
        drawn = im.bootstrap(data, replicates=1000, generator=generator).overall[:, 0]
        for level, kind in ((im.expanded_level(0.95, n), "expanded"), (0.95, "plain")):
            low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
            hits += kind == "expanded" and low <= 0 <= high
            plain += kind == "plain" and low <= 0 <= high
    assert plain / 400 < 0.915
    assert 0.92 < hits / 400 <= 0.99


def test_replicates_are_cut_for_large_tables_only():
    small = im.table(np.zeros((100, 1)), group=None, target=None)
    assert im.affordable(10_000, small) == 10_000
    large = im.table(np.zeros((20_000, 1)), group=None, target=None)
    assert im.affordable(10_000, large) == 2000
    assert im.affordable(500, large) == 500


def test_unknown_targets_are_refused():
    with pytest.raises(ValueError, match="known target"):
        im.table(np.zeros((2, 1)), group=None, target=im.Labels(name="t", values=("0",), codes=np.array([0, -1])))


@pytest.mark.parametrize("n", [2, 3, 4])
@pytest.mark.parametrize("level", [0.95, 0.999, 0.99999])
def test_the_expanded_level_of_few_values_stays_a_level(n, level):
    assert level < im.expanded_level(level, n) < 1
