"""The subject of a table of per-image numbers, and the certainty of its intervals."""

from __future__ import annotations

from dataclasses import dataclass, field

from fairaudit.tables.row import Extra, Subject
from fairaudit.tables.statistics import Statistics

AUDIT = "roi-metrics"


BINARY = frozenset(["pointing_game", "causal_flip", "attribute_flip_rate"])
"""Metrics that are 0 or 1 for every image, so that the interval of their mean is Wilson's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSpec:
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
    statistics: Statistics = field(default_factory=Statistics)
    """How certain intervals are to be."""
    reason: str = "no image here has a defined value"
    """Why a mean is undefined when it is."""
    extra: Extra = field(default_factory=dict)
    """Facts that go with every row, such as the relevance convention."""

    def about(
        self, metric: str, *, attribute: str | None = None, group: str | None = None, class_: str | None = None
    ) -> Subject:
        """What a number of this table is about."""
        return Subject(
            audit=self.audit,
            metric=metric,
            attribute=attribute or self.attribute,
            group=group,
            class_=class_,
            region=self.region,
            method=self.method,
            baseline=self.baseline,
        )
