"""Answers of processes as rows and notes; whole runs are in tests/cli/test_jobs.py."""

from pathlib import Path

import pytest

from fairaudit.audits.zoo import processes
from fairaudit.audits.zoo.outcome import crashed_row
from fairaudit.audits.zoo.shared import AuditedModel
from fairaudit.config.options import RunOptions
from fairaudit.engine.slots import Crashed

NAMED = ("m", Path("zoo/m.pt"))


@pytest.mark.parametrize(
    ("code", "seconds", "words"),
    [(2, 3.0, "in time"), (2, None, "exit code 2"), (-11, 3.0, "signal SIGSEGV"), (None, 3.0, "is gone")],
)
def test_deaths_and_batches_that_took_too_long(code, seconds, words):
    options = RunOptions(timeout_per_batch=seconds)
    row = processes._row(NAMED, Crashed(code=code), options)
    assert words in row.worst_rule
    (note,) = processes._notes(NAMED, Crashed(code=code), options)
    assert note.startswith("m.pt: ")


def test_an_answer_is_its_row_and_its_notes():
    answer = AuditedModel(row=crashed_row(*NAMED, "x"), notes=("one", "two"))
    assert processes._row(NAMED, answer, RunOptions()) is answer.row
    assert processes._notes(NAMED, answer, RunOptions()) == ("one", "two")
