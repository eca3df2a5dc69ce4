"""Changes between two reports: what rules over regressions are held against."""

from pathlib import Path

import numpy as np
import pytest

from fairaudit.audits.core.report.compare import (
    MOST_CLASSES,
    _level,
    _measurements,
    _replicates,
    compare_reports,
    paired_changes,
    regression,
)
from fairaudit.audits.core.stream.stored import StoredRows
from fairaudit.config.schema import GateRule
from fairaudit.errors import UsageError
from fairaudit.results.store import read_report

EXAMPLE = Path(__file__).parents[3] / "report" / "example.json"


@pytest.fixture
def report():
    return read_report(EXAMPLE)


def changed(report, metric, **values):
    rows = [m.model_copy(update=values) if m.metric == metric else m for m in report.measurements]
    return report.model_copy(update={"measurements": rows})


def test_a_rule_is_a_metric_and_its_most():
    rule = regression(" accuracy = 0.5 ")
    assert (rule.regression, rule.max) == ("accuracy", 0.5)
    for text in ("accuracy", "accuracy=", "accuracy=much"):
        with pytest.raises(UsageError, match=r"METRIC=MAX"):
            regression(text)


def test_changes_are_candidate_less_baseline_with_both_intervals(report):
    name = "equalized_odds_difference"
    old, new = (
        changed(report, name, value=0.25, low=0.2, high=0.35),
        changed(report, name, value=0.5, low=0.45, high=0.6),
    )
    found = [m for m in _measurements(old, new, []) if m.metric == f"{name}_change"]
    assert found
    for m in found:
        # Of two intervals [0.2, 0.35] and [0.45, 0.6] the differences reach from 0.45 - 0.35 to 0.6 - 0.2.
        assert (m.value, m.low, m.high) == (0.25, pytest.approx(0.1), pytest.approx(0.4))


@pytest.mark.parametrize("of_baseline", [True, False])
@pytest.mark.parametrize("status", ["unusable", "undefined", "suppressed"])
def test_a_change_is_no_better_than_the_worse_of_two(report, status, of_baseline):
    name = "equalized_odds_difference"
    poor = {"status": status, "reason": "few images"} | (
        {} if status == "unusable" else {"value": None, "low": None, "high": None}
    )
    other = changed(report, name, **poor)
    pair = (other, report) if of_baseline else (report, other)
    found = [m for m in _measurements(*pair, []) if m.metric == f"{name}_change"]
    assert {m.status for m in found} == {status}
    assert {m.reason for m in found} == {"few images"}


def stored(decisions, group, target, rows=None):
    group, target = np.asarray(group), np.asarray(target)
    return StoredRows(rows=np.arange(len(group)) if rows is None else rows, target=target,
                      decisions=np.asarray(decisions), attributes={"hat": group})  # fmt: skip


def binary(report):
    data = report.data.model_copy(update={"classes": ["0", "1"], "attributes": {"hat": ["no", "yes"]}})
    fairness = [m.model_copy(update={"unit": "image"}) for m in report.measurements if m.audit == "fairness"]
    return report.model_copy(update={"data": data, "measurements": fairness})


def test_paired_changes_by_counting(report):
    group, target = [0] * 8 + [1] * 8, [0, 0, 0, 0, 1, 1, 1, 1] * 2
    before = stored([0, 0, 0, 0, 1, 1, 1, 1] * 2, group, target)
    now = stored([0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1], group, target)
    one = binary(report)
    found = {(m.metric, m.group, m.class_): m.value for m in paired_changes(one, one, before, now)}
    assert found["accuracy_change", "no", None] == pytest.approx(-3 / 8)
    assert found["accuracy_change", "yes", None] == pytest.approx(0)


def test_rows_that_are_not_the_same_are_not_paired(report):
    group, target, decided = [0, 0, 1, 1] * 2, [0, 1] * 4, [0, 1] * 4
    one, before = binary(report), stored(decided, group, target)
    assert list(paired_changes(one, one, before, before))
    others = [
        stored(decided[:-1], group[:-1], target[:-1]),
        stored(decided, group, target, rows=np.arange(8) + 1),
        stored(decided, group, [1 - t for t in target]),
        stored(decided, [1 - g for g in group], target),
    ]
    for other in others:
        assert list(paired_changes(one, one, before, other)) == []
    many = one.model_copy(
        update={"data": one.data.model_copy(update={"classes": [str(n) for n in range(MOST_CLASSES + 1)]})}
    )
    assert list(paired_changes(many, many, before, before)) == []
    clustered = [m.model_copy(update={"unit": "cluster"}) for m in one.measurements]
    assert list(paired_changes(one, one.model_copy(update={"measurements": clustered}), before, before)) == []


def test_level_and_replicates_are_those_of_the_report(report):
    fair = next(m for m in report.measurements if m.audit == "fairness" and m.level is not None)
    own = report.model_copy(
        update={"measurements": [fair.model_copy(update={"level": 0.9, "extra": {"replicates": 77}})]}
    )
    assert (_level(own), _replicates(own)) == (0.9, 77)
    bare = report.model_copy(update={"measurements": []})
    assert (_level(bare), _replicates(bare)) == (0.95, 10_000)


def test_a_report_against_itself_passes_and_a_worse_one_fails(tmp_path):
    text = EXAMPLE.read_text(encoding="utf-8")
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "report.json").write_text(text, encoding="utf-8")
    rule = GateRule(regression="equalized_odds_difference", max=1.0)
    (found,) = compare_reports([tmp_path / "a", tmp_path / "b" / "report.json"], rules=[rule], fail_on="fail")
    assert {change.change.value for change in found.comparison.changes} <= {0.0, None}
    assert found.gate.state == "pass"
