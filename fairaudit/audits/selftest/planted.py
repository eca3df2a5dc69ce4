"""How much a trained model relies on the planted bias: right decisions where it goes with the class, and elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from fairaudit.audits.core.stream.audit import Context, Findings, Total
from fairaudit.engine.part import Part

COUNTS = ("aligned_right", "aligned", "conflicting_right", "conflicting")
"""What is counted of every planted attribute."""


class PlantedAudit:
    """Whether every decision was right; an audit beside the others, on the same forward pass."""

    name = "planted"

    def settings(self) -> Mapping[str, Any]:
        """Nothing changes it."""
        return {}

    def map(self, context: Context) -> Part:
        """One column: whether the decision is the target."""
        return Part(columns={"right": context.candidate.decisions == context.batch.target})

    def measure(self, total: Total) -> Findings:
        """Nothing: the self-test reads the column itself."""
        del total
        return Findings()


def planted_counts(total: Total, attribute: str) -> dict[str, int]:
    """Right decisions and images, where the attribute's value has the number of the class and where it does not."""
    right = np.asarray(total.part.columns["right"], np.bool_)
    target = total.study.target.codes[total.rows]
    aligned = total.study.codes(attribute, total.rows) == target
    found = (right & aligned, aligned, right & ~aligned, ~aligned)
    return {name: int(rows.sum()) for name, rows in zip(COUNTS, found, strict=True)}
