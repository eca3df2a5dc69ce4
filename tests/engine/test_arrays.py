import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairaudit.engine.arrays import decode, encode


@pytest.mark.parametrize("dtype", ["int64", "float64", "float32", "bool", "uint8", "<U7"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 4), (2, 3)])
def test_an_array_comes_back_bit_for_bit(dtype, shape):
    value = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
    found = decode(*encode("x", value))
    assert (found.dtype, found.shape, found.tobytes()) == (value.dtype, value.shape, value.tobytes())


def test_nan_payloads_survive():
    value = np.array([0x7FF8000000000123, 0x8000000000000000], np.uint64).view(np.float64)
    assert decode(*encode("x", value)).tobytes() == value.tobytes()


def test_fortran_order_keeps_its_values():
    value = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    np.testing.assert_array_equal(decode(*encode("x", value)), value)


def test_the_bytes_are_plain_npy():
    content, _ = encode("x", np.arange(3))
    np.testing.assert_array_equal(np.load(io.BytesIO(content), allow_pickle=False), [0, 1, 2])


@pytest.mark.parametrize("value", [np.array([{}]), np.zeros(2, dtype=[("a", "O")])])
def test_objects_are_refused(value):
    with pytest.raises(TypeError, match=r"audit\.column"):
        encode("audit.column", value)


@given(place=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_one_flipped_bit_is_found(place, bit):
    content, expected = encode("x", np.arange(20.0))
    damaged = bytearray(content)
    damaged[place % len(damaged)] ^= 1 << bit
    with pytest.raises(ValueError, match="checksum"):
        decode(bytes(damaged), expected)
