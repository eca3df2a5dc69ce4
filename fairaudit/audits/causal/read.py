"""Reads the causal audit's paired changes into measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.core.stream.audit import Findings, Total
from fairaudit.audits.core.stream.columns import under
from fairaudit.audits.core.study.rows import rows_of
from fairaudit.audits.core.study.tabled import question, tables
from fairaudit.measures.regions.causal import PAIRED, excess
from fairaudit.results.measurement import Measurement

Floats = NDArray[np.float64]

COMPARED = ("causal_shift", "causal_excess", "causal_flip")
"""Columns whose paired difference to the baseline is reported, as <name>_change."""


def read_causal(total: Total, fills: Mapping[str, Sequence[str]]) -> Findings:
    """Effect of every region and fill, beside its controls', per group, with intervals over images."""
    study = total.study
    rows = rows_of(study, total.rows)
    found: list[Measurement] = []
    notes: list[str] = []
    for region in study.regions:
        for fill in fills[region]:
            columns = _columns(total, "candidate", region, fill)
            controls = {name: columns[f"{name}_control"] for name in PAIRED}
            asked = question(study, region=region, method=fill)
            excesses = {"causal_excess": columns.pop("causal_excess")}
            found += tables(columns, asked, rows, controls=controls)
            if np.isnan(columns["causal_shift_control"]).all():
                asked = replace(asked, reason=_without(region, fill))
                notes.append(f"{asked.reason}: its effect beyond a control does not exist.")
            found += tables(excesses, asked, rows)
            if study.baseline is not None:
                before = _columns(total, "baseline", region, fill)
                own = {**columns, **excesses}
                change = {f"{name}_change": own[name] - before[name] for name in COMPARED}
                asked = question(study, region=region, method=fill, baseline=study.baseline.name)
                found += tables(change, asked, rows)
    return Findings(measurements=found, notes=notes)


def _columns(total: Total, role: str, region: str, fill: str) -> dict[str, Floats]:
    """The paired changes of every image under one model, with the excess beyond the controls."""
    own = under(total.part.columns, role, region, fill)
    columns = {name: np.asarray(value, np.float64) for name, value in own.items()}
    columns["causal_excess"] = excess(columns)
    return columns


def _without(region: str, fill: str) -> str:
    if fill == "swap":
        return f'No other image of the same class and group could give content to the region "{region}" as a control'
    return f'The region "{region}" leaves no room for a control region of its shape in any image'
