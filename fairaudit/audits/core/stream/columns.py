"""Names of per-image columns that belong to a method and a region."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from fairaudit.engine.part import Array, Columns, Name


def column(*parts: Name) -> tuple[str, ...]:
    """One name from several; the parts may hold any text.

    >>> column("lrp", "necktie", "rrf")
    ('lrp', 'necktie', 'rrf')
    >>> column("before", ("smile", "lam"))
    ('before', 'smile', 'lam')
    """
    return tuple(text for part in parts for text in ((part,) if isinstance(part, str) else part))


def under(columns: Mapping[Name, Array], *prefix: str) -> dict[str, NDArray[np.generic]]:
    """The columns whose names are the given parts and one more, by that one.

    >>> under({("a", "b", "c"): np.zeros(1), ("a", "b"): np.zeros(1), ("x", "y", "z"): np.zeros(1)}, "a", "b")
    {'c': array([0.])}
    """
    found = below(columns, *prefix)
    return {name: values for name, values in found.items() if isinstance(name, str)}


def below(columns: Mapping[Name, Array], *prefix: str) -> Columns:
    """The columns whose names begin with the given parts, by the rest of their names.

    >>> below({("a", "b", "c"): np.zeros(1), ("a", "d"): np.zeros(1), "a": np.zeros(1)}, "a")
    {('b', 'c'): array([0.]), 'd': array([0.])}
    """
    size = len(prefix)
    return {
        name[size] if len(name) == size + 1 else name[size:]: values
        for name, values in columns.items()
        if isinstance(name, tuple) and len(name) > size and name[:size] == prefix
    }
