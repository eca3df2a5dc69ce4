"""stdout and stderr as they really are: closed, full, broken or not UTF-8; none of it costs a command its exit code."""

from __future__ import annotations

import os
import sys
from typing import TextIO


def emit(text: str) -> None:
    """Write data to stdout; where that is not possible, say so on stderr once and go on.

    Characters that stdout's encoding does not have are written as in JSON, so that JSON stays JSON.
    """
    reason = _write(sys.stdout, text)
    if reason is not None:
        _give_up_stdout()
        if reason:
            tell(f"The output could not be written to stdout ({reason}); files in the output folder are whole.")


def tell(line: str) -> None:
    """Write a line to stderr, where there is one."""
    _write(sys.stderr, f"{line}\n")


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a stream is a terminal; a closed one is not."""
    try:
        return stream is not None and stream.isatty()
    except (OSError, ValueError):
        return False


def standing() -> None:
    """Put the null device in the place of streams that are closed, so that no file of ours gets their numbers."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free


def escaped(text: str, encoding: str) -> str:
    r"""The text with every character that the encoding lacks as \\uXXXX, in two halves where it takes more.

    >>> escaped("a≤😀é", "latin-1")
    'a\\u2264\\ud83d\\ude00é'
    """
    found = []
    for character in text:
        try:
            character.encode(encoding)
            found.append(character)
        except UnicodeEncodeError:
            units = character.encode("utf-16-be", "surrogatepass")
            found += [f"\\u{units[place : place + 2].hex()}" for place in range(0, len(units), 2)]
    return "".join(found)


def _write(stream: TextIO | None, text: str) -> str | None:
    """Why the text could not be written, "" if the reader has gone; None if it was written."""
    if stream is None:
        return ""
    try:
        try:
            stream.write(text)
        except UnicodeEncodeError:
            stream.write(escaped(text, stream.encoding or "ascii"))
        stream.flush()
    except BrokenPipeError:
        return ""
    except (OSError, ValueError, LookupError) as error:  # ValueError: closed
        return getattr(error, "strerror", None) or str(error)
    return None


def _give_up_stdout() -> None:
    """Stop all writing, also at the interpreter's end: that would change the exit code."""
    try:
        number = sys.stdout.fileno()
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, number)
        os.close(null)
    except (OSError, ValueError, AttributeError):
        return
