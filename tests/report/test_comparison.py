import pytest

from fairaudit.report.comparison import WORDS, Apart, apart, between, own, word
from fairaudit.results.measurement import Measurement


def changed(report, **values):
    """The report with other numbers for some metrics: name → fields."""
    measurements = [m.model_copy(update=values.get(m.metric, {})) for m in report.measurements]
    return report.model_copy(update={"measurements": measurements})


def rate(value, low, high, level=0.95, **more):
    return Measurement(audit="fairness", metric="tpr", value=value, low=low, high=high, level=level, **more)


@pytest.mark.parametrize(
    ("change", "better", "expected"),
    [
        (Apart(value=0.1, low=0.05, high=0.2), "lower", "worse"),
        (Apart(value=-0.1, low=-0.2, high=-0.05), "lower", "better"),
        (Apart(value=0.1, low=0.05, high=0.2), "higher", "better"),
        (Apart(value=-0.1, low=-0.2, high=-0.05), "higher", "worse"),
        (Apart(value=0.1, low=0.05, high=0.2), "none", "differs"),
        (Apart(value=0.1, low=0.0, high=0.2), "lower", "unclear"),
        (Apart(value=0.0, low=-0.1, high=0.1), "lower", "same"),
        (Apart(value=0.0), "lower", "no interval"),
        (Apart(value=None), "lower", "undefined"),
    ],
)
def test_a_change_is_called_by_its_interval_and_the_better_way(change, better, expected):
    assert word(change, better) == expected
    assert expected in WORDS


def test_two_intervals_hold_the_change_whatever_they_share():
    found = apart(rate(0.7, 0.6, 0.8), rate(0.5, 0.45, 0.6, level=0.9))
    assert (found.value, found.low, found.high) == (pytest.approx(0.2), pytest.approx(0.0), pytest.approx(0.35))
    assert found.level == 0.85
    assert apart(rate(0.7, 0.6, 0.8, level=0.4), rate(0.5, 0.4, 0.6, level=0.5)).low is None  # no certainty is left


def test_a_report_against_itself_has_nothing_that_is_better_or_worse(report):
    found = between(report, report)
    assert {change.word for change in found.changes} <= {"same", "no interval", "undefined", "unusable"}
    assert all(change.change.value == 0 for change in found.changes if change.change.value is not None)


def test_worse_ones_come_first_and_the_registry_says_which_way(report):
    worse = changed(report, equalized_odds_difference={"value": 0.9, "low": 0.8, "high": 0.95})
    found = between(report, worse)
    assert found.changes[0].metric == "equalized_odds_difference"
    assert found.changes[0].word == "worse"
    assert between(worse, report).changes[0].word == "better"


def test_suppressed_numbers_are_not_told(report):
    hidden = changed(report, tpr={"status": "suppressed", "reason": "few images", "value": None})
    assert "tpr" in {change.metric for change in between(report, report).changes}
    assert "tpr" not in {change.metric for change in between(report, hidden).changes}


def test_paired_changes_stand_in_for_two_intervals(report):
    gap = next(m for m in report.measurements if m.metric == "equalized_odds_difference")
    subject = {"audit": "fairness", "attribute": gap.attribute, "metric": f"{gap.metric}_change", "baseline": "old"}
    paired = Measurement(**subject, value=0.0, low=-0.01, high=0.01, level=0.95, interval="paired", better="lower")
    found = {(c.metric, c.about): c for c in between(report, report, paired=[paired]).changes}
    change = found[gap.metric, f"attribute {gap.attribute}"]
    assert (change.paired, change.change.low, change.change.high) == (True, -0.01, 0.01)
    assert sum(c.paired for c in found.values()) == 1


def test_a_run_with_a_baseline_has_its_own_comparison(report):
    gap = next(m for m in report.measurements if m.metric == "equalized_odds_difference")
    subject = {
        "audit": "fairness",
        "attribute": gap.attribute,
        "metric": f"{gap.metric}_change",
        "baseline": "balanced",
    }
    found = Measurement(**subject, value=0.1, low=0.05, high=0.2, level=0.95, interval="paired", better="lower")
    with_baseline = report.model_copy(update={"measurements": [*report.measurements, found]})
    (change,) = [c for c in own(with_baseline).changes if c.metric == gap.metric]
    assert (change.baseline, change.candidate) == (pytest.approx(gap.value - 0.1), gap.value)
    assert change.paired
    assert change.word == "worse"
    assert own(with_baseline).baseline == "balanced"


def test_without_changes_there_is_no_comparison(report):
    alone = [m for m in report.measurements if m.baseline is None]
    assert own(report.model_copy(update={"measurements": alone})) is None
