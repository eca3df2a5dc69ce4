"""The one writer of rows: what an estimate becomes, and that nothing else writes rows."""

import ast
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fairaudit
from fairaudit.errors import UsageError
from fairaudit.tables.metrics import METRICS
from fairaudit.tables.row import Estimate, Subject, renamed, row, unusable

SUBJECT = Subject(audit="fairness", metric="tpr", attribute="hat", group="yes")
anything = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True), st.floats(0, 1))
reasons = st.one_of(st.none(), st.just("for a reason"))


@given(value=anything, low=anything, high=anything, p=anything, n=anything, hidden=reasons, refusal=reasons)
def test_every_estimate_is_a_row_that_says_what_may_be_done_with_it(value, low, high, p, n, hidden, refusal):
    estimate = Estimate(
        value=value, low=low, high=high, interval="bootstrap", unit="image", p_value=p, n=n, numerator=value,
        missing="nothing there", hidden=hidden, unusable=refusal,
    )  # fmt: skip
    found = row(SUBJECT, estimate, level=0.9)
    exists = value is not None and math.isfinite(value)
    expected = "suppressed" if hidden else "undefined" if not exists else "unusable" if refusal else "ok"
    assert found.status == expected
    assert (found.reason is None) == (expected == "ok")
    assert (found.value == value) if expected in ("ok", "unusable") else found.value is None
    told = found.interval is not None
    assert told == (found.low is not None)
    assert (found.level, found.unit) == ((0.9, "image") if told else (None, None))
    if hidden:
        assert (found.low, found.high, found.p_value, found.numerator) == (None, None, None, None)


def test_a_missing_value_needs_a_reason():
    with pytest.raises(ValueError, match="needs a reason"):
        row(SUBJECT, Estimate(value=math.nan))


def test_a_name_that_the_registry_lacks_is_refused_with_the_nearest():
    with pytest.raises(UsageError, match='"tpr"'):
        row(Subject(audit="fairness", metric="trp"), Estimate(value=1.0))


def test_what_is_counted_is_told_without_an_interval_too():
    assert row(SUBJECT, Estimate(value=0.5, unit="image", counted="pair")).unit == "pair"
    assert row(SUBJECT, Estimate(value=0.5, unit="image")).unit is None


def test_a_renamed_row_keeps_its_number_and_gets_the_new_names_id_and_direction():
    own = row(SUBJECT, Estimate(value=0.5, low=0.4, high=0.6, interval="wilson", n=9), level=0.95)
    other = renamed(own, metric="fpr", class_="smiling", group=None)
    assert other.id == "fairness/fpr/attribute=hat/class=smiling"
    assert (own.better, other.better) == ("higher", "lower")
    names = {"id", "metric", "class_", "group", "better"}
    assert own.model_dump(exclude=names) == other.model_dump(exclude=names)


def test_only_a_row_with_a_value_becomes_unusable():
    missing = row(SUBJECT, Estimate(value=None, missing="no positives"))
    assert unusable(missing, "its method failed") is missing
    marked = unusable(row(SUBJECT, Estimate(value=0.5)), "its method failed")
    assert (marked.status, marked.reason, marked.value) == ("unusable", "its method failed", 0.5)


def test_directions_are_those_of_the_registry():
    for name in METRICS:
        entry = METRICS[name]
        assert row(Subject(audit=entry.audit, metric=name), Estimate(value=0.5)).better == entry.better


def test_nothing_else_writes_rows():
    package = Path(fairaudit.__file__).parent
    writers = set()
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Attribute):
                called = called.value if called.attr in ("model_validate", "model_construct") else None
            if isinstance(called, ast.Name) and called.id == "Measurement":
                writers.add(str(path.relative_to(package)))
    assert writers == {"tables/row.py"}


@pytest.mark.parametrize(
    ("metric", "ends", "kept"),
    [
        ("causal_flip_control", (-0.0005, 0.0146), (0.0, 0.0146)),
        ("tpr", (0.9, 1.02), (0.9, 1.0)),
        ("adr", (-0.7, 0.6), (-0.5, 0.5)),
        ("relative_change", (-3.0, 7.0), (-3.0, 7.0)),
        ("tpr", (None, math.nan), (None, None)),
    ],
)
def test_an_interval_ends_where_the_range_of_its_metric_does(metric, ends, kept):
    found = row(
        Subject(audit="a", metric=metric),
        Estimate(value=0.002, low=ends[0], high=ends[1], interval="bootstrap", n=90),
        level=0.95,
    )
    assert (found.low, found.high) == kept
