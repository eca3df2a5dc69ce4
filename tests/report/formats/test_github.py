import re

import pytest
from markdown_it import MarkdownIt

from fairaudit.report.formats.github import LINES, MOST, command, commands, summary

RENDERER = MarkdownIt("gfm-like", {"linkify": False})
COMMAND = re.compile(r"^::(error|warning|notice) title=([^,:]*)::(.*)$")


def read(line):
    """A workflow command as the runner reads it: (kind, title, message), with its escapes undone."""
    kind, title, message = COMMAND.fullmatch(line).groups()
    for escape, character in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        title = title.replace(escape, character)
        message = message if escape in ("%3A", "%2C") else message.replace(escape, character)
    return kind, title, message


def test_every_rule_that_did_not_pass_is_told_with_what_it_means(report):
    found = [read(line) for line in commands([report]).splitlines()]
    kinds = [kind for kind, _, _ in found]
    states = [rule.state for rule in report.gate.rules]
    assert kinds.count("error") == states.count("fail") + states.count("incomplete")
    assert kinds.count("warning") == states.count("inconclusive")
    assert kinds.count("notice") == len(report.verdicts)  # no rule asks about them
    first = found[0]
    assert first[1] == "biased: FAIL equalized_odds_difference (attribute necktie)"
    assert "The whole interval [0.136, 0.296] is above 0.1." in first[2]
    assert "Largest gap" in first[2]  # the sentence of the registry


def test_text_from_data_starts_no_command_of_its_own(poisoned):
    lines = commands([poisoned]).splitlines()
    assert lines
    for line in lines:
        assert COMMAND.fullmatch(line), line


@pytest.mark.parametrize("text", ["100 % of a, b: c", "%0A%25", "::error::x", "%3A"])
def test_escapes_come_back_as_the_text(text):
    assert read(command("error", title=text, message=text)) == ("error", text, text)


def test_at_most_ten_of_a_kind_and_the_last_says_how_many_more(report):
    rules = [report.gate.rules[0]] * 14
    many = report.model_copy(update={"verdicts": [], "gate": report.gate.model_copy(update={"rules": rules})})
    lines = commands([many, many]).splitlines()
    assert len(lines) == MOST
    assert read(lines[-1])[1] == f"and {28 - MOST + 1} more"


def test_the_summary_is_one_screen_without_pictures(report):
    rules = report.gate.rules * 10
    values = {str(number): {"1": 5} for number in range(30)}
    data = report.data.model_copy(update={"cells": {"necktie": values}})
    long = report.model_copy(update={"data": data, "gate": report.gate.model_copy(update={"rules": rules})})
    for text in (summary([report]), summary([long]), summary([report] * 90)):
        assert text.count("\n") <= LINES
        assert "<img" not in RENDERER.render(text)
    assert "**Do not release.**" in summary([report])
    assert "| FAIL | equalized_odds_difference (attribute necktie) | 0.214 [0.136, 0.296] | ≤ 0.1 |" in summary(
        [report]
    )


def test_several_models_are_one_table_worst_first(report):
    good = report.model_copy(update={"gate": report.gate.model_copy(update={"state": "pass", "rules": []})})
    lines = [line for line in summary([good, report]).splitlines() if line.startswith("| biased")]
    assert [line.split(" | ")[2] for line in lines] == ["FAIL", "PASS"]


def test_the_summary_shows_text_from_data_as_text(poisoned, nasty):
    page = RENDERER.render(summary([poisoned]))
    tags = set(re.findall(r"</?([a-z0-9]+)", page))
    assert tags <= {"h3", "p", "strong", "table", "thead", "tbody", "tr", "th", "td"}, tags
