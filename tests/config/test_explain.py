"""One paragraph for everything that is wrong, the telling problem first."""

import pytest
from pydantic import ValidationError

from fairaudit.config.explain import _dotted, _key, _shown, explained
from fairaudit.config.schema import Config


def paragraph(values, **overrides):
    with pytest.raises(ValidationError) as caught:
        Config.model_validate(values)
    return str(explained(caught.value, model=Config, values=values, file="f.yaml", overrides=overrides))


def test_an_unknown_key_comes_before_the_missing_one_that_it_is():
    text = paragraph({"data": {"manifst": "t.csv"}})
    assert 'unknown key "manifst"' in text
    assert '"manifest"' in text
    assert "f.yaml, key data.manifst" in text


def test_further_problems_are_named_by_their_key():
    text = paragraph(
        {"data": {"manifest": "t.csv"}, "audit": {"level": 2, "effect": -1}, "gates": [{"metric": "a", "mox": 1}]}
    )
    assert "Also wrong:" in text
    for key in ("audit.level", "audit.effect", "gates[0]"):
        assert key in text


def test_a_truth_value_in_place_of_a_text_is_yamls_doing():
    text = paragraph({"data": {"manifest": "t.csv", "target": True}})
    assert "put the text in quotes" in text


def test_what_the_command_line_gave_is_wrong_there():
    assert "the command line, key audit.level" in paragraph(
        {"data": {"manifest": "t"}, "audit": {"level": 9}}, audit={"level": 9}
    )
    assert "f.yaml, key audit.level" in paragraph(
        {"data": {"manifest": "t"}, "audit": {"level": 9}}, audit={"tolerance": 0.2}
    )


def test_keys_are_without_the_names_of_alternatives():
    values = {"gates": [{"metric": "a"}]}
    assert _key(("gates", 0, "Rule", "metric"), values) == ("gates", 0, "metric")
    assert _key(("gates", 0, "max"), values) == ("gates", 0, "max")
    assert _dotted(("a", "b", 2)) == "a.b[2]"
    assert _shown("x" * 200).endswith("...")
    assert len(_shown("x" * 200)) == 80
