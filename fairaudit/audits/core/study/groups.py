"""The groups of a study: attributes, and intersections of them where asked for, as codes per manifest row."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.core.study.study import Study, audited
from fairaudit.config.schema import Config
from fairaudit.data.categorical import Categorical
from fairaudit.data.manifest import Manifest

JOIN = " & "
"""Between the attributes, and between the values, of an intersection."""


def groupings(study: Study) -> list[Categorical]:
    """Every audited attribute, then its intersections with the others where asked for, over all manifest rows."""
    return audited_groupings(study.config, study.manifest)


def audited_groupings(config: Config, manifest: Manifest) -> list[Categorical]:
    """The same from configuration and data, before a model is opened."""
    names = audited(config.audit.attribute, manifest.attributes, kind="attribute")
    single = [manifest.attributes[name] for name in names]
    return all_groupings(single, intersections=config.audit.intersections)


def all_groupings(single: Sequence[Categorical], *, intersections: bool) -> list[Categorical]:
    """The attributes, then every intersection of two of them and of all of them, where asked for."""
    if not intersections or len(single) < 2:
        return list(single)
    sets: list[Sequence[Categorical]] = list(combinations(single, 2))
    if len(single) > 2:
        sets.append(single)
    return [*single, *(intersection(parts) for parts in sets)]


def intersection(parts: Sequence[Categorical]) -> Categorical:
    """All combinations of the values, empty ones too; unknown where any part is unknown.

    >>> a = Categorical(name="a", values=("0", "1"), codes=np.array([0, 1, -1], np.int32))
    >>> both = intersection([a, a])
    >>> both.values, both.codes.tolist()
    (('0 & 0', '0 & 1', '1 & 0', '1 & 1'), [0, 3, -1])
    """
    values: list[str] = [""]
    codes = np.zeros(len(parts[0].codes), np.int64)
    unknown = np.zeros(len(codes), np.bool_)
    for number, part in enumerate(parts):
        values = [f"{left}{JOIN if number else ''}{right}" for left in values for right in part.values]
        codes = codes * len(part.values) + part.codes
        unknown |= part.codes < 0
    known: NDArray[np.int64] = np.where(unknown, -1, codes)
    return Categorical(name=JOIN.join(part.name for part in parts), values=tuple(values), codes=known.astype(np.int32))
