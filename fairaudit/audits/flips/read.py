"""Reads the flip audit's paired changes into measurements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.core.stream.audit import Findings, Total
from fairaudit.audits.core.stream.columns import under
from fairaudit.audits.core.study.rows import labels
from fairaudit.audits.core.study.statistics import statistics_of
from fairaudit.generators.checks import Tolerance
from fairaudit.results.measurement import Measurement
from fairaudit.tables.reasons.regions import region_measurements
from fairaudit.tables.row import unusable
from fairaudit.tables.specs import ImageSpec

if TYPE_CHECKING:
    from fairaudit.audits.core.study.study import Study

Floats = NDArray[np.float64]
AUDIT = "counterfactual"
DRAWN = 0.8
"""Smallest share of drawn pictures that a probe must see the attribute's new value in."""


def read_flips(total: Total, ways: Sequence[tuple[str, str]]) -> Findings:
    """Means with intervals over all images, per class and per group of the flipped attribute.

    Args:
        total: the audit's reduced state.
        ways: (attribute, how it is flipped).
    """
    measurements: list[Measurement] = []
    notes: list[str] = []
    for attribute, way in ways:
        own = _columns(total, "candidate", attribute, way)
        refusal = refused(own)
        found = list(_measured(total, attribute, way, own))
        measurements += [unusable(one, refusal) for one in found]
        notes += _notes(attribute, way, own, refusal)
    return Findings(measurements=measurements, notes=notes)


def _measured(total: Total, attribute: str, way: str, own: dict[str, Floats]) -> Iterator[Measurement]:
    study = total.study
    effects = {name: values for name, values in own.items() if name.startswith("attribute_flip_")}
    yield from _tables(total, effects, _question(study, attribute, way))
    if study.baseline is not None:
        other = _columns(total, "baseline", attribute, way)
        change = {"attribute_flip_effect_change": own["attribute_flip_effect"] - other["attribute_flip_effect"]}
        yield from _tables(total, change, _question(study, attribute, way, baseline=study.baseline.name))


def _tables(total: Total, columns: dict[str, Floats], asked: ImageSpec) -> Iterator[Measurement]:
    study, rows = total.study, total.rows
    target, clusters = labels(study.target.take(rows)), study.clusters(rows)
    group = labels(study.manifest.attributes[asked.attribute or ""].take(rows))
    yield from region_measurements(columns, asked, target=target, clusters=clusters)
    yield from region_measurements(columns, asked, group=group, target=target, clusters=clusters)


def _question(study: Study, attribute: str, way: str, *, baseline: str | None = None) -> ImageSpec:
    audit = study.config.audit
    return ImageSpec(
        audit=AUDIT,
        attribute=attribute,
        method=way,
        baseline=baseline,
        statistics=statistics_of(audit, seed=study.options.seed),
        reason="no image has a version with the attribute flipped",
    )


def _columns(total: Total, *place: str) -> dict[str, Floats]:
    return {name: np.asarray(values, np.float64) for name, values in under(total.part.columns, *place).items()}


def refused(columns: dict[str, Floats], tolerance: Tolerance | None = None) -> str | None:
    """Why generated images are no evidence; None where they may be used, as exact twins always may."""
    limit = (tolerance or Tolerance()).drift
    drift, drawn = (_mean(columns.get(name)) for name in ("drift", "drawn"))
    if drift is not None and drift > limit:
        return f"reconstruction alone moves the score by {drift:.2f} on average (tolerance {limit:g})"
    if drawn is not None and drawn < DRAWN:
        return f"the attribute's new value shows in {drawn:.0%} of the drawn pictures only (at least {DRAWN:.0%})"
    return None


def _mean(values: Floats | None) -> float | None:
    known = np.zeros(0) if values is None else values[~np.isnan(values)]
    return float(known.mean()) if known.size else None


def _notes(attribute: str, way: str, columns: dict[str, Floats], refusal: str | None) -> Iterator[str]:
    effect = columns["attribute_flip_effect"]
    missing = int(np.isnan(effect).sum())
    if missing:
        have, are = ("has", "is") if missing == 1 else ("have", "are")
        share = f"{missing} of {len(effect)} images"
        yield f"{share} {have} no flipped {attribute} ({way}) and {are} left out of its effect."
    drift, drawn = (_mean(columns.get(name)) for name in ("drift", "drawn"))
    if drift is not None:
        looked = (
            f"the new value shows in {drawn:.0%} of its pictures"
            if drawn is not None
            else ("whether its pictures show the new value was not checked: fairaudit audit --train-probe does")
        )
        yield f"Conditional VAE for {attribute}: reconstruction moves the score by {drift:.3f} on average; {looked}."
    if refusal is not None:
        yield f"Flips of {attribute} by {way} are refused as evidence: {refusal}."
