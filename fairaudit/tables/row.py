"""The one writer of rows: what a number is about, its estimate, and the measurement made of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from fairaudit.results.measurement import Measurement, Status, finite
from fairaudit.tables.metrics import metric as entry_of

Extra = Mapping[str, float | int | str | bool | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What one number is about; together the fields are its id."""

    audit: str
    """Audit that measures it, such as fairness or roi-metrics."""
    metric: str
    """A name of the registry (`fairaudit.tables.metrics`)."""
    attribute: str | None = None
    """Protected attribute or intersection of several."""
    group: str | None = None
    """One value of the attribute; None for a number over all groups."""
    class_: str | None = None
    """One target value; None for a number over all of them."""
    region: str | None = None
    """Region of interest; None where the number is about the whole image."""
    method: str | None = None
    """Attribution method, fill, or model variant."""
    baseline: str | None = None
    """Model or report that the number compares with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A number as it was estimated, before it is known whether it may be reported; NaN and None both mean missing."""

    value: float | None
    """Point estimate."""
    low: float | None = np.nan
    """Lower end of the interval."""
    high: float | None = np.nan
    """Upper end of the interval."""
    interval: str | None = None
    """How the interval was made, such as wilson or bootstrap; left out of the row where there is none."""
    unit: str | None = None
    """What was resampled, shown beside an interval."""
    counted: str | None = None
    """What `n` counts where that is to be told without an interval too, such as pair."""
    n: float | None = np.nan
    """Images, or other units, behind the number."""
    numerator: float | None = np.nan
    """Numerator of a rate."""
    denominator: float | None = np.nan
    """Denominator of a rate."""
    corrected: float | None = np.nan
    """Value less what chance alone gives."""
    p_value: float | None = np.nan
    """p value against nothing to find."""
    chance: float | None = np.nan
    """Value where there is nothing to find."""
    missing: str = ""
    """Why there is no value, if there is none."""
    hidden: str | None = None
    """Why the value must not be printed, such as too few images; then no value, interval or p value is."""
    unusable: str | None = None
    """Why the value must not be relied on."""
    extra: Extra = field(default_factory=dict)
    """Further facts of this metric alone."""


def row(subject: Subject, estimate: Estimate, *, level: float | None = None) -> Measurement:
    """The measurement: status and reason follow from the estimate, the better direction from the registry.

    Without a value the status is undefined; an interval of an undefined value stays, because what is known still
    bounds it. Level, kind and unit of an interval are there only with one. An interval ends where the metric's range
    does: a bootstrap moved out for a long tail would reach below a share of 0.

    Args:
        subject: what the number is about.
        estimate: the number.
        level: coverage that the interval aims at.

    Raises:
        LookupError: the registry has no such metric.
        ValueError: there is neither a value nor a reason.

    >>> subject = Subject(audit="fairness", metric="tpr", attribute="hat", group="yes")
    >>> row(subject, Estimate(value=np.nan, missing="no positives")).status
    'undefined'
    >>> found = row(subject, Estimate(value=0.5, low=0.4, high=0.6, interval="wilson", n=90), level=0.95)
    >>> found.id, found.better, found.level
    ('fairness/tpr/attribute=hat/group=yes', 'higher', 0.95)
    """
    shown = estimate.hidden is None
    value = finite(estimate.value) if shown else None
    low, high = _ends(subject.metric, estimate) if shown else (None, None)
    interval = estimate.interval if low is not None else None
    status, reason = _standing(estimate, value)
    return Measurement.model_validate(
        {
            "audit": subject.audit,
            "metric": subject.metric,
            "attribute": subject.attribute,
            "group": subject.group,
            "class": subject.class_,
            "region": subject.region,
            "method": subject.method,
            "baseline": subject.baseline,
            "value": value,
            "status": status,
            "reason": reason,
            "low": low,
            "high": high,
            "level": level if interval else None,
            "interval": interval,
            "unit": estimate.counted or (estimate.unit if interval else None),
            "n": _whole(estimate.n),
            "numerator": finite(estimate.numerator) if shown else None,
            "denominator": finite(estimate.denominator) if shown else None,
            "corrected": finite(estimate.corrected) if shown else None,
            "p_value": finite(estimate.p_value) if shown else None,
            "chance": finite(estimate.chance),
            "better": entry_of(subject.metric).better,
            "extra": dict(estimate.extra),
        }
    )


def renamed(measurement: Measurement, **subject: str | None) -> Measurement:
    """The same number under another subject: fields of `Subject` to change; the id and the direction follow.

    >>> own = row(Subject(audit="fairness", metric="unbiased_accuracy", attribute="hat"), Estimate(value=0.9))
    >>> renamed(own, audit="prune", metric="leg_accuracy", method="pruned").id
    'prune/leg_accuracy/attribute=hat/method=pruned'
    """
    known = measurement.model_dump(by_alias=True, exclude={"id"})
    changed = {name.rstrip("_"): value for name, value in subject.items()}
    return Measurement.model_validate(
        {**known, **changed, "better": entry_of(str({**known, **changed}["metric"])).better}
    )


def unusable(measurement: Measurement, reason: str | None) -> Measurement:
    """The measurement as one that must not be relied on, where it has a value and there is a reason.

    >>> own = row(Subject(audit="saliency", metric="stability", method="lrp"), Estimate(value=0.9))
    >>> unusable(own, "its maps survive a forgotten model").status, unusable(own, None).status
    ('unusable', 'ok')
    """
    if reason is None or measurement.status != "ok":
        return measurement
    return measurement.model_copy(update={"status": "unusable", "reason": reason})


def _ends(metric: str, estimate: Estimate) -> tuple[float | None, float | None]:
    low, high = finite(estimate.low), finite(estimate.high)
    values = entry_of(metric).range
    return None if low is None else max(low, values.low), None if high is None else min(high, values.high)


def _standing(estimate: Estimate, value: float | None) -> tuple[Status, str | None]:
    if estimate.hidden is not None:
        return "suppressed", estimate.hidden
    if value is None:
        return "undefined", estimate.missing
    return ("ok", None) if estimate.unusable is None else ("unusable", estimate.unusable)


def _whole(number: float | None) -> int | None:
    value = finite(number)
    return None if value is None else round(value)
