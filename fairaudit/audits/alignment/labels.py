"""Labels of the data for heads that have the same names."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.core.stream.audit import Total

Floats = NDArray[np.float64]


def head_labels(total: Total, names: tuple[str, ...]) -> Floats:
    """Labels of the scored images for heads named after the target, one of its values, or an attribute.

    NaN for all other heads, and where a label is unknown.
    """
    study, rows = total.study, total.rows
    known = {study.target.name: study.target, **study.manifest.attributes}
    columns = []
    for name in names:
        label, _, value = name.partition("=")
        if name not in known and name in study.target.values:
            label, value = study.target.name, name
        found = known.get(label)
        if found is None or (value and value not in found.values) or (not value and len(found.values) != 2):
            columns.append(np.full(len(rows), np.nan))
            continue
        codes = found.codes[rows]
        positive = codes == (found.values.index(value) if value else 1)
        columns.append(np.where(codes < 0, np.nan, positive.astype(np.float64)))
    return np.stack(columns, axis=1)
