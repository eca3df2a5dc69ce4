"""Changes against an earlier report: differences with intervals that hold whatever the two models have in common."""

import numpy as np
import pytest

from fairaudit.audits.core.report.against import against, changes, earlier_report
from fairaudit.audits.core.stream.audit import Findings
from fairaudit.errors import UsageError
from fairaudit.results.measurement import Measurement
from fairaudit.results.report import Data, Gate, Report, Run
from fairaudit.results.store import write_report
from fairaudit.tables.row import Estimate, Subject, row


def measured(metric, value, low=None, high=None, *, missing=None, level=0.95, **place):
    subject = Subject(audit="fairness", metric=metric, attribute="hat", **place)
    interval = None if low is None else "max-t"
    estimate = Estimate(value=value, low=low, high=high, interval=interval, n=40, missing=missing or "")
    return row(subject, estimate, level=level)


def report(*measurements, digest="d" * 64):
    return Report(
        run=Run(started="", seconds=0.0, command=[], device="cpu", resumed_chunks=0, versions={}),
        models=[],
        data=Data(name="old.csv", digest=digest, rows=40, scored=40, target="y", classes=["0", "1"],
                  attributes={"hat": ["no", "yes"]}, unknown={}, cells={}, regions={}, seed=0),
        measurements=list(measurements), verdicts=[], excluded=[], notes=[], figures=[],
        gate=Gate(state="none", exit_code=0, fail_on="fail", correction="none", rules=[]),
    )  # fmt: skip


NOW = measured("equalized_odds_difference", 0.10, 0.05, 0.20)
BEFORE = measured("equalized_odds_difference", 0.25, 0.18, 0.31)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "report.json"
    write_report(report(BEFORE), path)
    return path


def test_a_change_is_the_difference_with_bonferronis_ends():
    (change,) = changes([NOW], report(BEFORE))
    assert (change.metric, change.attribute, change.baseline) == (
        "equalized_odds_difference_change", "hat", "report of old.csv",
    )  # fmt: skip
    assert change.value == pytest.approx(0.10 - 0.25)
    assert (change.low, change.high) == (pytest.approx(0.05 - 0.31), pytest.approx(0.20 - 0.18))
    assert change.level == pytest.approx(1 - 2 * 0.05)
    assert change.interval == "two-reports"
    assert (change.extra["now"], change.extra["before"]) == (0.10, 0.25)


def test_only_what_both_have_of_a_whole_attribute_is_compared():
    others = [
        measured("equalized_odds_difference", 0.1, 0.0, 0.2, class_="1"),
        measured("equalized_odds_difference_change", 0.1, 0.0, 0.2),
        measured("accuracy", 0.9, 0.8, 1.0, group="yes"),
    ]
    assert changes(others, report(*others)) == []
    assert changes([NOW], report(measured("demographic_parity_difference", 0.2, 0.1, 0.3))) == []


@pytest.mark.parametrize("gone", ["now", "before"])
def test_without_one_of_the_numbers_there_is_no_change_and_the_reason_names_the_side(gone):
    nothing = measured("equalized_odds_difference", None, missing="no image of hat = yes")
    (change,) = changes([nothing if gone == "now" else NOW], report(nothing if gone == "before" else BEFORE))
    assert (change.value, change.low, change.high) == (None, None, None)
    assert {"now": "this model", "before": "the earlier one"}[gone] in change.reason
    assert "no image of hat = yes" in change.reason


def test_findings_get_their_changes_and_a_note_of_the_level(file):
    findings = Findings(measurements=(NOW,), notes=("first",))
    found = against(findings, file, digest="d" * 64)
    assert [m.metric for m in found.measurements] == [
        "equalized_odds_difference", "equalized_odds_difference_change",
    ]  # fmt: skip
    assert found.notes[0] == "first"
    assert "report of old.csv" in found.notes[1]
    assert "at a level of 90 %" in found.notes[1]
    assert against(findings, None, digest="d" * 64) is findings


def test_a_report_of_other_data_or_without_a_disparity_is_refused(file):
    with pytest.raises(UsageError, match="about other data"):
        earlier_report(file, digest="e" * 64)
    other = Findings(measurements=(measured("demographic_parity_difference", 0.1, 0.0, 0.2),))
    with pytest.raises(UsageError, match="no disparity that this audit measures"):
        against(other, file, digest="d" * 64)


def gap(value, low, high, level=0.95, metric="equalized_odds_difference", **fields):
    return Measurement(
        audit="fairness", metric=metric, attribute="hat", value=value, low=low, high=high, level=level, better="lower",
        interval="max-t", n=100, **fields,
    )  # fmt: skip


def test_a_change_between_two_reports_by_hand():
    earlier = report(gap(0.30, 0.20, 0.40), gap(0.1, 0, 0.2, metric="tpr_difference"))
    [found] = changes([gap(0.05, 0.0, 0.12)], earlier)
    assert found.id == "fairness/equalized_odds_difference_change/attribute=hat/baseline=report of old.csv"
    assert (found.value, found.low, found.high) == pytest.approx((-0.25, -0.40, -0.08))
    assert (found.level, found.better, found.interval) == (pytest.approx(0.90), "lower", "two-reports")


def test_the_interval_of_a_change_holds_however_the_two_models_depend_on_each_other():
    """Normal estimates with known intervals: the change is held as often as promised, at any correlation."""
    rng = np.random.default_rng(0)
    for correlation in (-0.95, 0.0, 0.95):
        both = rng.multivariate_normal([0.3, 0.5], [[0.01, 0.01 * correlation], [0.01 * correlation, 0.01]], 4000)
        held = 0
        for old, new in both[:1000]:
            ends = [(value, value - 0.196, value + 0.196) for value in (old, new)]
            [found] = changes([gap(*ends[1])], report(gap(*ends[0])))
            held += found.low <= 0.2 <= found.high
        assert held / 1000 >= 0.90 - 0.02


def test_a_change_of_what_does_not_exist_is_undefined_with_the_reason():
    nothing = gap(None, 0.0, 1.0, status="undefined", reason="group 1 has no positive")
    [found] = changes([nothing], report(gap(0.3, 0.2, 0.4)))
    assert (found.value, found.low, found.status) == (None, None, "undefined")
    assert "this model" in found.reason
    assert "no positive" in found.reason
    [found] = changes([gap(0.3, 0.2, 0.4)], report(nothing))
    assert "the earlier one" in found.reason


def test_two_reports_are_told_to_be_unpaired(tmp_path):
    write_report(report(gap(0.3, 0.2, 0.4)), tmp_path / "report.json")
    found = against(Findings(measurements=[gap(0.1, 0.0, 0.2)]), tmp_path, digest="d" * 64)
    assert [m.metric for m in found.measurements] == ["equalized_odds_difference", "equalized_odds_difference_change"]
    assert "no decisions per image" in found.notes[0]
    assert "--baseline MODEL" in found.notes[0]
    assert "at a level of 90 %" in found.notes[0]
