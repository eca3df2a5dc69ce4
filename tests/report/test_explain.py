"""Every word has an explanation, and a wrong one the nearest."""

import pytest

from fairaudit.config.schema import Config
from fairaudit.errors import UsageError
from fairaudit.report.explain import KINDS, as_text, explain, explanations
from fairaudit.tables.metrics import METRICS
from fairaudit.tables.terms import TERMS


def test_every_metric_term_and_section_is_explained():
    names = {(each.kind, each.name) for each in explanations()}
    assert {("metric", name) for name in METRICS} <= names
    assert {(TERMS[name].kind, name) for name in TERMS} <= names
    assert {("key", section) for section in Config.model_fields} <= names


@pytest.mark.parametrize("found", explanations(), ids=lambda each: f"{each.kind}-{each.name}")
def test_each_has_a_sentence(found):
    assert found.kind in KINDS
    assert len(found.sentence) > 10
    assert as_text(found).startswith(found.name)


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
