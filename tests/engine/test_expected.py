"""Which errors of the system are told in a paragraph, and which keep their traceback."""

import pytest

from fairaudit.engine.expected import as_expected
from fairaudit.errors import DataError


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(13, "Permission denied", "/data/faces"), "Permission denied. Where: /data/faces"),
        (OSError(36, "File name too long", "n" * 300), "File name too long"),
        (MemoryError(), "not enough memory"),
        (
            RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
            "not enough memory",
        ),
        (RecursionError("maximum recursion depth exceeded"), "nested too deeply"),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"), "cannot be read or written"),
        (ValueError("embedded null byte"), "NUL character"),
        (RuntimeError("Symlink loop from 'l.csv'"), "Symlink loop from 'l.csv'"),
    ],
)
def test_what_the_system_refuses_is_expected(error, words):
    found = as_expected(error)
    assert found is not None
    assert words in found.paragraph()


@pytest.mark.parametrize("error", [ValueError("x"), KeyError("x"), RuntimeError("x"), AssertionError()])
def test_a_flaw_of_our_own_keeps_its_traceback(error):
    assert as_expected(error) is None


def test_an_expected_error_stays_what_it_is():
    error = DataError("x")
    assert as_expected(error) is error


def test_less_memory_is_asked_for_by_the_commands_own_options():
    told = as_expected(MemoryError(), ("models", "workers", "batch_size"))
    assert told is not None
    assert told.advice == "Use a smaller --batch-size, fewer --workers, or a machine with more memory."
    bare = as_expected(MemoryError())
    assert bare is not None
    assert bare.advice == "Use a machine with more memory."
