"""A progress that shows nothing takes what any other takes."""

import pytest

from fairaudit.audits.core.stream.progress import Silent


def test_nothing_is_shown(capsys):
    silent = Silent()
    with silent.task("Auditing", total=3) as advance:
        advance(1, 3, False)
        advance(3, 3, True)
    silent.note("a note")
    assert capsys.readouterr() == ("", "")


def test_what_ends_the_step_goes_through_it():
    with pytest.raises(KeyError), Silent().task("Auditing", total=3):
        raise KeyError
