"""Changes against an earlier report: differences with intervals that hold whatever the two models have in common."""

import pytest

from fairaudit.audits.core.report.against import against, changes, earlier_report
from fairaudit.audits.core.stream.audit import Findings
from fairaudit.errors import UsageError
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
