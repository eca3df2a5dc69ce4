"""The counterfactual leg of the joint audit: what takes part in it, and what its measurements say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from fairaudit.audits.alignment.audit import CfAlignAudit
from fairaudit.audits.alignment.options import CfOptions
from fairaudit.audits.alignment.probe import FittedProbe
from fairaudit.audits.alignment.shared import SharedFindings
from fairaudit.audits.core.stream.audit import Audit
from fairaudit.audits.core.study.study import Study
from fairaudit.audits.flips.audit import TWINS, FlipAudit
from fairaudit.gate.evidence import Limits
from fairaudit.gate.needed import needed
from fairaudit.results.measurement import Measurement
from fairaudit.verdict.leg import Leg


class CounterfactualLegs(NamedTuple):
    """The optional witnesses about one attribute."""

    alignment: Sequence[Leg] = ()
    """Whether the attribute's classifier follows the target's evidence."""
    flips: Sequence[Leg] = ()
    """Whether the decision follows the attribute."""
    exact: bool = False
    """Whether one of the flips is by exact twins."""
    evidence: Sequence[Measurement] = ()
    """What they rest on."""

    def __bool__(self) -> bool:
        return bool(self.alignment or self.flips)


NO_LEGS = CounterfactualLegs()
"""Of an attribute without generator, twins and conditional VAE."""


def counterfactual_audits(study: Study, options: CfOptions | None, shared: SharedFindings) -> list[Audit]:
    """The audits that the study's generator, twins and conditional VAEs call for; none without any."""
    audits: list[Audit] = []
    probes: Mapping[str, FittedProbe] = {}
    if options is not None:
        aligned = CfAlignAudit(study, options, shared)
        probes = {probe.attribute: probe for probe in aligned.readers.probes}
        audits.append(aligned)
    flips = FlipAudit(study, probes)
    return [*audits, flips] if flips.ways else audits


def counterfactual_legs(study: Study, measurements: Sequence[Measurement], attribute: str) -> CounterfactualLegs:
    """The witnesses about one attribute, from the measurements over all images."""
    limits = study.config.audit
    aligned = [m for m in measurements if m.metric == "relative_change" and _about(m, attribute)]
    flipped = [
        m
        for m in measurements
        if m.metric == "attribute_flip_effect" and m.attribute == attribute and not (m.group or m.class_ or m.baseline)
    ]
    return CounterfactualLegs(
        alignment=_alignment(aligned, attribute, limits.relative_change),
        flips=[leg_of(m, f"effect of flipping {attribute} ({m.method})", limits.flip) for m in flipped],
        exact=any(m.method == TWINS for m in flipped),
        evidence=[*aligned, *flipped],
    )


def leg_of(measurement: Measurement | None, name: str, limit: float, rows: Sequence[Measurement] = ()) -> Leg:
    """A measurement as a leg; without an interval where it is not to be relied on.

    What would decide it is what a gate over the same measurement, limit and rows says.
    """
    if measurement is None or measurement.status != "ok":
        reason = measurement.reason if measurement else "it was not measured"
        return Leg(name=name, low=None, high=None, limit=limit, reason=reason)
    low, high = measurement.low, measurement.high
    more = None
    if low is not None and high is not None:
        more = needed(measurement, low, high, Limits(minimum=None, maximum=limit), rows=rows)
    return Leg(name=name, low=low, high=high, limit=limit, n=measurement.n, more=more)


def _about(measurement: Measurement, attribute: str) -> bool:
    """Whether the downstream classifier reads the attribute: the attribute itself, or one of its values."""
    downstream = measurement.attribute or ""
    return downstream == attribute or downstream.startswith(f"{attribute}=")


def _alignment(found: Sequence[Measurement], attribute: str, limit: float) -> list[Leg]:
    """One leg per base classifier: the largest size over the attribute's values, which all must keep to the limit."""
    return [
        _largest([m for m in found if m.class_ == base], attribute, base, limit)
        for base in dict.fromkeys(m.class_ or "" for m in found)
    ]


def _largest(values: Sequence[Measurement], attribute: str, base: str, limit: float) -> Leg:
    name = f"relative change of {attribute} on counterfactuals of {base}, in size,"
    legs = [leg_of(m, name, limit) for m in values]
    known = [size(leg.low, leg.high) for leg in legs if leg.low is not None and leg.high is not None]
    if len(known) < len(legs):
        return next(leg for leg in legs if leg.low is None or leg.high is None)
    low, high = (max(ends) for ends in zip(*known, strict=True))
    return Leg(name=name, low=low, high=high, limit=limit, n=legs[0].n)


def size(low: float, high: float) -> tuple[float, float]:
    """The interval of |θ| when that of θ is low … high.

    >>> size(0.25, 0.5), size(-0.5, -0.25), size(-0.25, 0.5)
    ((0.25, 0.5), (0.25, 0.5), (0.0, 0.5))
    """
    if low > 0:
        return low, high
    return (-high, -low) if high < 0 else (0.0, max(-low, high))
