"""Names of per-image columns that belong to a method and a region."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

SEPARATOR = "\x1f"


def column(*parts: str) -> str:
    """One name from several; the parts may hold any printable text.

    >>> column("lrp", "necktie", "rrf").split(SEPARATOR)
    ['lrp', 'necktie', 'rrf']
    """
    return SEPARATOR.join(parts)


def under(columns: Mapping[str, NDArray[np.generic]], *prefix: str) -> dict[str, NDArray[np.generic]]:
    """The columns whose name begins with the given parts, by the rest of their name.

    >>> under({column("a", "b", "c"): np.zeros(1), column("x", "y"): np.zeros(1)}, "a", "b")
    {'c': array([0.])}
    """
    start = column(*prefix) + SEPARATOR
    return {name.removeprefix(start): values for name, values in columns.items() if name.startswith(start)}
