"""Every word has an explanation, and a wrong one the nearest."""

from pathlib import Path
from typing import get_args

import pytest

from fairaudit.config.schema import Config
from fairaudit.errors import ExitCode, UsageError
from fairaudit.report.comparison import Word
from fairaudit.report.explain import KINDS, as_text, explain, explanations
from fairaudit.results.measurement import Status
from fairaudit.results.report import GateState, JointVerdict, Use
from fairaudit.results.store import read_report
from fairaudit.tables.metrics import METRICS
from fairaudit.tables.terms import TERMS

EXAMPLE = Path(__file__).with_name("example.json")


def test_every_metric_term_and_section_is_explained():
    names = {(each.kind, each.name) for each in explanations()}
    assert {("metric", name) for name in METRICS} <= names
    assert {(TERMS[name].kind, name) for name in TERMS} <= names
    assert {("key", section) for section in Config.model_fields} <= names


def test_each_has_a_sentence():
    for found in explanations():
        assert found.kind in KINDS, found
        assert len(found.sentence) > 10, found
        assert as_text(found).startswith(found.name), found


def test_words_that_a_report_can_hold_are_those_that_are_explained():
    """Beyond what any test writes: every state, use, verdict, status and change that the types allow."""
    known = {(each.kind, each.name) for each in explanations()}
    allowed = {
        "gate state": get_args(GateState),
        "use": get_args(Use),
        "verdict": get_args(JointVerdict),
        "status": get_args(Status),
        "exit code": [str(int(code)) for code in ExitCode],
    }
    assert {(kind, word) for kind, words in allowed.items() for word in words} <= known
    changes = set(get_args(Word)) - set(get_args(Status))
    assert {("change", word) for word in changes} <= known


def test_every_mitigation_method_is_explained_and_from_a_paper_unless_it_is_our_own():
    from fairaudit.mitigation.registry import METHODS

    ours = set()
    for name in METHODS:
        (found,) = (each for each in explain(name) if each.kind == "mitigation")
        assert found.sentence
        ours |= {name} if not found.source else set()
    assert ours == {"fine-tune", "fine-tune-balanced", "replace-region"}


def test_a_report_with_an_unknown_name_is_noticed(every_name_is_explained):
    """The check that every report of every test goes through."""
    report = read_report(EXAMPLE)
    every_name_is_explained(report)
    other = report.measurements[0].model_copy(update={"metric": "no_such_metric"})
    with pytest.raises(AssertionError, match="no_such_metric"):
        every_name_is_explained(report.model_copy(update={"measurements": [other]}))


def test_keys_of_sections_inside_sections():
    names = {each.name for each in explanations() if each.kind == "key"}
    assert {"data.manifest", "data.split.column", "regions.NAME.box", "gates.metric", "gates.class"} <= names


def test_a_key_by_its_last_part_where_there_is_one():
    (found,) = explain("tolerance")
    assert (found.kind, found.name, found.default, found.range) == ("key", "audit.tolerance", "0.1", "number")


def test_choices_are_listed():
    (found,) = explain("preprocess.interpolation")
    assert "bilinear" in found.range


def test_case_and_spaces_do_not_matter():
    assert explain("  Unequal  and for the wrong reason ")[0].kind == "verdict"


def test_a_wrong_word_has_a_suggestion():
    with pytest.raises(UsageError, match="rrf_lift"):
        explain("rrf_lft")
