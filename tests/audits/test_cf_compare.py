from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from fairaudit.audits.cf_compare import comparison
from fairaudit.results.measurement import Measurement


def _report(name: str, value: float | None, auc: float | None, *, unusable: bool = False) -> Any:
    status: Any = "undefined" if value is None else "unusable" if unusable else "ok"
    pair = Measurement(
        audit="cf-align",
        metric="relative_change",
        class_="smiling",
        attribute="neck|tie",
        value=value,
        status=status,
        reason=None if status == "ok" else "why",
        low=None if value is None else value - 0.1,
        high=None if value is None else value + 0.1,
        n=12,
    )
    itself = pair.model_copy(update={"attribute": "smiling", "value": 1.0})
    base = Measurement(audit="cf-align", metric="base_change", class_="smiling", value=0.6, extra={"auc": auc})
    return SimpleNamespace(measurements=[base, itself, pair], models=[SimpleNamespace(name=name)])


def test_a_line_per_model_under_each_pair() -> None:
    text = comparison(
        [_report("a.pt", 0.5, 0.9), _report("b.pt", None, None), _report("c.pt", 0.25, 1.0, unusable=True)]
    )
    lines = text.splitlines()
    assert len(lines) == 5
    assert lines[2] == "| smiling | neck\\|tie | a.pt | +0.500 | +0.400 … +0.600 | 12 | 0.900 |"
    assert "| b.pt | undefined |  | 12 |  |" in lines[3]
    assert "+0.250 (unusable)" in lines[4]
