"""Calls side by side in processes of their own: one that dies is an answer with its reason, and the others go on."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import connection, forkserver, popen_forkserver
from multiprocessing.context import BaseContext, ForkServerContext, ForkServerProcess
from multiprocessing.process import BaseProcess
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")

SAFE_PATH = "PYTHONSAFEPATH"
"""Variable that keeps the working folder out of the places that Python imports from."""
_READING = threading.Lock()
TRIES = 2
"""Times that a call is tried whose process dies: the second time it resumes from its run store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crashed:
    """A call whose process died every time."""

    code: int | None
    """What the process ended with: minus the number of the signal, or its exit code; None if unknown."""

    @property
    def reason(self) -> str:
        """How the process ended, in words.

        >>> Crashed(code=-9).reason, Crashed(code=3).reason
        ('signal SIGKILL', 'exit code 3')
        """
        if self.code is None:
            return "a process that is gone"
        if self.code >= 0:
            return f"exit code {self.code}"
        with contextlib.suppress(ValueError):
            return f"signal {signal.Signals(-self.code).name}"
        return f"signal {-self.code}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Work(Generic[Item, Answer]):
    """What the processes do."""

    call: Callable[[Item], Answer]
    """Called with every item, in one of the processes; a function of a module."""
    prepare: Callable[..., None]
    """Called first in every process."""
    given: Callable[[int], tuple[Any, ...]]
    """Place of a process, counted from 0 → what `prepare` is given there."""
    final: Callable[[int], bool] = lambda _code: False
    """Exit code → whether trying again is of no use."""


def side_by_side(
    work: Work[Item, Answer], items: Sequence[Item], *, jobs: int, tries: int = TRIES
) -> Iterator[tuple[int, Answer | Crashed]]:
    """Every item's answer as soon as it arrives, with the item's place.

    Every process is a pool of its own, so that it is known what a process that dies was doing. All of them end with
    this one, however it ends, and when the caller stops asking.

    Args:
        work: what is done.
        items: what is given to the calls, in this order.
        jobs: processes at most.
        tries: times that an item is tried whose process dies.

    Raises:
        Exception: whatever a call raises ends all of them.
    """
    waiting = deque(range(len(items)))
    tried = dict.fromkeys(waiting, 0)
    slots = [_Slot(work, number) for number in range(min(jobs, len(items)))]
    busy: dict[Future[Answer], tuple[_Slot[Item, Answer], int]] = {}
    try:
        while waiting or busy:
            free = [slot for slot in slots if slot not in [taken for taken, _ in busy.values()]]
            for slot in free[: len(waiting)]:
                index = waiting.popleft()
                tried[index] += 1
                busy[slot.submit(items[index])] = (slot, index)
            for future in wait(busy, return_when=FIRST_COMPLETED).done:
                slot, index = busy.pop(future)
                try:
                    answer: Answer | Crashed = future.result()
                except BrokenProcessPool:
                    answer = slot.ended()
                    if tried[index] < tries and not (answer.code is not None and work.final(answer.code)):
                        waiting.appendleft(index)
                        continue
                yield index, answer
        for slot in slots:
            slot.close()
    finally:
        for slot in slots:
            slot.kill()


class _Slot(Generic[Item, Answer]):
    """A pool of one process, made when it is first needed and again after it has died."""

    def __init__(self, work: Work[Item, Answer], number: int) -> None:
        self._work, self._number = work, number
        self._pool: ProcessPoolExecutor | None = None
        self._process: BaseProcess | None = None

    def submit(self, item: Item) -> Future[Answer]:
        if self._pool is None:
            before = set(multiprocessing.active_children())
            self._pool = ProcessPoolExecutor(
                1,
                mp_context=_context(self._work.call.__module__),
                initializer=_begin,
                initargs=(dict(os.environ), self._work.prepare, self._work.given(self._number)),
            )
            future = self._pool.submit(self._work.call, item)
            self._process = next(iter(set(multiprocessing.active_children()) - before), None)
            return future
        try:
            return self._pool.submit(self._work.call, item)
        except BrokenProcessPool:  # it died while it had nothing to do
            self.ended()
            return self.submit(item)

    def ended(self) -> Crashed:
        """How the dead process ended; the next call gets a new one."""
        process = self._process
        self.kill()
        return Crashed(code=None if process is None else process.exitcode)

    def close(self) -> None:
        """End the idle process."""
        if self._pool is not None:
            self._pool.shutdown()
        self._pool = self._process = None

    def kill(self) -> None:
        """End the process, whatever it is doing; nothing where there is none."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
        self.close()


class _Popen(popen_forkserver.Popen):
    """How a process ended, read by one thread at a time.

    It can be read once. A pool's own thread reads it, and so does every start of another process, for all processes
    there are; of two at the same time, the later one took an empty pipe for exit code 255.
    """

    def poll(self, flag: int = os.WNOHANG) -> int | None:
        if flag != os.WNOHANG:
            connection.wait([self.sentinel])
        with _READING:
            return super().poll()


class _Process(ForkServerProcess):
    @staticmethod
    def _Popen(process_obj: BaseProcess) -> popen_forkserver.Popen:  # noqa: N802 (multiprocessing looks for it)
        return _Popen(process_obj)


class _Context(ForkServerContext):
    Process = _Process


def _context(module: str) -> BaseContext:
    """How processes start: where forking is safe, from one that imported the module once for all of them.

    That one is started as `python -c`, which would import from the working folder first: it is told not to.
    """
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = _Context()
    context.set_forkserver_preload([module])
    before = os.environ.get(SAFE_PATH)
    os.environ[SAFE_PATH] = "1"
    try:
        forkserver.ensure_running()
    finally:
        if before is None:
            del os.environ[SAFE_PATH]
        else:
            os.environ[SAFE_PATH] = before
    return context


def _begin(environment: dict[str, str], prepare: Callable[..., None], given: tuple[Any, ...]) -> None:
    """First thing in a process: leave interrupts to the one that started it, and end when that one is gone.

    The environment is that of the one that started it, which may have changed since the imports.
    """
    os.environ.clear()
    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    prepare(*given)


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)
