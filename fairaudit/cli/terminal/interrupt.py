"""Ctrl-C at any time: one line that says what is kept, and exit code 130."""

from __future__ import annotations

import signal
from pathlib import Path
from types import FrameType
from typing import Final

from fairaudit.cli.terminal.streams import tell
from fairaudit.engine.place import working_folder
from fairaudit.errors import ExitCode

_seen: Final[list[int]] = []
_said: Final[list[int]] = []


def listen() -> None:
    """Remember interrupts: while a library is being imported, one may come out as an error of that library."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _remember)


def interrupted() -> bool:
    """Whether an interrupt came that has not been reported yet."""
    return len(_seen) > len(_said)


def say_interrupted(output: Path | None = None) -> int:
    """Report the interrupt and what is kept; returns the exit code.

    Args:
        output: the folder of the run, where the command has one.
    """
    _said.append(1)
    places = [] if output is None else [place for place in (output, working_folder(output)) if _holds_something(place)]
    kept = f" What was finished is kept in {places[0]}." if places else ""
    tell(f"Interrupted.{kept} Run the same command again to {'go on' if kept else 'start over'}.")
    return int(ExitCode.INTERRUPTED)


def _remember(number: int, frame: FrameType | None) -> None:
    del frame
    _seen.append(number)
    raise KeyboardInterrupt


def _holds_something(folder: Path) -> bool:
    try:
        return folder.is_dir() and any(folder.iterdir())
    except OSError:
        return False
