"""A watch over one batch at a time: a model from elsewhere may compute for ever, and cannot be stopped from Python."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from fairaudit.errors import ExitCode, ModelError


@contextmanager
def watched(seconds: float | None, name: str) -> Iterator[None]:
    """End the process with one paragraph when what is inside takes longer; finished chunks are in the run store.

    Args:
        seconds: how long; None watches nothing.
        name: the model, for the paragraph.
    """
    if seconds is None:
        yield
        return
    timer = threading.Timer(seconds, _end, args=(seconds, name))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _end(seconds: float, name: str) -> None:
    error = ModelError(
        "The model did not finish a batch in time",
        wanted=f"at most {seconds:g} s (--timeout-per-batch)",
        where=name,
        advice="Give more time or a smaller --batch-size; finished work is kept, and the same command resumes.",
    )
    if sys.stderr is not None:
        sys.stderr.write(f"Error: {error.paragraph()}\n")
        sys.stderr.flush()
    os._exit(ExitCode.BAD_INPUT)
