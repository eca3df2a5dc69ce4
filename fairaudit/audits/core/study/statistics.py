"""The options of intervals and tests as the configuration has them."""

from __future__ import annotations

from fairaudit.config.schema import AuditConfig
from fairaudit.tables.statistics import Statistics


def statistics_of(audit: AuditConfig, *, seed: int) -> Statistics:
    """Level, replicates and smallest cell of the configuration, and the seed of the run.

    >>> statistics_of(AuditConfig(level=0.9, min_cell=5), seed=3)
    Statistics(level=0.9, replicates=10000, seed=3, min_cell=5)
    """
    return Statistics(level=audit.level, replicates=audit.replicates, seed=seed, min_cell=audit.min_cell)
