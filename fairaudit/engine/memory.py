"""Running out of memory halves the batch and goes on; and how much memory the process has used."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Generic, TypeVar

from fairaudit.errors import ModelError

T = TypeVar("T")
_SIGNS = ("out of memory", "can't allocate memory", "not enough memory", "alloc_failed")


class Halving(Generic[T]):
    """Run a function over slices of images; a slice that does not fit is halved, and later slices stay that small.

    Args:
        batch_size: images in a slice at first.
    """

    def __init__(self, batch_size: int) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, found {batch_size}")
        self.batch_size = batch_size
        """Images in a slice now; goes on to the report when it shrank."""
        self.halvings = 0
        """How often it was halved."""

    def run(self, function: Callable[[int, int], T], n: int) -> list[T]:
        """Results of function(start, stop) over slices that cover 0 … n in order.

        Raises:
            ModelError: not even one image fits.
        """
        results: list[T] = []
        start = 0
        while start < n:
            stop = min(start + self.batch_size, n)
            fitted, result = _attempt(function, start, stop)
            if fitted:
                results.extend(result)
                start = stop
            else:
                self._shrink(stop - start)
        return results

    def _shrink(self, tried: int) -> None:
        if tried == 1:
            raise _too_large()
        self.batch_size = max(1, tried // 2)
        self.halvings += 1
        _release()


def as_many_as_fit(function: Callable[[int], T], n: int) -> T:
    """function(n), or function of half as many, again and again, where that runs out of memory.

    For what is measured on a sample, whose size may shrink; what needs every image uses `Halving`.

    Raises:
        ModelError: not even one fits.
    """
    while True:
        fitted, results = _attempt(lambda _start, stop: function(stop), 0, n)
        if fitted:
            return results[0]
        if n <= 1:
            raise _too_large()
        n //= 2
        _release()


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, on any device.

    >>> is_out_of_memory(RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")), is_out_of_memory(ValueError("x"))
    (True, False)
    """
    if isinstance(error, MemoryError):
        return True
    if any(kind.__name__ == "OutOfMemoryError" for kind in type(error).__mro__):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(sign in text for sign in _SIGNS)


def peak_memory_bytes() -> int | None:
    """Most memory that this process has held at once, in bytes; None if the system does not say."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _attempt(function: Callable[[int, int], T], start: int, stop: int) -> tuple[bool, list[T]]:
    # The error is dropped before anything is tried again: its traceback keeps the tensors that did not fit alive.
    try:
        return True, [function(start, stop)]
    except Exception as error:
        if not is_out_of_memory(error):
            raise
    return False, []


def _release() -> None:
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()


def _too_large() -> ModelError:
    return ModelError(
        "One image at a time does not fit in memory",
        advice="Use a device with more memory, a smaller preprocess.size, or a method that needs less.",
    )
