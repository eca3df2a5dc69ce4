"""Preprocessed rows in a file: decoded once, however many models and processes look at them.

A row has its fixed place in the file, so that several processes write side by side; they write the same bytes. Every
row is sealed: one that was half written when a process was killed, or that somebody else wrote, is decoded again. The
file is read and written, not mapped: a full disk is then an error that can be dealt with and not the end of the
process, and the rows do not count as memory of the process.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fairaudit.engine.seal import seal

_SEAL = 16
_NOTE = 254
"""Bytes of a row's note; a row with a longer one is decoded every time."""
_HEAD = _SEAL + 2 + _NOTE


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedRow:
    """One readable row."""

    pixels: Tensor
    """uint8 [channels, height, width]."""
    masks: Mapping[str, NDArray[np.bool_]]
    """Region → [height, width]."""
    note: str


class RowCache:
    """Rows in a file that is made when missing.

    Args:
        path: the file; others beside it that begin with its name hold other sources (`beside`).
        label: digest of everything that the rows depend on: images, regions, preprocessing, versions.
        shape: channels, height and width of every row.
        masks: names of the regions.
        rows: rows of the data.
        limit: largest size of the file in bytes; rows beyond it are decoded every time.
        secret: what the rows are sealed with.
    """

    def __init__(
        self,
        path: Path,
        *,
        label: str,
        shape: tuple[int, int, int],
        masks: Sequence[str],
        rows: int,
        limit: int,
        secret: bytes,
    ) -> None:
        self.path, self.label, self.shape, self.masks = path, label, shape, tuple(masks)
        self._secret, self._limit = secret, limit
        self._pixels = int(np.prod(shape))
        self._bits = (shape[1] * shape[2] + 7) // 8
        self.record = _HEAD + self._pixels + self._bits * len(self.masks)
        self.capacity = min(rows, limit // self.record)
        self.left = limit - self.capacity * self.record
        """Bytes of the limit that no row of this file needs."""
        self._rows = rows
        self._lock = threading.Lock()
        self._file = _opened(path) if self.capacity else None

    def __reduce__(self) -> tuple[Callable[..., RowCache], tuple[object, ...]]:
        """For another process on this machine, which opens the file itself."""
        given = (self.path, self.label, self.shape, self.masks, self._rows, self._limit, self._secret)
        return _in_another_process, given

    def get(self, row: int) -> CachedRow | None:
        """The row, or None if it is missing or incomplete."""
        if self._file is None or row >= self.capacity:
            return None
        with self._lock:
            try:
                os.lseek(self._file, row * self.record, os.SEEK_SET)
                content = bytearray(os.read(self._file, self.record))
            except OSError:
                return None
        if len(content) != self.record or not any(content[:_SEAL]):
            return None
        if seal(self._secret, self._sealed(row, content)) != content[:_SEAL]:
            return None
        return self._unpacked(content)

    def put(self, row: int, found: CachedRow) -> None:
        """Keep a row; where the disk is full, or the row has another shape, nothing is kept."""
        note = found.note.encode("utf-8", "surrogatepass")
        if self._file is None or row >= self.capacity or len(note) > _NOTE or tuple(found.pixels.shape) != self.shape:
            return
        content = bytearray(self.record)
        content[_SEAL : _SEAL + 2] = len(note).to_bytes(2, "little")
        content[_SEAL + 2 : _SEAL + 2 + len(note)] = note
        content[_HEAD : _HEAD + self._pixels] = found.pixels.contiguous().numpy().tobytes()
        for place, name in enumerate(self.masks):
            start = _HEAD + self._pixels + place * self._bits
            content[start : start + self._bits] = np.packbits(found.masks[name].reshape(-1)).tobytes()
        content[:_SEAL] = seal(self._secret, self._sealed(row, content))
        with self._lock:
            try:
                os.lseek(self._file, row * self.record, os.SEEK_SET)
                os.write(self._file, content)
            except OSError:  # the audit goes on without it
                self.close()

    def beside(self, name: str) -> RowCache:
        """A cache of other images of the same rows, without regions, in the bytes that this one leaves over."""
        return RowCache(
            self.path.with_name(f"{self.path.name}.{name}"),
            label=f"{self.label}.{name}",
            shape=self.shape,
            masks=(),
            rows=self._rows,
            limit=self.left,
            secret=self._secret,
        )

    def close(self) -> None:
        """Close the file; nothing is found or kept afterwards."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _sealed(self, row: int, content: bytearray) -> bytes:
        return f"{self.label}/{row}/".encode() + bytes(content[_SEAL:])

    def _unpacked(self, content: bytearray) -> CachedRow:
        length = int.from_bytes(content[_SEAL : _SEAL + 2], "little")
        whole = np.frombuffer(content, np.uint8)
        size = self.shape[1:]
        masks = {}
        for place, name in enumerate(self.masks):
            start = _HEAD + self._pixels + place * self._bits
            bits = np.unpackbits(whole[start : start + self._bits], count=size[0] * size[1])
            masks[name] = bits.reshape(size).astype(np.bool_)
        return CachedRow(
            pixels=torch.from_numpy(whole[_HEAD : _HEAD + self._pixels].reshape(self.shape)),
            masks=masks,
            note=content[_SEAL + 2 : _SEAL + 2 + length].decode("utf-8", "surrogatepass"),
        )


def _in_another_process(
    path: Path,
    label: str,
    shape: tuple[int, int, int],
    masks: Sequence[str],
    rows: int,
    limit: int,
    secret: bytes,
) -> RowCache:
    return RowCache(path, label=label, shape=shape, masks=masks, rows=rows, limit=limit, secret=secret)


def room(folder: Path, limit: int) -> int:
    """The limit, or half of what is free on the folder's disk where that is less: reports must fit too."""
    folder.mkdir(parents=True, exist_ok=True)
    return min(limit, shutil.disk_usage(folder).free // 2)


def forget(path: Path) -> None:
    """Remove a cache and those beside it."""
    for file in [path, *path.parent.glob(f"{path.name}.*")]:
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)


def _opened(path: Path) -> int | None:
    """The file, for this user alone since it holds pictures; None where it cannot be opened."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, flags, 0o600)
    except OSError:
        return None
