"""Reading files that come from elsewhere: regular ones only, no larger than a limit, every failure put into words."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from fairaudit.errors import DataError, FairauditError
from fairaudit.limits import TEXT, Limit, size

POINTER: Final = "a pointer of Git LFS; fetch the file itself with `git lfs pull`"
"""What such a file is called in an error."""
_POINTER: Final = b"version https://git-lfs"
_POINTER_BYTES: Final = 1024
_SCHEMES: Final = frozenset({"http:", "https:", "s3:", "gs:", "hf:", "ftp:"})
"""How web addresses begin; a path has one slash after it."""


def unusual(path: Path) -> str | None:
    """Why a path cannot be read as a file, in words; None where it can. A pipe or a device is never opened.

    >>> unusual(Path("/no/such/file"))
    'no such file'
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return "no such file"
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        return reason(error)
    if stat.S_ISREG(mode):
        if not os.access(path, os.R_OK):
            return "no permission to read it"
        return POINTER if is_pointer(path) else None
    kinds = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"))
    return next((name for test, name in kinds if test(mode)), "a device")


def fetched_first(path: Path) -> str | None:
    """Advice where a path that does not exist is a web address; None for any other.

    >>> fetched_first(Path("/work/https:/example.org/a.csv"))
    'Download it first: files are read from disk.'
    >>> fetched_first(Path("a.csv"))
    """
    address = any(part in _SCHEMES for part in path.parts)
    return "Download it first: files are read from disk." if address else None


def is_pointer(path: Path) -> bool:
    """Whether a small file only says where Git LFS keeps the file itself."""
    if not 0 < path.stat().st_size < _POINTER_BYTES:
        return False
    with path.open("rb") as file:
        return file.read(len(_POINTER)) == _POINTER


def read_bytes(path: Path, *, what: str, error: type[FairauditError] = DataError, limit: Limit = TEXT) -> bytes:
    """A file's bytes.

    Args:
        path: the file.
        what: what it is, for the error, such as "The report".
        error: the kind of error.
        limit: how large it may be.

    Raises:
        FairauditError: of the given kind; it is missing, no regular file, unreadable or larger than the limit.
    """
    found = unusual(path)
    if found is not None:
        raise error(f"{what} cannot be read", wanted="a file", found=found, where=str(path))
    try:
        length = path.stat().st_size
        if length > limit.value():
            raise error(
                f"{what} is too large",
                wanted=f"at most {size(limit.value())}",
                found=size(length),
                where=str(path),
                advice=limit.advice(),
            )
        return path.read_bytes()
    except OSError as failed:
        raise error(f"{what} cannot be read", found=reason(failed), where=str(path)) from failed


def reason(error: BaseException) -> str:
    """An error in a few words: the system's own, or the first line of its text.

    >>> reason(ValueError("embedded null byte"))
    'embedded null byte'
    """
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
