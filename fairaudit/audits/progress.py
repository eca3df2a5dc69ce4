"""What a long step needs to tell how far it is; the command line draws it, a library user may ignore it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Advance(Protocol):
    """Called with the rows done, all rows, and whether this chunk came from an earlier run."""

    def __call__(self, done: int, total: int, resumed: bool) -> None:
        """Take note of the progress."""
        ...


class Progress(Protocol):
    """Shows long steps and notes."""

    def task(self, title: str, *, total: int) -> AbstractTask:
        """A step of `total` units, shown while the context is open."""
        ...

    def note(self, text: str) -> None:
        """One line that the reader should see."""
        ...


class AbstractTask(Protocol):
    """A context that yields the function to report progress with."""

    def __enter__(self) -> Advance:
        """Start to show."""
        ...

    def __exit__(self, *error: object) -> bool | None:
        """Stop to show."""
        ...


class Silent:
    """A progress that shows nothing."""

    @contextmanager
    def task(self, title: str, *, total: int) -> Iterator[Advance]:
        """A step that is not shown."""
        del title, total
        yield _ignore

    def note(self, text: str) -> None:
        """A note that is not shown."""


def _ignore(done: int, total: int, resumed: bool) -> None:
    del done, total, resumed
