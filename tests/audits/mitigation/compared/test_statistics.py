"""Replicates: the first is the number on the images themselves, differences are paired, clusters move whole."""

import numpy as np
import pytest

from fairaudit.audits.mitigation.compared.statistics import Images, p_value, replicated
from fairaudit.measures.counts.confusion import confusion
from fairaudit.measures.counts.disparities import disparity
from fairaudit.measures.counts.paper_measures import iou_std
from fairaudit.measures.scores.calibration import calibration_error, reliability


def drawn(seed=0, count=200, clusters=None):
    draw = np.random.default_rng(seed)
    images = Images(target=draw.integers(0, 2, count), attribute=draw.integers(0, 2, count), classes=2, groups=2,
                    clusters=clusters)  # fmt: skip
    scores = draw.uniform(size=count)
    flips = np.where(draw.random(count) < 0.1, np.nan, draw.integers(0, 2, count))
    columns = {"scores": np.stack([1 - scores, scores], 1), "decisions": (scores >= 0.5).astype(int),
               "flip_rate": flips}  # fmt: skip
    return images, columns


def test_the_first_replicate_is_the_number_itself():
    images, columns = drawn()
    found = replicated(images, {"one": [columns]}, seed=0, replicates=3)["one"]
    counts = confusion(images.attribute, images.target, columns["decisions"], groups=2, classes=2).counts
    cells = [counts[g, t, t] / counts[g, t].sum() for g in (0, 1) for t in (0, 1)]
    assert found["unbiased_accuracy"][0] == pytest.approx(np.mean(cells))
    assert found["worst_cell_accuracy"][0] == pytest.approx(min(cells))
    assert found["equalized_odds_difference"][0] == pytest.approx(float(disparity(counts, "equalized_odds_difference")))
    assert found["iou_std"][0] == pytest.approx(float(iou_std(counts)))
    assert found["flip_rate"][0] == pytest.approx(np.nanmean(columns["flip_rate"]))
    wanted = calibration_error(
        reliability(columns["scores"][:, 1], images.target == 1, np.zeros(200, int), groups=1)
    ).item()
    assert found["ece"][0] == pytest.approx(wanted)
    assert "relevance_lift" not in found


def test_equal_variants_have_no_change_in_any_replicate():
    images, columns = drawn()
    found = replicated(images, {"one": [columns], "two": [columns, columns]}, seed=1, replicates=40)
    for metric, values in found["one"].items():
        assert np.array_equal(values, found["two"][metric]), metric
    assert p_value(found["one"]["flip_rate"][1:] - found["two"]["flip_rate"][1:]) == 1.0


def test_the_spread_of_a_mean_is_the_binomial_one():
    images, columns = drawn(count=400)
    columns["flip_rate"] = (np.arange(400) % 2).astype(float)
    values = replicated(images, {"one": [columns]}, seed=2, replicates=800)["one"]["flip_rate"][1:]
    assert values.std() == pytest.approx(np.sqrt(0.25 / 400), rel=0.15)


def test_clusters_move_whole():
    clusters = np.repeat(np.arange(20), 10)
    images, columns = drawn(clusters=clusters)
    columns["flip_rate"] = (clusters % 2).astype(float)
    values = replicated(images, {"one": [columns]}, seed=3, replicates=800)["one"]["flip_rate"][1:]
    assert values.std() == pytest.approx(np.sqrt(0.25 / 20), rel=0.15)
