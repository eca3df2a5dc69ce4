"""Rows of models that have no report, and notes on their way to another process."""

from pathlib import Path

from fairaudit.audits.core.report.outcome import Outcome
from fairaudit.audits.zoo.outcome import KeptNotes, crashed_row, row_for
from fairaudit.errors import ModelError


def test_a_model_whose_process_died_is_not_audited_and_says_how():
    row = crashed_row("m", Path("zoo/m.pt"), "signal SIGSEGV")
    assert (row.gate, row.exit_code, row.report, row.value) == ("not audited", 2, None, None)
    assert "signal SIGSEGV" in row.worst_rule
    assert "zoo/m.pt" in row.worst_rule


def test_a_model_that_was_too_slow_says_so():
    row = crashed_row("m", Path("m.pt"), "exit code 2", timeout=2.5)
    assert "did not finish a batch in time" in row.worst_rule
    assert "2.5 s" in row.worst_rule


def test_a_model_that_cannot_be_opened_has_its_paragraph():
    row = row_for(Outcome(name="m", folder=Path("m"), error=ModelError("It is no model")))
    assert row.worst_rule.startswith("It is no model")
    assert row.gate == "not audited"


def test_notes_are_kept():
    noted = KeptNotes()
    with noted.task("x", total=1) as advance:
        advance(1, 1, False)
    noted.note("a line")
    assert noted.notes == ["a line"]
