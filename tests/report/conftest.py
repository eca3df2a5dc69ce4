from pathlib import Path

import pytest

from fairaudit.results.store import read_report

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def report():
    """A report with every kind of verdict, status and awkward name; example.json beside this file."""
    return read_report(HERE / "example.json")


@pytest.fixture
def golden():
    """Compare a text with a golden file; a wanted change is made by writing the new text over the file."""

    def compare(text, name):
        assert text == (HERE / "golden" / name).read_text(encoding="utf-8")

    return compare


NASTY = (
    "<script>alert(1)</script>",
    "a|b`c`*d*_e_ [x](http://evil.example) ![i](http://evil.example/i.png)",
    "\x1b[31mred\x1b[0m \x07\x00\u202egnp.exe",
    "{{ 7*7 }} {% raw %} ${jndi} $x$",
    "[bold]markup[/bold] [link=file:///etc/passwd]x[/link]",
    '=HYPERLINK("http://evil.example")',
    "@everyone #1 & &amp; \"quoted\" 'single' \ud800",
    "- item\n# heading\n| --- |\n1. one",
    "]]> <![CDATA[ <!-- --> \ufffe",
    "x" * 5000,
)


@pytest.fixture(params=NASTY, ids=range(len(NASTY)))
def nasty(request):
    return request.param


@pytest.fixture
def poisoned(report, nasty):
    """The report with the same nasty text in every place that can hold text from data."""
    safe = nasty.encode("utf-8", "replace").decode() if "\ud800" in nasty else nasty
    measurements = [
        m.model_copy(update={"id": f"{m.id}{i}{safe}", "attribute": safe, "group": safe, "region": safe})
        for i, m in enumerate(report.measurements)
    ]
    ids = {old.id: new.id for old, new in zip(report.measurements, measurements, strict=True)}
    rules = [
        r.model_copy(update={"rule": safe, "why": safe, "measurement": ids.get(r.measurement)})
        for r in report.gate.rules
    ]
    data = report.data.model_copy(
        update={
            "name": safe,
            "target": safe,
            "classes": [safe, "1"],
            "cells": {safe: {safe: {safe: 1, "1": 2}}},
            "regions": {safe: {safe: safe}},
            "unknown": {safe: 3},
        }
    )
    return report.model_copy(
        update={
            "measurements": measurements,
            "gate": report.gate.model_copy(update={"rules": rules, "correction": safe}),
            "verdicts": [
                v.model_copy(update={"attribute": safe, "region": safe, "why": safe}) for v in report.verdicts
            ],
            "notes": [safe],
            "excluded": [row.model_copy(update={"id": safe, "reason": safe}) for row in report.excluded],
            "models": [model.model_copy(update={"name": safe, "file": safe}) for model in report.models],
            "figures": [figure.model_copy(update={"file": safe, "caption": safe}) for figure in report.figures],
            "data": data,
            "run": report.run.model_copy(update={"command": [safe], "device": safe, "versions": {safe: safe}}),
        }
    )
