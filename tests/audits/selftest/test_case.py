"""One flag per audit: what counts as found, and why nothing was said."""

from types import SimpleNamespace

import pytest

from fairaudit.audits.joint.verdict import LOOKS, OUTCOME
from fairaudit.audits.selftest.case import _discovered, _of_leg, _unusable, flags
from fairaudit.config.schema import AuditConfig
from fairaudit.results.measurement import Measurement


def m(metric, value=0.5, **fields):
    ends = {} if value is None else {"low": value - 0.01, "high": value + 0.01, "level": 0.95, "interval": "bootstrap"}
    return Measurement(audit="x", metric=metric, value=value, **{**ends, **fields})


def test_any_window_of_a_method_is_a_find_and_a_failed_trial_none():
    rows = [
        m("discovery", None, attribute="tie", method="lrp", status="undefined", reason="no window"),
        m("discovery", attribute="tie", method="lrp"),
        m("discovery", None, attribute="tie", method="lrp", status="undefined", reason="no window"),
        m("discovery_alignment", attribute="tie", method="gradient", status="unusable", reason="trial"),
        m("discovery", attribute="hat", method="gradcam"),
    ]
    found = {flag.audit: (flag.flagged, flag.reason) for flag in _discovered(rows, "tie", None)}
    assert found == {"discovery lrp": (True, ""), "discovery_alignment gradient": (False, "trial")}


@pytest.mark.parametrize(
    ("side", "flagged", "told"),
    [("above", True, ""), ("below", False, ""), ("open", False, "s"), ("absent", False, "s")],
)
def test_a_leg_is_found_where_it_is_surely_above(side, flagged, told):
    leg = SimpleNamespace(side=side, sentence=lambda: "s")
    flag = _of_leg("fairness", "tie", None, leg)
    assert (flag.flagged, flag.reason) == (flagged, told)


def test_the_reason_of_a_method_without_a_number():
    rows = [m("a", None, method="lrp", region="top", status="undefined", reason="blank maps")]
    assert _unusable(rows, "lrp", "top") == "blank maps"
    assert _unusable(rows, "lrp", "low") == "lrp gave no number for low"


def test_without_a_place_the_outcome_is_what_there_is_to_find():
    study = SimpleNamespace(config=SimpleNamespace(audit=AuditConfig(), regions={}), regions=[], attributes=["tie"])
    findings = SimpleNamespace(
        measurements=[m(OUTCOME, 0.5, attribute="tie"), m(LOOKS, 0.5, attribute="tie", region="top")]
    )
    found = {flag.audit: flag.flagged for flag in flags(study, findings, "tie", None)}
    assert found == {"fairness": True, "joint verdict": True}
    even = SimpleNamespace(measurements=[m(OUTCOME, 0.0, attribute="tie")])
    assert not any(flag.flagged for flag in flags(study, even, "tie", None))
