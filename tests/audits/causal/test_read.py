"""Paired changes beyond the controls, and what is said where there is no control."""

from types import SimpleNamespace

import numpy as np

from fairaudit.audits.causal import read as reading
from fairaudit.audits.causal.read import _columns, _without, read_causal
from fairaudit.audits.core.stream.columns import column
from fairaudit.measures.regions.causal import PAIRED


def total(control=0.1, baseline=None):
    columns = {}
    for role in ("candidate", "baseline"):
        for name in PAIRED:
            columns[column(role, "tie", "blur", name)] = np.array([0.3, 0.5])
            columns[column(role, "tie", "blur", f"{name}_control")] = np.full(2, control)
    study = SimpleNamespace(regions=["tie"], baseline=baseline)
    return SimpleNamespace(study=study, rows=np.arange(2), part=SimpleNamespace(columns=columns))


def test_the_excess_is_what_the_control_leaves():
    np.testing.assert_allclose(_columns(total(), "candidate", "tie", "blur")["causal_excess"], [0.2, 0.4])


def asked(monkeypatch, made):
    """What is asked of the tables: (names of columns, baseline, reason)."""
    calls = []

    def tables(columns, question, rows, *, controls=None):
        calls.append((sorted(columns), question.baseline, question.reason))
        return []

    monkeypatch.setattr(reading, "tables", tables)
    monkeypatch.setattr(reading, "rows_of", lambda study, rows: None)
    monkeypatch.setattr(reading, "question", _question)
    return read_causal(made, {"tie": ["blur"]}), calls


def _question(study, *, region, method, baseline=None):
    from fairaudit.tables.specs import ImageSpec

    return ImageSpec(region=region, method=method, baseline=baseline)


def test_changes_to_a_baseline_are_of_three_columns(monkeypatch):
    findings, calls = asked(monkeypatch, total(baseline=SimpleNamespace(name="old")))
    assert (len(calls), findings.notes) == (3, [])
    assert calls[2] == (["causal_excess_change", "causal_flip_change", "causal_shift_change"], "old", calls[2][2])


def test_without_a_control_there_is_no_excess_and_a_note(monkeypatch):
    findings, calls = asked(monkeypatch, total(np.nan))
    assert len(calls) == 2
    assert calls[1][2] == _without("tie", "blur")
    assert findings.notes[0].startswith(_without("tie", "blur"))
    assert "same class and group" in _without("tie", "swap")
