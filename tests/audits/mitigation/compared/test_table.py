"""Cells of the comparison's table, and the remarks below it."""

from types import SimpleNamespace

import pytest

from fairaudit.audits.mitigation.compared.table import _cell, _too_few_replicates, correlation_line
from fairaudit.results.measurement import Measurement


def number(value, metric="flip_rate", **more):
    return Measurement(audit="mitigate", metric=metric, attribute="tie", method="dfr", value=value, **more)


LEVEL = number(0.256, low=0.2, high=0.3, level=0.95, interval="bootstrap")


@pytest.mark.parametrize(("holm", "p", "star"), [(True, 0.04, True), (True, 0.06, False), (False, 0.001, False)])
def test_a_star_stands_after_holm_alone(holm, p, star):
    change = number(0.1, metric="flip_rate_change", baseline="control", p_value=p, extra={"holm": holm})
    found = _cell(LEVEL, change)
    assert (found.value, found.interval, found.star) == ("0.26", "[0.20, 0.30]", star)


def test_what_does_not_exist_is_empty():
    assert _cell(None, None).value == _cell(number(None, status="undefined", reason="x"), None).value
    assert (_cell(number(0.5), None).interval, _cell(number(0.5), None).star) == ("", False)


@pytest.mark.parametrize(("replicates", "warned"), [(99, True), (199, False)])
def test_too_few_replicates_for_so_many_tests(replicates, warned):
    """Four tests: the smallest adjusted p value is 4 · 2 / (replicates + 1), .08 or .04."""
    found = SimpleNamespace(question=SimpleNamespace(statistics=SimpleNamespace(replicates=replicates)))
    rows = [number(0.1, extra={"holm": True})] * 4 + [number(0.1, extra={"holm": False})] * 9
    told = _too_few_replicates(found, rows)
    assert bool(told) == warned
    assert not warned or "adjusted p value of 0.08" in told[0]


def test_the_correlation_in_a_sentence():
    known = number(0.5, metric="outcome_reason_correlation", low=0.1, high=0.8, level=0.95, interval="bootstrap")
    assert correlation_line(known).endswith(": 0.50 [0.10, 0.80].")
    none = number(None, metric="outcome_reason_correlation", status="undefined", reason="two methods")
    assert correlation_line(none).endswith("undefined (two methods).")
