"""How much a file may unfold into before it is refused; every limit can be raised by an environment variable.

A configuration file cannot raise them, since it may come from the same place as the file that is too large.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Final

from fairaudit.errors import UsageError

_UNITS: Final = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit: what it counts, its usual value, and the variable that raises it."""

    variable: str
    default: int
    counts: str

    def value(self) -> int:
        """The limit in force.

        Raises:
            UsageError: the variable is set to something that is no number.
        """
        text = os.environ.get(self.variable, "").strip()
        if not text:
            return self.default
        found = bytes_of(text)
        if found is None:
            raise UsageError(
                f"{self.variable} is not a number",
                wanted="a number, optionally with K, M, G or T, such as 4G",
                found=text,
            )
        return found

    def advice(self) -> str:
        """How to raise it."""
        more = _rounded(4 * self.value())
        return f"If you know where the file comes from, raise the limit: set {self.variable}, for example to {more}."


UNPACKED: Final = Limit("FAIRAUDIT_MAX_UNPACKED", 256 << 20, "bytes that a file may unfold into")
CELLS: Final = Limit("FAIRAUDIT_MAX_CELLS", 20_000_000, "cells of a table in Parquet or JSON Lines")
COLUMNS: Final = Limit("FAIRAUDIT_MAX_COLUMNS", 4096, "columns of a table")
PIXELS: Final = Limit("FAIRAUDIT_MAX_PIXELS", 50_000_000, "pixels of one image")
TEXT: Final = Limit("FAIRAUDIT_MAX_TEXT", 1 << 30, "bytes of a text file, such as a table or report.json")


def bytes_of(text: str) -> int | None:
    """A number of bytes with K, M, G or T behind it; None for anything else.

    >>> bytes_of("4G") == 4 << 30, bytes_of("many")
    (True, None)
    """
    found = re.fullmatch(r"([0-9]{1,15})([KMGT]?)(i?B)?", text.strip(), re.IGNORECASE)
    return None if found is None else int(found.group(1)) * _UNITS[found.group(2).upper()]


def unpacked(packed: int) -> int:
    """Bytes that a file of this size may unfold into: four times its size, or the limit if that is more.

    >>> unpacked(1 << 30) == 4 << 30
    True
    """
    return max(UNPACKED.value(), 4 * packed)


def _rounded(count: int) -> str:
    units = (unit for unit in ("T", "G", "M", "K") if count >= _UNITS[unit])
    unit = next(units, "")
    return f"{count // _UNITS[unit]}{unit}"


def size(count: int) -> str:
    """Bytes in the unit that reads best.

    >>> size(3 * 1024**3), size(500)
    ('3.0 GiB', '500 bytes')
    """
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if count >= unit:
            return f"{count / unit:.1f} {name}"
    return f"{count} bytes"
