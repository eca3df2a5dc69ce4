"""Legs are repeated from the reports they come from, with the paired change, and put into panels."""

from types import SimpleNamespace

import pytest

from fairaudit.audits.pruning.legs import SOURCES, leg_rows, panels
from fairaudit.results.measurement import Measurement


def measured(metric, value, **fields):
    return Measurement(audit="x", metric=metric, value=value, low=value - 0.1, high=value + 0.1, level=0.95, **fields)


@pytest.fixture
def report():
    found = [
        measured("equalized_odds_difference", 0.4, attribute="tie"),
        measured("equalized_odds_difference_change", -0.3, attribute="tie", baseline="old.pt"),
        measured("rrf_lift_absolute", 2.0, region="tie", method="lrp"),
        measured("rrf_lift_absolute", 1.5, region="tie", method="lrp", class_="1"),
        measured("rrf_lift_absolute", 1.2, region="tie", method="lrp", attribute="tie", group="0"),
        measured("rrf_lift_absolute_contrast", 0.1, region="tie", method="lrp", attribute="tie"),
        measured("rrf_lift_absolute_change", -1.0, region="tie", method="lrp", baseline="old.pt"),
        measured("cue_alignment", 0.3, attribute="tie", region="tie", method="lrp"),
        measured("swap_effect", 0.25, attribute="tie", region="tie", method="swap"),
        measured("causal_excess", 0.2, region="tie", method="inpaint"),
        measured("unbiased_accuracy", 0.9, attribute="tie"),
        measured("bias_accuracy_linear", 0.8, attribute="tie", method="vanilla").model_copy(update={"audit": "prune"}),
    ]
    return SimpleNamespace(measurements=found)


def test_every_leg_is_there_once(report):
    rows = list(leg_rows("magnitude", report))
    assert [row.metric for row in rows] == list(SOURCES)
    assert {row.audit for row in rows} == {"prune"}
    assert not set(SOURCES) & set(SOURCES.values())  # a gate over the metric never meets the copy
    assert len({row.id for row in rows}) == len(rows)


def test_a_leg_has_the_number_the_interval_and_the_change_of_its_source(report):
    rows = {row.metric: row for row in leg_rows("magnitude", report)}
    outcome = rows["leg_outcome"]
    assert (outcome.value, outcome.low, outcome.high, outcome.method) == (0.4, 0.4 - 0.1, 0.4 + 0.1, "magnitude")
    assert outcome.extra == {"change": -0.3, "change_low": -0.3 - 0.1, "change_high": -0.3 + 0.1}
    assert rows["leg_lift"].method == "magnitude, lrp"
    assert rows["leg_lift"].extra["change"] == -1.0
    assert rows["leg_effect"].extra == {}  # the unpruned model has no change to itself


def test_panels_hold_one_point_per_model_in_order(report):
    rows = [row for name in ("vanilla", "magnitude") for row in leg_rows(name, report)]
    found = panels(rows, ["vanilla", "magnitude"], report)
    assert [panel.title for panel in found] == [
        "mean accuracy of cells, tie",
        "outcome gap, tie",
        "cue alignment, tie × tie, lrp",
        "effect of swapped content, tie × tie",
        "relevance lift, tie, lrp",
        "effect of replacing, tie",
        "linear probe, tie",
    ]
    assert [point.name for point in found[1].points] == ["vanilla", "magnitude"]
