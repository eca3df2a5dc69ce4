"""Findings made before the stream: passed on as they are."""

from fairaudit.audits.core.stream.audit import Findings
from fairaudit.audits.core.stream.found import FoundBefore


def test_findings_come_back_and_no_image_is_looked_at():
    findings = Findings(notes=["one"])
    audit = FoundBefore(name="prune", findings=findings)
    assert audit.measure(None) is findings
    assert audit.settings() == {}
    part = audit.map(None)
    assert not part.columns
    assert not part.sums
