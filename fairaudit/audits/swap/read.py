"""Reads the swap audit's columns into measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.core.stream.audit import Findings, Total
from fairaudit.audits.core.stream.columns import column
from fairaudit.audits.core.study.tabled import question
from fairaudit.measures.regions.donor_plan import DonorPlan
from fairaudit.measures.regions.swap import Arms
from fairaudit.results.measurement import Measurement
from fairaudit.tables.reasons.swap import SwapSubject, SwapValues, score_gap_measurement, swap_measurements

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Swaps:
    """What was swapped."""

    plans: Mapping[str, DonorPlan]
    """Attribute → whose content every manifest row got."""
    donors: int
    """Donors of either arm."""
    outputs: Sequence[int]
    """Outputs whose scores were followed."""


def read_swaps(total: Total, swaps: Swaps) -> Findings:
    """The largest effect, excess and flips over ordered pairs of groups, per region and attribute."""
    study = total.study
    unit = "image" if study.clusters(total.rows) is None else "cluster"
    found: list[Measurement] = []
    for attribute, plan in swaps.plans.items():
        arms = arms_of(total, attribute, plan)
        subject = SwapSubject(
            attribute=attribute,
            groups=study.manifest.attributes[attribute].values,
            classes=study.target.values,
            unit=unit,
        )
        scores = {
            output: np.asarray(total.part.columns[column("score", str(output))], np.float64) for output in swaps.outputs
        }
        found.append(score_gap_measurement(scores, arms, question(study, region=None, method=None), subject))
        for region in study.regions:
            found += swap_measurements(
                _values(total, region, attribute, swaps),
                arms,
                question(study, region=region, method="swap"),
                subject,
            )
    notes = []
    if len(study.target.values) > len(swaps.outputs) > 1:
        notes.append(
            f"Content swap follows the scores of the {len(swaps.outputs)} most frequent of "
            f"{len(study.target.values)} classes."
        )
    return Findings(measurements=found, notes=notes)


def arms_of(total: Total, attribute: str, plan: DonorPlan) -> Arms:
    """Groups, classes and sampling units of the scored rows and of their donors."""
    study, rows = total.study, total.rows
    everything = np.arange(len(study.manifest))
    clusters = study.clusters(everything)
    unit = everything if clusters is None else clusters
    groups = study.manifest.attributes[attribute].codes.astype(np.int64)
    other, same = plan.other[rows], plan.same[rows]

    def at(values: NDArray[np.int64], donors: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.where(donors >= 0, values[donors], -1).astype(np.int64)

    return Arms(
        group=groups[rows],
        target=study.target.codes[rows].astype(np.int64),
        unit=unit[rows],
        to=at(groups, other),
        other_unit=at(unit, other),
        same_unit=at(unit, same),
        units=int(unit.max()) + 1,
    )


def _values(total: Total, region: str, attribute: str, swaps: Swaps) -> SwapValues:
    def arm(name: str) -> tuple[Floats, Floats]:
        parts = [
            np.stack(
                [
                    np.asarray(total.part.columns[column(region, attribute, side, str(number), name)], np.float64)
                    for number in range(swaps.donors)
                ],
                axis=1,
            )
            for side in ("other", "same")
        ]
        return parts[0], parts[1]

    return SwapValues(
        shift=arm("shift"), flip=arm("flip"), scores={output: arm(f"score {output}") for output in swaps.outputs}
    )
