"""Reads the causal audit's paired changes into measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.base import Findings, Total
from fairaudit.audits.columns import under
from fairaudit.audits.regions_read import question, rows_of, tables
from fairaudit.results.measurement import Measurement

Floats = NDArray[np.float64]


def read_causal(total: Total, fills: Sequence[str]) -> Findings:
    """Effect of every region and fill, beside its controls', per group, with intervals over images."""
    study = total.study
    rows = rows_of(study, total.rows)
    found: list[Measurement] = []
    notes: list[str] = []
    for region in study.regions:
        for fill in fills:
            own = under(total.part.columns, "candidate", region, fill)
            columns, controls = effect_columns({name: np.asarray(value, np.float64) for name, value in own.items()})
            found += tables(columns, question(study, region=region, method=fill), rows, controls=controls)
        if np.isnan(columns["causal_shift_control"]).all():
            notes.append(
                f'The region "{region}" leaves no room for a control region of its shape: '
                "its effect is compared with no effect instead."
            )
    return Findings(measurements=found, notes=notes)


def effect_columns(own: Mapping[str, Floats]) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """The effects as columns, with the size of the change beyond the controls', and the controls by metric.

    Where an image has no control, its change is compared with 0.
    """
    columns = dict(own)
    control = columns["causal_shift_control"]
    columns["causal_excess"] = columns["causal_shift"] - np.where(np.isnan(control), 0.0, control)
    names = ("causal_effect", "causal_positive", "causal_shift", "causal_flip")
    return columns, {name: columns[f"{name}_control"] for name in names}
