import gc
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairaudit.engine.memory import Halving, as_many_as_fit, is_out_of_memory, peak_memory_bytes
from fairaudit.errors import ModelError


@given(n=st.integers(0, 60), batch_size=st.integers(1, 40), fits=st.integers(1, 40))
def test_slices_cover_all_images_once_and_shrink_until_they_fit(n, batch_size, fits):
    def function(start, stop):
        if stop - start > fits:
            raise MemoryError
        return list(range(start, stop))

    state = Halving(batch_size)
    assert [row for rows in state.run(function, n) for row in rows] == list(range(n))
    if n > fits:
        assert state.batch_size <= max(fits, 1) or batch_size <= fits


def test_the_smaller_size_is_remembered():
    calls = []

    def function(start, stop):
        calls.append(stop - start)
        if stop - start > 2:
            raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 GiB")
        return stop - start

    state = Halving(8)
    assert state.run(function, 8) == [2, 2, 2, 2]
    assert calls == [8, 4, 2, 2, 2, 2]
    assert (state.batch_size, state.halvings) == (2, 2)
    calls.clear()
    state.run(function, 4)
    assert calls == [2, 2]


def test_one_image_that_does_not_fit_is_an_error():
    def function(_start, _stop):
        raise MemoryError

    with pytest.raises(ModelError, match="One image at a time"):
        Halving(4).run(function, 3)


def test_other_errors_pass_through():
    def function(_start, _stop):
        raise RuntimeError("shapes differ")

    with pytest.raises(RuntimeError, match="shapes differ"):
        Halving(4).run(function, 3)


def test_what_did_not_fit_is_let_go_before_the_next_try():
    held = []

    def function(start, stop):
        gc.collect()
        assert all(reference() is None for reference in held)
        big = np.zeros(10)
        held.append(weakref.ref(big))
        if stop - start > 1:
            raise MemoryError
        return 0

    assert Halving(4).run(function, 4) == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (type("OutOfMemoryError", (RuntimeError,), {})("x"), True),
        (RuntimeError("CUDA out of memory"), True),
        (RuntimeError("MPS backend out of memory"), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED"), True),
        (RuntimeError("shape mismatch"), False),
        (ValueError("out of memory"), False),
        (KeyboardInterrupt(), False),
    ],
)
def test_what_counts_as_out_of_memory(error, expected):
    assert is_out_of_memory(error) is expected


def test_a_batch_of_nothing_is_refused():
    with pytest.raises(ValueError, match="batch_size"):
        Halving(0)


def test_peak_memory_never_falls_and_sees_what_was_held():
    before = peak_memory_bytes()
    assert before is None or before > 2**20
    block = np.ones(2**24)
    after = peak_memory_bytes()
    assert after is None or (after >= before and after >= block.nbytes)


@given(n=st.integers(1, 60), fits=st.integers(1, 60))
def test_a_sample_is_halved_until_it_fits(n, fits):
    def function(count):
        if count > fits:
            raise MemoryError
        return count

    found = as_many_as_fit(function, n)
    assert found == n if n <= fits else fits / 2 <= found + 1 <= fits + 1


def test_a_sample_of_which_nothing_fits():
    def function(count):
        raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 GiB")

    with pytest.raises(ModelError, match="One image at a time"):
        as_many_as_fit(function, 48)
