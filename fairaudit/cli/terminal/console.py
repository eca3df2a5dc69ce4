"""What goes to stderr: notes, errors as one paragraph, and progress; stdout is left to data."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from fairaudit.cli.terminal.streams import is_terminal, tell
from fairaudit.errors import ExitCode, FairauditError
from fairaudit.report.escape import inert, plain

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

Advance = Callable[[int, int, bool], None]

_SECONDS_BETWEEN_LINES = 10.0


class Display(Protocol):
    """Shows long steps and notes; what the audits call a progress."""

    def task(self, title: str, *, total: int) -> AbstractContextManager[Advance]:
        """A step of `total` units, shown while the context is open."""
        ...

    def note(self, text: str) -> None:
        """One line that the reader should see."""
        ...

    def still(self) -> AbstractContextManager[None]:
        """While the context is open nothing moves on the terminal, so that stdout can be written."""
        ...


def say(text: str) -> None:
    """One line on stderr."""
    tell(inert(plain(text)))


def fail(error: FairauditError) -> int:
    """Print an expected error as one wrapped paragraph on stderr; returns the exit code."""
    width = max(40, shutil.get_terminal_size((80, 24)).columns)
    paragraph = plain(f"Error: {error.paragraph()}")
    # Paths and option names stay whole, so that they can be copied.
    lines = textwrap.wrap(paragraph, width, break_long_words=False, break_on_hyphens=False)
    tell(inert("\n".join(lines)))
    return ExitCode.BAD_INPUT


def wrapped(text: str) -> str:
    """Text in lines no wider than the terminal, 80 columns where there is none; line breaks stay."""
    width = max(40, min(shutil.get_terminal_size((80, 24)).columns, 100))
    lines = [
        textwrap.fill(line, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
        for line in text.split("\n")
    ]
    return "\n".join(lines)


def wants_color() -> bool:
    """Whether stdout is a terminal that shows colour and nobody asked for none (`NO_COLOR`, `TERM=dumb`)."""
    return is_terminal(sys.stdout) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


@contextmanager
def progress_display(*, quiet: bool, keep: bool = True) -> Iterator[Display]:
    """Progress on stderr: a bar on a terminal, a line now and then elsewhere, nothing when quiet.

    Args:
        quiet: show nothing.
        keep: leave the bars of finished steps on the terminal; with many models they would fill it.
    """
    if quiet:
        yield _Quiet()
    elif not is_terminal(sys.stderr) or os.environ.get("TERM") == "dumb":
        yield _Lines()
    else:
        with _bars() as bars:
            yield _Bars(bars, keep=keep)


@dataclass(slots=True)
class Pace:
    """How fast a step goes, leaving out what an earlier run had done."""

    clock: Callable[[], float] = time.monotonic
    _start: float = field(init=False)
    _resumed: int = field(init=False, default=0)
    _done: int = field(init=False, default=0)
    _total: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._start = self.clock()

    def update(self, done: int, total: int, resumed: bool) -> None:
        """Take note of the units done."""
        if resumed:
            self._resumed, self._start = done, self.clock()
        self._done, self._total = done, total

    def in_words(self) -> str:
        """Rate and time left, such as `85/s, 0:12 left`; empty while nothing is known."""
        computed, seconds = self._done - self._resumed, self.clock() - self._start
        if computed <= 0 or seconds <= 0:
            return ""
        rate = computed / seconds
        speed = f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s"
        return f"{speed}, {clock_time((self._total - self._done) / rate)} left"


def clock_time(seconds: float) -> str:
    """Seconds as minutes and seconds, or hours, minutes and seconds.

    >>> clock_time(5), clock_time(125), clock_time(3700)
    ('0:05', '2:05', '1:01:40')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class _Quiet:
    @contextmanager
    def task(self, title: str, *, total: int) -> Iterator[Advance]:
        del title, total
        yield lambda done, total, resumed: None

    def note(self, text: str) -> None:
        del text

    @contextmanager
    def still(self) -> Iterator[None]:
        yield


class _Lines:
    """For logs: a line when a step begins or is resumed, then at most one every ten seconds, and one at its end."""

    @contextmanager
    def task(self, title: str, *, total: int) -> Iterator[Advance]:
        pace, told = Pace(), time.monotonic()
        say(f"{title}: {total:,} to do")

        def advance(done: int, total: int, resumed: bool) -> None:
            nonlocal told
            pace.update(done, total, resumed)
            if not (resumed or done >= total or time.monotonic() - told >= _SECONDS_BETWEEN_LINES):
                return
            told = time.monotonic()
            share = f"{100 * done / total:.0f} %" if total else "100 %"
            tail = " from an earlier run" if resumed else f", {pace.in_words()}" if pace.in_words() else ""
            say(f"{title}: {done:,} of {total:,} ({share}){tail}")

        yield advance

    def note(self, text: str) -> None:
        say(text)

    @contextmanager
    def still(self) -> Iterator[None]:
        yield


class _Bars:
    def __init__(self, progress: RichProgress, *, keep: bool = True) -> None:
        self._progress = progress
        self._keep = keep

    @contextmanager
    def task(self, title: str, *, total: int) -> Iterator[Advance]:
        pace = Pace()
        number = self._progress.add_task(plain(title), total=total, pace="")

        def advance(done: int, total: int, resumed: bool) -> None:
            pace.update(done, total, resumed)
            self._progress.update(number, completed=done, total=total, pace=pace.in_words())

        try:
            yield advance
        finally:
            self._progress.stop_task(number)
            if not self._keep:
                self._progress.remove_task(number)

    def note(self, text: str) -> None:
        self._progress.console.print(plain(text), markup=False, highlight=False, soft_wrap=True)

    @contextmanager
    def still(self) -> Iterator[None]:
        self._progress.stop()
        for number in self._progress.task_ids:  # they stand on the terminal and are not drawn again below
            self._progress.remove_task(number)
        yield
        self._progress.start()


def _bars() -> RichProgress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn("{task.fields[pace]}", markup=False),
        console=Console(stderr=True),
        expand=True,
    )
