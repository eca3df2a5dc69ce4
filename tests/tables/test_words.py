"""Words beside the metrics: every kind is there, a name is of one kind once, and sentences can be read."""

from collections import Counter
from typing import get_args

import pytest

from fairaudit.mitigation.registry import METHODS
from fairaudit.results.report import GateState
from fairaudit.tables.terms import Kind
from fairaudit.tables.words import WORDS

ALL = [WORDS[key] for key in WORDS]


def names(kind):
    return [word.name for word in ALL if word.kind == kind]


def test_states_of_the_gate_are_those_of_reports():
    assert set(get_args(GateState)) <= set(names("gate state"))


def test_every_mitigation_method_has_its_sentence():
    assert set(METHODS) <= set(names("mitigation"))


def test_a_name_stands_once_in_its_kind():
    assert max(Counter((word.kind, word.name) for word in ALL).values()) == 1
    assert {word.kind for word in ALL} <= set(get_args(Kind))


@pytest.mark.parametrize("word", ALL, ids=lambda word: f"{word.kind}-{word.name}")
def test_sentences_end(word):
    assert word.sentence[0].isupper()
    assert word.sentence.endswith(".")
    assert not word.advice or word.advice.endswith((".", ")."))
