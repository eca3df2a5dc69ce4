"""The secret that seals a run store: a store from elsewhere is not taken for one of this user's.

Whoever can write a store's file can write any number into it and compute its checksum anew. So every chunk carries a
code that also depends on a secret of this user on this machine, kept outside the output folder. Runs of another secret
stay in the file and are not continued. Several machines continue one another's runs when they are given the same
secret in `FAIRAUDIT_STORE_KEY`.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from typing import Final

VARIABLE: Final = "FAIRAUDIT_STORE_KEY"
_FILE: Final = ("fairaudit", "store.key")
_BYTES: Final = 32
_of_another: Final[list[bytes]] = []


def secret() -> bytes:
    """The secret, made when there is none; empty where none is given and no place can be written."""
    if _of_another:
        return _of_another[0]
    if text := os.environ.get(VARIABLE):
        return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=_BYTES).digest()
    try:
        path = _folder().joinpath(*_FILE)
        return _read(path) or _made(path)
    except (OSError, RuntimeError):  # no home, or one that cannot be written
        return b""


def seal_as(key: bytes) -> None:
    """Seal with the secret of the process for which this one computes."""
    _of_another[:] = [key]


def writer(key: bytes) -> str:
    """A mark that tells the stores of one secret from those of another without revealing the secret."""
    return hashlib.blake2b(b"fairaudit store", key=key, digest_size=8).hexdigest() if key else "no secret"


def seal(key: bytes, content: bytes) -> bytes:
    """The code of a chunk: 16 bytes that depend on every bit of the content and on the secret."""
    return hashlib.blake2b(content, key=key, digest_size=16).digest()


def _folder() -> Path:
    given = os.environ.get("XDG_STATE_HOME")
    return Path(given) if given else Path.home() / ".local" / "state"


def _read(path: Path) -> bytes | None:
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        return None
    return found if len(found) == _BYTES else None


def _made(path: Path) -> bytes:
    """Write a new secret that only this user can read; where another process was first, its secret."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mine = secrets.token_bytes(_BYTES)
    own = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(mine)
    try:
        os.link(own, path)
    except FileExistsError:
        return _read(path) or mine
    except OSError:  # a file system without links
        own.replace(path)
        return mine
    finally:
        own.unlink(missing_ok=True)
    return mine
