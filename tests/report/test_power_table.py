"""The table of a self-test, as text of fixed width."""

from types import SimpleNamespace

from fairaudit.report.power_table import render
from fairaudit.results.measurement import Measurement


def share(metric, method, hits, models, group=None, attribute="tie"):
    return Measurement(
        audit="selftest", metric=metric, attribute=attribute, group=group, method=method, value=hits / models,
        numerator=hits, denominator=models,
    )  # fmt: skip


def mean(metric, value, group):
    status = {} if value is not None else {"status": "undefined", "reason": "none"}
    return Measurement(audit="selftest", metric=metric, attribute="tie", group=group, value=value, **status)


WANTED = """\
tie: flagged                                     no bias     rho 0.9    rho 0.99
  fairness                                           0/3         1/3         3/3
  causal                                             1/3           –         2/3
  (accuracy gap of these models)                    0.01        0.45           –
  (accuracy of these models)                        0.97           –           –
"""


def test_golden_text():
    measurements = [
        share("detection_power", "fairness", 4, 6),
        share("detection_power", "fairness", 1, 3, "rho 0.9"),
        share("detection_power", "fairness", 3, 3, "rho 0.99"),
        share("false_alarm_rate", "fairness", 0, 3),
        share("detection_power", "causal", 2, 3, "rho 0.99"),
        share("false_alarm_rate", "causal", 1, 3),
        mean("planted_gap", 0.012, "control"),
        mean("planted_gap", 0.45, "rho 0.9"),
        mean("planted_gap", None, "rho 0.99"),
        mean("trained_accuracy", 0.97, "control"),
    ]
    assert render(SimpleNamespace(measurements=measurements)) == WANTED


def test_escape_sequences_of_names_do_not_reach_the_terminal():
    text = render(SimpleNamespace(measurements=[share("false_alarm_rate", "a\x1b[31mb", 0, 1, attribute="x\ny")]))
    assert "\x1b" not in text
    assert text.splitlines()[0].startswith("x")
