import pytest

from fairaudit.errors import FairauditError, UsageError, suggestion
from fairaudit.registry import Registry


def test_a_paragraph_says_everything_once_and_in_order():
    error = FairauditError("The box is outside", wanted="0 to 1", found="1.5", where="row 3", advice="Check the units.")
    assert str(error) == "The box is outside. Wanted: 0 to 1. Found: 1.5. Where: row 3. Check the units."


def test_names_that_were_wanted_are_not_listed_again_as_known():
    names = ["md", "html", "junit"]
    text = str(UsageError("--format cannot be x", wanted=", ".join(names), advice=suggestion("x", names)))
    assert text == "--format cannot be x. Wanted: md, html, junit."
    part = str(UsageError("--format cannot be x", wanted="md, html", advice=suggestion("x", names)))
    assert part.endswith("Wanted: md, html. Known: html, junit, md.")


def test_line_breaks_in_the_facts_do_not_break_the_paragraph():
    assert "\n" not in str(FairauditError("a\nb", found="c\n\nd"))


def test_a_paragraph_quotes_the_beginning_and_the_end_of_what_is_too_long():
    text = str(FairauditError("A region is outside", found=f"x, y = {'0, ' * 100_000}7", where="row 3"))
    assert len(text) < 1100
    assert text.startswith("A region is outside. Found: x, y = 0, 0,")
    assert text.endswith("0, 7. Where: row 3.")
    assert "…" in text


def test_unknown_names_get_the_nearest_known_one():
    assert suggestion("neckite", ["necktie", "hat"]) == 'Did you mean "necktie"?'
    assert suggestion("x", []) == "None are known."
    assert suggestion("zzz", [f"name{i}" for i in range(25)]).endswith("… and 5 more.")


def test_a_registry_refuses_collisions_and_suggests():
    with pytest.raises(ValueError, match="registered twice: a"):
        Registry("thing", [("a", 1), ("a", 2)])
    table = Registry("thing", [("apple", 1), ("pear", 2)])
    assert table["apple"] == 1
    assert list(table) == ["apple", "pear"]
    with pytest.raises(UsageError, match=r'no thing called "aple".*Did you mean "apple"'):
        table["aple"]
