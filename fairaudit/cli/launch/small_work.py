"""Small work, a table or a report: a second or two, a fifth of which libraries would spend on preparing for more."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager

THREADS = "OPENBLAS_NUM_THREADS"
"""Read once, when numpy and scipy are imported; without it they start a thread for every processor and let it spin."""


@contextmanager
def small_work() -> Iterator[None]:
    """numpy, where it is imported in here, computes on one thread, and cycles of objects are searched for rarely.

    A number of threads that is set in this variable holds, and afterwards everything is as before. Networks are never
    run in here.
    """
    set_before, usual = os.environ.get(THREADS), gc.get_threshold()
    os.environ.setdefault(THREADS, "1")
    gc.set_threshold(50_000, 20, 20)  # a figure is about as many objects, and is a cycle
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        if set_before is None:
            os.environ.pop(THREADS, None)
