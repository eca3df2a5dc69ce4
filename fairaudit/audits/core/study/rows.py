"""The scored rows as tables of per-image numbers need them: target, groups, clusters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.core.study.alignment import GroupTargets, alignment
from fairaudit.audits.core.study.groups import groupings
from fairaudit.audits.core.study.study import Study
from fairaudit.data.categorical import Categorical
from fairaudit.measures.images.means import Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The scored rows as the region tables need them."""

    target: Labels | None
    groups: Sequence[Labels]
    clusters: NDArray[np.int64] | None
    aligned: Sequence[Labels | None] = ()
    """Per group attribute, whether each image's group goes with its class; None where that is not known."""


def rows_of(study: Study, rows: NDArray[np.int64]) -> Rows:
    """Target, groups and clusters at the scored rows."""
    target = study.target.take(rows)
    groups = [grouping.take(rows) for grouping in groupings(study)]
    told = {"aligned": study.config.audit.aligned, "training": study.manifest.training}
    return Rows(
        target=labels(target),
        groups=[labels(group) for group in groups],
        clusters=study.clusters(rows),
        aligned=[aligned_rows(target, group, alignment(group, target, **told)) for group in groups],  # type: ignore[arg-type]
    )


def aligned_rows(target: Categorical, group: Categorical, told: GroupTargets) -> Labels | None:
    """Whether each image's group goes with its class, as two groups; None where that is not known.

    An image whose group or class is not known is in neither.
    """
    table = told.cells
    if table is None:
        return None
    known = (target.codes >= 0) & (group.codes >= 0)
    codes = np.where(known, table[group.codes, target.codes], -1).astype(np.int32)
    return Labels(name=group.name, values=("conflicting", "aligned"), codes=codes)


def labels(column: Categorical) -> Labels:
    """A categorical column as the measures take it."""
    return Labels(name=column.name, values=column.values, codes=column.codes)
