"""The first lines on a comparison, and which figures are its own."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from fairaudit.audits.mitigation.compared.page import audit_facts, audit_line, conclusion, figures_of, page_of
from fairaudit.results.store import read_report

EXAMPLE = Path(__file__).parents[3] / "report" / "example.json"


@pytest.mark.parametrize(
    ("chosen", "target", "words"),
    [
        (None, None, "No method is fit"),
        ("dfr", None, "nothing was written"),
        ("dfr", Path("out/m-dfr.pt"), "The audit of this report is of m-dfr.pt."),
    ],
)
def test_the_choice_in_a_sentence(chosen, target, words):
    assert words in conclusion(chosen, target)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("pass", "passes the whole audit"),
        ("fail", "fails"),
        ("none", "there is no rule"),
        ("incomplete", "leaves the audit incomplete"),
    ],
)
def test_a_state_that_is_no_pass_is_not_told_as_one(state, words):
    report = read_report(EXAMPLE)
    report = report.model_copy(update={"gate": report.gate.model_copy(update={"state": state})})
    line = audit_line(report, Path("m.pt"))
    assert line.startswith("m.pt ")
    assert words in line
    assert ("passes" in line) == (state == "pass")
    assert audit_facts(report)["gate"] == state
    bare = report.model_copy(update={"verdicts": []})
    assert "(no verdict)" in audit_line(bare, Path("m.pt"))


def test_figures_of_the_comparison_alone():
    figures = [SimpleNamespace(file=f"figures/{name}", caption=name) for name in ("a.png", "b.png")]
    found = figures_of(SimpleNamespace(figures=figures), [SimpleNamespace(name="b.png")])
    assert found == [("figures/b.png", "b.png")]
    assert page_of(SimpleNamespace(formats=("md",))) is None
    assert page_of(SimpleNamespace(formats=("html",))) == "report.html"
