"""Resampling of counts, against resampling of images and the moments of the multinomial law."""

import numpy as np
import pytest

from fairaudit.measures.counts.confusion import confusion
from fairaudit.measures.counts.disparities import disparity
from fairaudit.measures.intervals import bootstrap as module
from fairaudit.measures.intervals.bootstrap import bootstrap, cluster_bootstrap, resample

COUNTS = np.array([[[30, 10], [5, 15]], [[8, 2], [0, 0]], [[0, 0], [0, 0]]])


def generator():
    return np.random.default_rng(3)


def test_strata_keep_their_size():
    cells = resample(COUNTS, strata="cell", replicates=50, generator=generator())
    groups = resample(COUNTS, strata="group", replicates=50, generator=generator())
    assert (cells.sum(-1) == COUNTS.sum(-1)).all()
    assert (groups.sum((-2, -1)) == COUNTS.sum((-2, -1))).all()
    assert not (groups.sum(-1) == COUNTS.sum(-1)).all()


@pytest.mark.parametrize("strata", ["cell", "group"])
def test_moments_are_those_of_the_multinomial(strata):
    drawn = resample(COUNTS, strata=strata, replicates=40_000, generator=generator())
    np.testing.assert_allclose(drawn.mean(0), COUNTS, atol=0.1)
    total = 20 if strata == "cell" else 60
    share = 15 / total
    assert drawn[:, 0, 1, 1].var() == pytest.approx(total * share * (1 - share), rel=0.05)


def test_counts_are_resampled_as_images_would_be():
    rng = np.random.default_rng(4)
    group, true, predicted = rng.integers(0, 3, 300), rng.integers(0, 2, 300), rng.integers(0, 2, 300)
    counts = confusion(group, true, predicted, groups=3, classes=2).counts
    slow = []
    for _ in range(1500):
        rows = np.concatenate([rng.choice(np.flatnonzero(group == g), (group == g).sum()) for g in range(3)])
        table = confusion(group[rows], true[rows], predicted[rows], groups=3, classes=2).counts
        slow.append(float(disparity(table, "equalized_odds_difference")))
    fast = bootstrap(
        counts,
        lambda c: {"gap": disparity(c, "equalized_odds_difference")},
        strata="group",
        replicates=8000,
        generator=generator(),
    )["gap"]
    for share in (0.05, 0.5, 0.95):
        assert np.quantile(fast, share) == pytest.approx(np.quantile(slow, share), abs=0.015)


def test_the_same_seed_gives_the_same_draws_and_chunks_bound_memory(monkeypatch):
    seen = []

    def statistics(counts):
        seen.append(len(counts))
        return {"n": counts[:, 0, 0, 0]}

    monkeypatch.setattr(module, "CHUNK_NUMBERS", 12 * 100)
    arguments = {"strata": "group", "replicates": 250, "generator": np.random.default_rng(0)}
    first = bootstrap(COUNTS, statistics, **arguments)["n"]
    assert seen == [100, 100, 50]
    again = bootstrap(COUNTS, statistics, **arguments | {"generator": np.random.default_rng(0)})["n"]
    assert first.tolist() == again.tolist()
    assert first.shape == (250,)


def test_weighted_totals_are_kept():
    drawn = resample(COUNTS * 0.25, strata="group", replicates=20, generator=generator())
    np.testing.assert_allclose(drawn.sum((-2, -1)), np.broadcast_to(COUNTS.sum((-2, -1)) * 0.25, (20, 3)))


def clusters(number, size, seed=0):
    rng = np.random.default_rng(seed)
    tables = np.zeros((number, 1, 2, 2))
    for cluster in range(number):
        hits = rng.random() < 0.7  # all images of a person are decided alike
        tables[cluster, 0, 1, int(hits)] = size
    return tables


def test_whole_clusters_vary_as_much_as_clusters_do():
    tables = clusters(80, 5)
    share = cluster_bootstrap(
        tables, lambda c: {"tpr": c[:, 0, 1, 1] / c[:, 0, 1].sum(-1)}, replicates=4000, generator=generator()
    )["tpr"]
    p = tables[:, 0, 1, 1].sum() / tables.sum()
    assert share.std() == pytest.approx(np.sqrt(p * (1 - p) / 80), rel=0.06)


def test_clusters_of_one_image_are_images():
    tables = clusters(200, 1)
    draws = cluster_bootstrap(tables, lambda c: {"n": c[:, 0, 1, 1]}, replicates=6000, generator=generator())["n"]
    p = tables[:, 0, 1, 1].mean()
    assert draws.mean() == pytest.approx(200 * p, rel=0.01)
    assert draws.var() == pytest.approx(200 * p * (1 - p), rel=0.08)


def test_unusable_input_is_refused():
    with pytest.raises(ValueError, match="group, true, predicted"):
        resample(COUNTS[0], strata="cell", replicates=1, generator=generator())
    with pytest.raises(ValueError, match="0 or more"):
        resample(-COUNTS, strata="cell", replicates=1, generator=generator())
    with pytest.raises(ValueError, match="two clusters"):
        cluster_bootstrap(clusters(1, 1), lambda c: {"n": c}, replicates=1, generator=generator())
    with pytest.raises(ValueError, match="replicates"):
        bootstrap(COUNTS, lambda c: {"n": c}, strata="cell", replicates=0, generator=generator())
