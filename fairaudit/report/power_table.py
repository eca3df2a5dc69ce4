"""The table of a self-test for terminals: audits down, false alarms and power per strength across."""

from __future__ import annotations

from collections.abc import Iterator

from fairaudit.report.escape import clip, plain
from fairaudit.results.measurement import Measurement
from fairaudit.results.report import Report

_NAME = 44
_CELL = 12


def render(report: Report) -> str:
    """Plain text, one block per planted attribute; lines are at most 80 columns wide up to two strengths."""
    attributes = dict.fromkeys(m.attribute for m in _own(report) if m.metric == "false_alarm_rate")
    return "\n".join(line for name in attributes for line in (*_block(report, str(name)), ""))


def _block(report: Report, attribute: str) -> Iterator[str]:
    own = [m for m in _own(report) if m.attribute == attribute]
    strengths = [str(name) for name in dict.fromkeys(m.group for m in own if m.metric == "detection_power") if name]
    yield _line(f"{attribute}: flagged", ["no bias", *strengths])
    for audit in dict.fromkeys(m.method for m in own if m.metric == "false_alarm_rate"):
        mine = [m for m in own if m.method == audit]
        alarms = _find(mine, "false_alarm_rate", None)
        yield _line(
            f"  {audit}", [_share(alarms), *(_share(_find(mine, "detection_power", name)) for name in strengths)]
        )
    for metric, words in (("planted_gap", "accuracy gap"), ("trained_accuracy", "accuracy")):
        values = [_find(own, metric, name) for name in ("control", *strengths)]
        yield _line(f"  ({words} of these models)", [_number(m) for m in values])


def _own(report: Report) -> list[Measurement]:
    return [m for m in report.measurements if m.audit == "selftest"]


def _find(own: list[Measurement], metric: str, group: str | None) -> Measurement | None:
    return next((m for m in own if m.metric == metric and m.group == group), None)


def _share(m: Measurement | None) -> str:
    if m is None or m.value is None or m.numerator is None or m.denominator is None:
        return "–"
    return f"{m.numerator:.0f}/{m.denominator:.0f}"


def _number(m: Measurement | None) -> str:
    return "–" if m is None or m.value is None else f"{m.value:.2f}"


def _line(name: str, cells: list[str]) -> str:
    shown = clip(plain(name))
    return f"{shown[:_NAME]:<{_NAME}}" + "".join(f"{cell:>{_CELL}}" for cell in cells).rstrip()
