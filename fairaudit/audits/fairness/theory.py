"""The pruning paper's theory about the audited data: the attributes it covers, its figure and its note."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from fairaudit.audits.core.stream.audit import Drawing
from fairaudit.audits.fairness.inputs import FairnessInputs, FairnessView
from fairaudit.measures.counts.theory import (
    bounded_task_information,
    following_model_information,
    perfect_model_information,
)
from fairaudit.tables.fairness.theory import Placed, placed, why_no_theory
from fairaudit.tables.rows import FairnessSpec

PLACES = 101
"""Places at which the curves are drawn."""
NEEDED = (0.0, 0.5, 1.0)
"""K of the drawn curves besides the one estimated."""


def theory_of(view: FairnessView) -> Placed | None:
    """The attribute's place in the theory, or None where it says nothing about it."""
    told = view.inputs.alignment(view.grouping)
    names = FairnessSpec(
        attribute=view.grouping.name, groups=tuple(view.grouping.values), classes=tuple(view.inputs.target.values)
    )
    if told.cells is None or why_no_theory(names, told.cells) is not None:
        return None
    return placed(view.inputs.counts[view.grouping.name], told.cells, training=told.training)


def theory_drawings(view: FairnessView, slug: str) -> Iterator[Drawing]:
    """The figure of one attribute, if the theory covers it and φ exists."""
    found = theory_of(view)
    if found is None or not np.isfinite([found.rho, found.phi]).all():
        return
    yield Drawing(
        name=f"theory-{slug}.png",
        caption=f"What the theory of Debiasing Surgeon (eqs. 3 to 6) expects of {view.grouping.name} and "
        f"{view.inputs.target.name} at ρ = {found.rho:.3f}, and where the training rows and this model are.",
        draw=partial(_draw, found, f"Information and bias: {view.inputs.target.name} by {view.grouping.name}"),
    )


def theory_notes(inputs: FairnessInputs) -> Iterator[str]:
    """What the theory's numbers rest on, one sentence per attribute that it covers."""
    for grouping in inputs.single:
        found = theory_of(FairnessView(inputs=inputs, grouping=grouping))
        if found is not None and np.isfinite(found.rho):
            yield (
                f"Theory (Debiasing Surgeon, eqs. 3 to 6) for {grouping.name}: ρ = {found.rho:.3f} is of the training "
                "rows, and `observed` is what the decisions on the audited rows hold at that ρ; equal classes, evenly "
                "spread conflicts and no other source of error are assumed. Where `observed` and expected differ, one "
                "of these does not hold."
            )


def _draw(found: Placed, heading: str) -> bytes:
    from fairaudit.report.figures.theory import Theory, theory

    shares, rho, classes = np.linspace(0, 1, PLACES), found.rho, found.classes
    needed = {f"K = {k:g}": k for k in NEEDED}
    if np.isfinite(found.needed):
        needed = {**needed, f"K = {found.needed:.2f} (estimated)": found.needed}
    curves = Theory(
        shares=shares,
        perfect=perfect_model_information(shares, classes=classes),
        following=following_model_information(rho, shares, classes=classes),
        task={name: bounded_task_information(rho, shares, needed=k, classes=classes) for name, k in needed.items()},
        rho=rho,
        phi=found.phi,
        of_data=found.of_data,
        on_bias=found.on_bias,
        on_task=found.on_task,
    )
    return theory(curves, heading=heading)
