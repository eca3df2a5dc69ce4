"""The configuration's options of intervals."""

from fairaudit.audits.core.study.statistics import statistics_of
from fairaudit.config.schema import AuditConfig


def test_the_options_are_those_of_the_configuration_and_the_seed_that_of_the_run():
    found = statistics_of(AuditConfig(level=0.9, replicates=500, min_cell=7), seed=3)
    assert (found.level, found.replicates, found.min_cell, found.seed) == (0.9, 500, 7, 3)
