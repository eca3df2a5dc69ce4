"""What a report comes to in one row, and which of several rows and exit codes is the worst."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations, product

import pytest

from fairaudit.errors import DataError
from fairaudit.report.zoo.row import as_dict, broken_row, counts_line, from_dict, row_of, worst_code, worst_first


@pytest.fixture
def row(report):
    return row_of(report, name="m", folder="m")


def test_the_row_is_the_worst_rule_of_the_gate(report, row):
    first = report.gate.rules[0]
    assert (row.gate, row.exit_code) == (report.gate.state, report.gate.exit_code)
    assert row.report == "m/report.json"
    states = {rule.why: rule.state for rule in report.gate.rules}
    assert states[row.worst_rule] == first.state


def test_accuracy_is_that_of_all_images_of_known_groups(report, row):
    groups = [m for m in report.measurements if m.metric == "accuracy" and m.group is not None and m.baseline is None]
    groups = [m for m in groups if m.attribute == groups[0].attribute]
    if not groups or any(m.value is None for m in groups):
        assert row.accuracy is None
        return
    images = [value for m in groups for value in [m.value] * m.n]
    assert row.accuracy == pytest.approx(sum(images) / len(images))
    assert row.worst_group_accuracy == min(images)


def test_a_row_survives_json(row):
    assert from_dict(as_dict(row)) == row
    with pytest.raises(DataError):
        from_dict({**as_dict(row), "gate": "fine"})
    with pytest.raises(DataError):
        from_dict({"model": "m"})


def test_worst_first_is_one_order_whatever_the_input(row):
    rows = [
        replace(row, model="m2", gate="fail", verdicts=(), excess=2.0),
        replace(row, model="m10", gate="fail", verdicts=(), excess=1.0),
        replace(row, model="m11", gate="fail", verdicts=(), excess=1.0),
        replace(row, model="a", gate="inconclusive", verdicts=(), excess=9.0),
        broken_row("b", "no file"),
        replace(row, model="c", gate="pass", verdicts=(), excess=-0.5),
    ]
    for order in permutations(rows):
        assert worst_first(order) == rows
    assert counts_line(rows) == "3 fail, 1 inconclusive, 1 not audited, 1 pass"


def test_a_worse_verdict_comes_before_a_larger_gap(row):
    unequal = replace(row, model="z", gate="fail", verdicts=("a: unequal and for the wrong reason",), excess=0.1)
    gap = replace(row, model="a", gate="fail", verdicts=("a: no evidence",), excess=5.0)
    assert worst_first([gap, unequal]) == [unequal, gap]


@pytest.mark.parametrize("codes", list(product([0, 2, 3, 4, 5], repeat=2)))
def test_several_codes_pass_only_where_all_do(codes):
    assert (worst_code(codes) == 0) == (set(codes) == {0})
    assert worst_code(codes) in codes
    assert 3 not in codes or worst_code(codes) == 3
