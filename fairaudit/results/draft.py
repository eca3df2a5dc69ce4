"""The file beside another that is written first and then takes its name.

A process can be killed between the two. So the name of a draft follows from the name of the file: whoever writes the
file next takes the place of what was left, and finishing an interrupted command leaves the same files as a command
that nothing stopped. A lock, which ends with its process, tells what was left from what another process is writing.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from pathlib import Path
from typing import Final

try:
    import fcntl
except ImportError:  # not a POSIX system: every draft has a name of its own
    fcntl = None  # type: ignore[assignment]

_NEW: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_MODE: Final = 0o666  # the umask's affair: what an audit writes may show people
_OLD: Final = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_TRIES: Final = 5


def draft(path: Path) -> tuple[Path, int]:
    """A new, empty file beside the path and a handle to write it, locked until the handle is closed.

    Raises:
        OSError: the folder cannot be written.
        ValueError: there is a NUL in the name.
    """
    if fcntl is not None:
        own = _beside(path, hashlib.blake2b(os.fsencode(path.name), digest_size=6).hexdigest())
        for _ in range(_TRIES):
            try:
                handle = os.open(own, _NEW, _MODE)
            except FileExistsError:
                if not _abandoned(own):
                    break
            else:
                if _held(own, handle):
                    return own, handle
                os.close(handle)
    own = _beside(path, secrets.token_hex(6))
    return own, os.open(own, _NEW, _MODE)


def _beside(path: Path, mark: str) -> Path:
    return path.parent / f".{path.name[:40]}.{mark}"  # a name has 255 bytes, a character up to four


def _abandoned(own: Path) -> bool:
    """Remove a draft whose writer is gone; False where it is being written, is no file, or locks are unknown."""
    try:
        handle = os.open(own, _OLD)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return False
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _is(own, handle):  # else it has taken its name in the meantime, and another draft may be here
            own.unlink()
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(handle)


def _held(own: Path, handle: int) -> bool:
    """Lock a new draft; False where another writer took it for abandoned before it was locked."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError:  # a file system without locks, where nobody takes a draft for abandoned
        return True
    return _is(own, handle)


def _is(own: Path, handle: int) -> bool:
    try:
        return os.path.samestat(own.stat(follow_symlinks=False), os.fstat(handle))
    except FileNotFoundError:
        return False
