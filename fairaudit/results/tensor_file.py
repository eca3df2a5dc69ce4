"""safetensors bytes that repeat exactly: the library writes a file's metadata in any order."""

from __future__ import annotations

import json

_LENGTH = 8


def in_order(content: bytes) -> bytes:
    """The bytes of a safetensors file with its metadata in alphabetical order; the tensors stay as they are.

    >>> import numpy as np
    >>> from safetensors.numpy import save
    >>> in_order(save({"w": np.zeros(2)}, metadata={name: "x" for name in "edcba"}))[8:65]
    b'{"__metadata__":{"a":"x","b":"x","c":"x","d":"x","e":"x"}'
    """
    size = int.from_bytes(content[:_LENGTH], "little")
    header = json.loads(content[_LENGTH : _LENGTH + size])
    if "__metadata__" in header:
        header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    padded = text + b" " * (-len(text) % _LENGTH)
    return len(padded).to_bytes(_LENGTH, "little") + padded + content[_LENGTH + size :]
