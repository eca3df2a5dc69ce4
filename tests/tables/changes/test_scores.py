"""Paired changes of score measures against scikit-learn on resampled rows, closed forms and simulation."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from fairaudit.measures.scores.calibration import BINS
from fairaudit.tables.changes.scores import (
    paired_score_measurements,
    weighted_auc,
    weighted_brier,
    weighted_ece,
)
from fairaudit.tables.rows import FairnessSpec
from fairaudit.tables.statistics import Statistics

ASKED = FairnessSpec(attribute="hat", groups=("no", "yes"), classes=("0", "1"), statistics=Statistics(replicates=400))


def two_columns(scores):
    return np.stack([1 - np.asarray(scores), scores], axis=1)


def sample(n, seed=0, *, noise=0.3):
    draw = np.random.default_rng(seed)
    truth, group = draw.integers(0, 2, n), draw.integers(0, 2, n)
    new, old = (np.clip(0.3 + 0.4 * truth + noise * draw.normal(size=n), 0, 1).round(2) for _ in range(2))
    return new, old, truth, group


def made(new, old, truth, group, asked=ASKED, **more):
    table = paired_score_measurements(two_columns(new), two_columns(old), truth, group, asked, baseline="old", **more)
    return {(m.metric, m.group): m for m in table}


def slow_ece(scores, positive, weights):
    place = np.minimum((scores * BINS).astype(int), BINS - 1)
    return sum(abs(np.sum((weights * (positive - scores))[place == b])) for b in range(BINS)) / weights.sum()


def test_every_measure_is_scikit_learns_on_weighted_rows():
    scores, _, truth, _ = sample(60)
    weights = np.random.default_rng(1).integers(0, 4, (5, 60)).astype(float)
    positive = truth == 1
    for row, auc, brier, ece in zip(
        weights,
        weighted_auc(scores, positive, weights),
        weighted_brier(scores, positive, weights),
        weighted_ece(scores, positive, weights),
        strict=True,
    ):
        assert auc == pytest.approx(roc_auc_score(truth, scores, sample_weight=row))
        assert brier == pytest.approx(brier_score_loss(truth, scores, sample_weight=row))
        assert ece == pytest.approx(slow_ece(scores, positive, row))


def test_changes_are_differences_of_scikit_learns_numbers():
    new, old, truth, group = sample(200)
    found = made(new, old, truth, group)
    for index, name in enumerate(ASKED.groups):
        own = group == index
        auc = roc_auc_score(truth[own], new[own]) - roc_auc_score(truth[own], old[own])
        brier = brier_score_loss(truth[own], new[own]) - brier_score_loss(truth[own], old[own])
        assert found["auc_change", name].value == pytest.approx(auc)
        assert found["brier_change", name].value == pytest.approx(brier)
        for metric in ("auc_change", "brier_change", "ece_change"):
            m = found[metric, name]
            assert m.low <= m.value <= m.high
            assert (m.n, m.baseline, m.interval) == (own.sum(), "old", "paired-bootstrap")


def test_a_model_against_itself_has_not_changed():
    new, _, truth, group = sample(80)
    for m in made(new, new, truth, group).values():
        assert (m.value, m.low, m.high) == (0, 0, 0)


def test_pairing_narrows_the_interval():
    new, _, truth, group = sample(200)
    nearly = np.clip(new + 0.01, 0, 1)
    shuffled = np.random.default_rng(0).permutation(len(new))
    close, apart = made(new, nearly, truth, group), made(new, sample(200, seed=5)[0][shuffled], truth, group)
    for name in ASKED.groups:
        widths = [found["brier_change", name].high - found["brier_change", name].low for found in (close, apart)]
        assert widths[0] < 0.2 * widths[1]


def test_clusters_of_one_image_are_images_and_larger_ones_cost():
    new, old, truth, group = sample(120)
    single = made(new, old, truth, group, clusters=np.arange(120))
    plain = made(new, old, truth, group)
    for key, m in plain.items():
        assert (single[key].low, single[key].high) == (m.low, m.high)
    ten = [np.tile(column, 10) for column in (new, old, truth, group)]
    copied = made(*ten, clusters=np.tile(np.arange(120), 10))
    wide, narrow = copied["brier_change", "no"], made(*ten)["brier_change", "no"]
    assert wide.unit == "cluster"
    assert wide.high - wide.low > 2.5 * (narrow.high - narrow.low)  # √10 = 3.2


def test_clusters_of_uneven_sizes_have_the_linearised_variance():
    new, old, truth, _ = sample(80)
    times = np.where(np.arange(80) < 8, 30, 1)  # a few large persons, in no order
    mixed = np.random.default_rng(2).permutation(np.repeat(np.arange(80), times))
    columns, units = [column[mixed] for column in (new, old, truth)], mixed
    asked = FairnessSpec(attribute="hat", groups=("no",), classes=("0", "1"), statistics=Statistics(replicates=2000))
    found = made(*columns, np.zeros(len(units), int), asked, clusters=units)["brier_change", "no"]
    change = (columns[0] - columns[2]) ** 2 - (columns[1] - columns[2]) ** 2
    residual = np.bincount(units, change - change.mean())
    error = np.sqrt((residual**2).sum()) / len(units)  # of a ratio of sums over units
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.35)


def test_what_does_not_exist_is_undefined():
    found = made([0.2, 0.4, 0.9], [0.3, 0.4, 0.9], [0, 0, -1], [0, 0, 1])
    assert found["auc_change", "no"].reason == "group no has no positives or no negatives"
    assert found["brier_change", "no"].value == pytest.approx((0.04 - 0.09) / 2)
    assert found["brier_change", "yes"].reason == "group yes has no images"
    assert all(m.value is None for (metric, group), m in found.items() if group == "yes")


def test_small_groups_are_suppressed():
    new, old, truth, group = sample(40)
    asked = FairnessSpec(
        attribute="hat", groups=("no", "yes"), classes=("0", "1"), statistics=Statistics(replicates=50, min_cell=30)
    )
    assert {m.status for m in made(new, old, truth, group, asked).values()} == {"suppressed"}


@pytest.mark.slow
def test_without_a_change_the_interval_holds_zero_as_often_as_it_says():
    asked = FairnessSpec(attribute="hat", groups=("all",), classes=("0", "1"), statistics=Statistics(replicates=200))
    missed = {"auc_change": 0, "brier_change": 0, "ece_change": 0}
    runs = 200
    for seed in range(runs):
        new, old, truth, _ = sample(100, seed=seed)
        for (metric, _), m in made(new, old, truth, np.zeros(100, int), asked).items():
            missed[metric] += not m.low <= 0 <= m.high
    # Binomial(200, 0.05) is above 20 with a probability of 0.1 %.
    assert max(missed.values()) <= 20, missed
