"""What the region metrics are called, which way is better, and what a table of them is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from fairaudit.results.measurement import Better

AUDIT = "roi-metrics"


class Spec(NamedTuple):
    """What is known of a metric before it is measured."""

    better: Better
    """Which way is better."""
    binary: bool = False
    """Every image has 0 or 1, so the interval is Wilson's."""


SPECS: Mapping[str, Spec] = {
    "rrf": Spec("lower"),
    "rrf_lift": Spec("lower"),
    "rrf_lift_absolute": Spec("lower"),
    "rrf_excess": Spec("lower"),
    "high_relevance_fraction": Spec("lower"),
    "inside_outside_ratio": Spec("lower"),
    "pointing_game": Spec("lower", binary=True),
    "rank_accuracy": Spec("lower"),
    "area_share": Spec("none"),
    "signed_share": Spec("none"),
    "rrf_change": Spec("lower"),
    "rrf_lift_change": Spec("lower"),
    "rrf_lift_absolute_change": Spec("lower"),
    "adr": Spec("higher"),
    "dif": Spec("higher"),
    "causal_effect": Spec("none"),
    "causal_effect_control": Spec("none"),
    "causal_positive": Spec("none"),
    "causal_positive_control": Spec("none"),
    "causal_shift": Spec("lower"),
    "causal_shift_control": Spec("none"),
    "causal_excess": Spec("lower"),
    "causal_flip": Spec("lower", binary=True),
    "causal_flip_control": Spec("none"),
    "attribute_flip_effect": Spec("lower"),
    "attribute_flip_effect_change": Spec("lower"),
    "attribute_flip_signed": Spec("none"),
    "attribute_flip_rate": Spec("lower", binary=True),
    "causal_shift_change": Spec("lower"),
    "causal_excess_change": Spec("lower"),
    "causal_flip_change": Spec("lower"),
}
"""Every metric that may be a column; `rrf_excess` is RRF less that of the matched control regions of the same image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a table is about and how certain its intervals are to be."""

    region: str | None = None
    """Region of interest; None where the numbers are about the whole image."""
    audit: str = AUDIT
    """Audit that asks."""
    attribute: str | None = None
    """Attribute that numbers over all groups are about."""
    method: str | None = None
    """Attribution method or, for the causal check, the fill."""
    baseline: str | None = None
    """Name of the baseline model, for columns that compare with it."""
    level: float = 0.95
    """Coverage of intervals."""
    replicates: int = 10_000
    """Bootstrap replicates, cut for many images; see `image_means.BUDGET`."""
    seed: int = 0
    """Seed of every draw."""
    min_cell: int = 0
    """Means over fewer images are suppressed in what is printed."""
    reason: str = "no image here has a defined value"
    """Why a mean is undefined when it is."""
    extra: Mapping[str, float | int | str | bool | None] = field(default_factory=dict)
    """Facts that go with every row, such as the relevance convention."""
