"""One measurement: a number with its uncertainty, or the reason why there is none."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Status = Literal["ok", "undefined", "unusable", "suppressed"]
Better = Literal["lower", "higher", "none"]


class Measurement(BaseModel):
    """One number of a report, flat so that gates, diffs, tables and plots need no special cases."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True, use_attribute_docstrings=True
    )

    id: str = ""
    """Stable name made of the fields below that are set; unique within a report."""
    audit: str
    """Which audit made it: fairness, saliency, roi-metrics, cf-align, prune or selftest."""
    metric: str
    """Name that gates rely on, such as equalized_odds_difference or rrf_lift."""
    attribute: str | None = None
    """Protected attribute, or several joined by ' & ' for an intersection."""
    group: str | None = None
    """One value of the attribute (values joined by ' & ' for an intersection); null for a figure over all groups."""
    class_: str | None = Field(default=None, alias="class")
    """Target value the number is about, one against the rest; null for a figure over all classes."""
    region: str | None = None
    """Region of interest the number is about."""
    method: str | None = None
    """Attribution method, or the estimator where there are several."""
    baseline: str | None = None
    """Name of the baseline model the number compares with."""
    value: float | None
    """Point estimate; null when undefined."""
    status: Status = "ok"
    """ok, undefined (no such number), unusable (not to be relied on) or suppressed (cell too small to print)."""
    reason: str | None = None
    """Why the value is missing or must not be used; never empty unless the status is ok."""
    low: float | None = None
    """Lower end of the interval."""
    high: float | None = None
    """Upper end of the interval."""
    level: float | None = None
    """Coverage that the interval aims at, such as 0.95."""
    interval: str | None = None
    """How the interval was made: wilson, bootstrap, cluster-bootstrap, t, …"""
    unit: str | None = None
    """What was resampled or counted: image, pair or cluster."""
    n: int | None = None
    """Images behind the number."""
    numerator: float | None = None
    """Numerator of a rate."""
    denominator: float | None = None
    """Denominator of a rate."""
    corrected: float | None = None
    """Value less its expectation under no disparity, for statistics that are biased upwards; never below 0."""
    p_value: float | None = None
    """p value against no disparity, no reliance or no change, as the metric's documentation says."""
    chance: float | None = None
    """What the metric is when there is nothing to find."""
    better: Better = "none"
    """Which way is better."""
    extra: dict[str, float | int | str | bool | None] = Field(default_factory=dict)
    """Further facts of this metric alone."""

    def model_post_init(self, _context: object) -> None:
        """Give the measurement its id and refuse a missing value without a reason."""
        if self.value is None and self.status == "ok":
            raise ValueError(f"{self.metric}: a value of null needs a status and a reason")
        if self.status != "ok" and not self.reason:
            raise ValueError(f"{self.metric}: status {self.status} needs a reason")
        if not self.id:
            object.__setattr__(self, "id", identity(self))


def identity(measurement: Measurement) -> str:
    """The id of a measurement: `audit/metric` and every qualifying field that is set, as `field=value`."""
    fields = (
        ("attribute", measurement.attribute),
        ("group", measurement.group),
        ("class", measurement.class_),
        ("region", measurement.region),
        ("method", measurement.method),
        ("baseline", measurement.baseline),
    )
    qualifiers = [f"{name}={value}" for name, value in fields if value is not None]
    return "/".join([measurement.audit, measurement.metric, *qualifiers])


def finite(value: float | None) -> float | None:
    """The value as a Python float, None for None, NaN or infinity.

    >>> finite(float("nan")) is None, finite(0.5)
    (True, 0.5)
    """
    if value is None:
        return None
    number = float(value)
    return number if math.isfinite(number) else None
