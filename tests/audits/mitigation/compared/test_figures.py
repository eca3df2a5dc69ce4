"""Which variants the figures show, and what they leave empty."""

from types import SimpleNamespace

import numpy as np
import pytest

from fairaudit.audits.mitigation.compared import figures
from fairaudit.audits.mitigation.compared.figures import MOST, _against, _every, _most_told, _places, panels, trade_off
from fairaudit.audits.mitigation.fits.fit import VANILLA
from fairaudit.mitigation.registry import CONTROL
from fairaudit.report.figures.legs import Point


def found(**values):
    return SimpleNamespace(values=values, level=0.95)


def test_points_that_are_missing_are_kept_without_a_value():
    points = _every(found(a=None, b=None), [Point(name="b", value=1.0, low=0.0, high=2.0)])
    assert [(point.name, point.value) for point in points] == [("a", None), ("b", 1.0)]


def test_panels_have_quantiles_of_the_replicates():
    replicates = np.concatenate([[0.5], np.linspace(0, 1, 101)])
    (panel,) = panels(
        found(**{VANILLA: {"unbiased_accuracy": replicates}, "a": {"unbiased_accuracy": np.array([np.nan])}})
    )
    assert [point.name for point in panel.points] == [VANILLA, "a"]
    assert (panel.points[0].low, panel.points[0].high) == pytest.approx((0.025, 0.975))
    assert panel.points[1].value is None


def test_unchanged_model_and_control_come_first_then_the_best_worst_cells():
    values = {f"m{number}": {"worst_cell_accuracy": np.array([number / 20])} for number in range(10)}
    values |= {VANILLA: {"worst_cell_accuracy": np.array([0.0])}, CONTROL: {"worst_cell_accuracy": np.array([np.nan])}}
    assert _most_told(found(**values)) == [VANILLA, CONTROL, "m9", "m8", "m7", "m6", "m5", "m4"]
    assert len(_most_told(found(**values))) == MOST


def test_changes_are_against_the_unchanged_model(monkeypatch):
    monkeypatch.setattr(figures, "flags", lambda found, name: ["degenerate"] if name == "b" else [])
    gap, lift = "equalized_odds_difference", "relevance_lift"
    values = {
        VANILLA: {gap: np.array([0.5]), lift: np.array([3.0])},
        "a": {gap: np.array([0.25]), lift: np.array([4.0])},
        "b": {gap: np.array([np.nan]), lift: np.array([1.0])},
        "c": {gap: np.array([0.5])},
    }
    places = _places(found(**values))
    assert [(place.name, place.degenerate) for place in places] == [(VANILLA, False), ("a", False)]
    (moved,) = _against(places, "").draw.args[0]
    assert (moved.name, moved.outcome, moved.reason) == ("a", -0.25, 1.0)


def test_without_a_search_there_is_no_trade_off():
    shown = SimpleNamespace(
        per_seed={VANILLA: [{"unbiased_accuracy": 1.0}]}, trials={"a": [{"unbiased_accuracy": 1.0}]}, values={},
        fits=SimpleNamespace(trials={"a": [SimpleNamespace(edit=1, unit=SimpleNamespace(strength=1.0))]}),
    )  # fmt: skip
    assert trade_off(shown) is None
