"""One array as .npy bytes with a checksum: never pickle, and a flipped bit is found."""

from __future__ import annotations

import hashlib
import io

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.generic]


def encode(name: str, value: Array) -> tuple[bytes, bytes]:
    """The array's .npy bytes and their checksum.

    Raises:
        TypeError: the array holds Python objects, which only pickle could store.
    """
    value = np.asarray(value)
    if value.dtype.hasobject:
        raise TypeError(f"{name}: arrays of Python objects cannot be stored; found {value.dtype}")
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, value, allow_pickle=False)
    content = buffer.getvalue()
    return content, checksum(content)


def decode(content: bytes, expected: bytes) -> Array:
    """The array back from its bytes.

    Raises:
        ValueError: the bytes are not those that were written, or not an array.
    """
    if checksum(content) != expected:
        raise ValueError("the checksum differs")
    value: Array = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
    return value


def checksum(content: bytes) -> bytes:
    """16 bytes that change when any bit of the content does."""
    return hashlib.blake2b(content, digest_size=16).digest()
