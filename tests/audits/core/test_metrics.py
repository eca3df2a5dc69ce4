"""Names of the metrics of every audit, as the registry has them."""

from fairaudit.audits.core.metrics import ALL, CAUSAL, DISCOVERY, FAIRNESS, REGIONS, SELFTEST
from fairaudit.tables.metrics import METRICS


def test_the_parts_of_the_region_audit_do_not_overlap():
    assert not CAUSAL & REGIONS
    assert "causal_excess" in CAUSAL
    assert "rrf_lift_contrast" in REGIONS
    assert DISCOVERY < REGIONS


def test_the_audit_measures_known_metrics_and_no_selftest():
    assert set(METRICS) > ALL > FAIRNESS
    assert not SELFTEST & ALL
