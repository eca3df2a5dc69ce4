"""Where numbers come from: versions of the libraries and digests of files, without importing any of them."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Final

from fairaudit.errors import DataError
from fairaudit.version import __version__

LIBRARIES: Final = ("torch", "torchvision", "numpy", "scipy", "Pillow", "zennit", "captum")
"""Libraries whose version can change a number."""

_BLOCK: Final = 1 << 20


def library_versions() -> dict[str, str]:
    """fairaudit, Python and every library that can change a number, with its version; "missing" where not installed."""
    return {
        "fairaudit": __version__,
        "python": platform.python_version(),
        **{name: _version(name) for name in LIBRARIES},
    }


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes in hexadecimal, read a megabyte at a time.

    Raises:
        DataError: the file cannot be read.
    """
    state = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                state.update(block)
    except OSError as error:
        raise DataError("The file cannot be read", found=error.strerror or str(error), where=str(path)) from error
    return state.hexdigest()


@cache
def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "missing"
