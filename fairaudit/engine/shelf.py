"""Arrays under a name in a folder that processes of one run share: computed once, however many of them ask.

Each entry is a file of its own that appears whole or not at all, and is sealed like a chunk of a run store, so that
numbers that this user's fairaudit did not write are computed anew. Whatever goes wrong with the disk, the entry is
missing and the run goes on without it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from safetensors.numpy import load, save

from fairaudit.engine.part import Array
from fairaudit.engine.seal import seal

_SEAL = 16
_LOOK = 64
"""Calls after which a process looks again how much the others have kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Entries in a folder, which is made when the first is kept."""

    folder: Path
    limit: int
    """Largest size of all entries together in bytes; what would go beyond it is not kept."""
    secret: bytes = field(repr=False)
    """What the entries are sealed with."""
    _held: list[int] = field(default_factory=lambda: [0, 0], repr=False, compare=False)
    """How often this process has asked for the size of all entries, and what it is as far as it knows."""

    def get(self, name: str) -> dict[str, Array] | None:
        """The arrays that were kept under the name; None if there are none, or not as they were written."""
        try:
            content = self._path(name).read_bytes()
        except OSError:
            return None
        sealed, body = content[:_SEAL], content[_SEAL:]
        if seal(self.secret, _sealed(name, body)) != sealed:
            return None
        return {key: array.copy() for key, array in load(body).items()}  # theirs cannot be written to

    def put(self, name: str, arrays: Mapping[str, Array]) -> None:
        """Keep arrays under the name, unless the shelf or the disk is full."""
        body = save({key: np.require(array, requirements="C") for key, array in arrays.items()})
        size = _SEAL + len(body)
        if self._size() + size > self.limit:
            return
        path = self._path(name)
        own = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                with os.fdopen(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    file.write(seal(self.secret, _sealed(name, body)) + body)
                own.replace(path)
                self._held[1] += size
            finally:
                own.unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove the folder and all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, name: str) -> Path:
        return self.folder / hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()

    def _size(self) -> int:
        """Size of all entries, those of other processes as they were at one of the last `_LOOK` calls."""
        if self._held[0] % _LOOK == 0:
            with contextlib.suppress(OSError), os.scandir(self.folder) as entries:
                self._held[1] = sum(entry.stat().st_size for entry in entries)
        self._held[0] += 1
        return self._held[1]


def _sealed(name: str, body: bytes) -> bytes:
    return name.encode("utf-8", "surrogatepass") + b"\0" + body
