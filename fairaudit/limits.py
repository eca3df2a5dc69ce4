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
        found = re.fullmatch(r"(\d{1,15})([KMGT]?)(i?B)?", text, re.IGNORECASE)
        if found is None:
            raise UsageError(
                f"{self.variable} is no number", wanted="a number, perhaps with K, M, G or T, such as 4G", found=text
            )
        return int(found.group(1)) * _UNITS[found.group(2).upper()]

    def advice(self) -> str:
        """How to raise it."""
        return f"If you know where the file comes from, raise the limit: set {self.variable}, for example to 8G."


UNPACKED: Final = Limit("FAIRAUDIT_MAX_UNPACKED", 1 << 30, "bytes that a compressed file may unfold into")
CELLS: Final = Limit("FAIRAUDIT_MAX_CELLS", 200_000_000, "cells of a table")
COLUMNS: Final = Limit("FAIRAUDIT_MAX_COLUMNS", 4096, "columns of a table")
PIXELS: Final = Limit("FAIRAUDIT_MAX_PIXELS", 64_000_000, "pixels of one image")
TEXT: Final = Limit("FAIRAUDIT_MAX_TEXT", 1 << 30, "bytes of a text file, such as a table or report.json")
LIMITS: Final = (UNPACKED, CELLS, COLUMNS, PIXELS, TEXT)


def size(count: int) -> str:
    """Bytes in the unit that reads best.

    >>> size(3 * 1024**3), size(500)
    ('3.0 GiB', '500 bytes')
    """
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if count >= unit:
            return f"{count / unit:.1f} {name}"
    return f"{count} bytes"
