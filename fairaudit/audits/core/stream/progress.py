"""How a long step reports its progress; the command line draws it, a library user may ignore it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

Advance = Callable[[int, int, bool], None]
"""Called with the units done, all units, and whether they come from an earlier run."""


class Progress(Protocol):
    """Shows long steps and notes."""

    def task(self, title: str, *, total: int) -> AbstractContextManager[Advance]:
        """A step of `total` units, shown while the context is open."""
        ...

    def note(self, text: str) -> None:
        """One line that the reader should see."""
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


def _ignore(_done: int, _total: int, _resumed: bool) -> None:
    return
