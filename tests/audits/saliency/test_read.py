"""Medians over all images, mean maps per cell, and figures that need trials."""

from types import SimpleNamespace

import numpy as np
import pytest

from fairaudit.audits.core.stream.columns import column
from fairaudit.audits.saliency.read import _mean, _over_all, _randomisation, _regions, _saturation


def total(columns=None, sums=None, regions=(), rows=4):
    part = SimpleNamespace(columns=columns or {}, sums=sums or {})
    return SimpleNamespace(part=part, rows=np.arange(rows), study=SimpleNamespace(regions=list(regions)))


def test_the_median_of_what_is_known():
    columns = {column("completeness_gap", "lrp"): np.array([1.0, np.nan, 3.0, 9.0]),
               column("completeness_gap", "other"): np.array([0.0] * 4),
               column("conservation_ratio", "lrp"): np.array([np.nan] * 4)}  # fmt: skip
    gap, ratio = _over_all(total(columns), ["lrp"])
    assert (gap.metric, gap.value, gap.n) == ("completeness_gap_all", 3.0, 3)
    assert gap.extra["largest"] == 9.0
    assert gap.extra["p95"] == pytest.approx(np.quantile([1, 3, 9], 0.95))
    assert (ratio.value, ratio.status, ratio.reason) == (None, "undefined", "no image has such a value")


def test_a_cell_without_images_has_no_mean():
    sums = {column("map", "hat", "candidate", "lrp"): np.array([[[6.0]], [[0.0]]]),
            column("images", "hat", "candidate", "lrp"): np.array([3, 0])}  # fmt: skip
    found = _mean(sums, "hat", "candidate", "lrp")
    assert found[0].tolist() == [[2.0]]
    assert np.isnan(found[1]).all()


def test_a_pixel_is_in_the_region_that_covers_it_most():
    sums = {column("region", "tie"): np.array([[4.0, 0.0]]), column("region", "eye"): np.array([[1.0, 2.0]]),
            column("region", "unused"): np.array([[9.0, 9.0]])}  # fmt: skip
    assert _regions(total(sums=sums, regions=("tie", "eye"))).tolist() == [[1.0, 0.5]]
    assert _regions(total()) is None


def test_figures_of_trials_need_some():
    nothing = SimpleNamespace(curves={}, cascades={})
    assert list(_saturation(nothing)) == list(_randomisation(nothing)) == []
    some = SimpleNamespace(curves={"lrp": 1}, cascades={"lrp": 1})
    assert [each.name for each in (*_saturation(some), *_randomisation(some))] == [
        "saturation.png",
        "randomisation.png",
    ]
