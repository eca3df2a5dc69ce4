"""Names of the metrics of every audit, as the registry has them."""

from fairaudit.audits.core.report.metrics import ALL, CAUSAL, FAIRNESS, REGIONS
from fairaudit.tables.metrics import METRICS, names_of


def test_the_parts_of_the_region_audit_do_not_overlap():
    assert not CAUSAL & REGIONS
    assert "causal_excess" in CAUSAL
    assert "rrf_lift_contrast" in REGIONS


def test_the_audit_measures_known_metrics_and_no_selftest():
    assert set(METRICS) > ALL > FAIRNESS
    assert not names_of("selftest") & ALL
