"""The words of a report that are not metrics, against the tables of the code."""

from typing import get_args

import pytest

from fairaudit.errors import ExitCode, UsageError
from fairaudit.results.measurement import Status
from fairaudit.results.report import JointVerdict
from fairaudit.saliency.registry import METHODS
from fairaudit.tables.metrics import METRICS
from fairaudit.tables.terms import TERMS, of_kind, term


def names(kind):
    return [term.name for term in of_kind(kind)]


def test_every_word_of_the_code_is_there_and_nothing_else():
    assert set(names("verdict")) == set(get_args(JointVerdict))
    assert set(names("status")) == set(get_args(Status))
    assert set(names("exit code")) == {str(int(code)) for code in ExitCode}
    assert set(names("method")) == set(METHODS)


def test_a_word_is_a_metric_or_something_else_and_never_both():
    assert not set(TERMS) & set(METRICS)


@pytest.mark.parametrize("name", list(TERMS))
def test_texts_are_whole(name):
    found = term(name)
    assert found.sentence.endswith(".")
    assert found.advice.endswith(".")


def test_an_unknown_word_gets_the_nearest():
    with pytest.raises(UsageError, match='Did you mean "undecided"'):
        term("undecidd")
