from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from fairaudit.audits.alignment.compare import ComparedModel, Single, as_markdown, as_text, compare, lines_of, paired
from fairaudit.results.measurement import Measurement


def _report(
    name: str,
    value: float | None,
    auc: float | None,
    *,
    unusable: bool = False,
    balanced: float | None = None,
    conflicting: float | None = None,
) -> Any:
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
        extra={"balanced_auc": balanced, "conflicting_auc": conflicting},
    )
    itself = pair.model_copy(update={"attribute": "smiling", "value": 1.0})
    base = Measurement(audit="cf-align", metric="base_change", class_="smiling", value=0.6, extra={"auc": auc})
    return SimpleNamespace(measurements=[base, itself, pair], models=[SimpleNamespace(name=name)])


REPORTS = [
    _report("a.pt", 0.5, 0.9, balanced=0.8, conflicting=0.516),
    _report("b.pt", None, None),
    _report("a-long-name-of-a-model.pt", 0.25, 1.0, unusable=True),
    _report("d.pt", 0.25, 1.0),
]
SINGLES = {
    "a.pt": {("smiling", "neck|tie"): Single(rows=np.array([3, 5, 9]), values=np.array([0.5, 0.75, 0.25]))},
    "d.pt": {("smiling", "neck|tie"): Single(rows=np.array([5, 9, 11]), values=np.array([0.25, 0.25, 9.0]))},
}


def test_a_line_per_model_under_each_pair_and_differences_over_shared_images() -> None:
    lines = list(lines_of(REPORTS, SINGLES))
    assert [line.model for line in lines] == ["a.pt", "b.pt", "a-long-name-of-a-model.pt", "d.pt"]
    assert [line.balanced for line in lines] == [True, False, False, False]
    assert (lines[0].auc, lines[3].auc) == (0.8, 1.0)
    assert [line.difference for line in lines[:3]] == [None, None, None]
    assert lines[3].difference == pytest.approx(((0.25 - 0.75) + (0.25 - 0.25)) / 2)  # rows 5 and 9
    assert lines[3].shared == 2


def test_the_table_is_80_columns_wide_and_the_markdown_is_escaped() -> None:
    lines = list(lines_of(REPORTS, SINGLES))
    text = as_text(lines)
    assert max(map(len, text.splitlines())) <= 80
    assert "a-long-name-of…" in text
    assert "b.pt                none" in text
    assert "+0.250!" in text
    assert "  a.pt: AUC of conflicting images 0.516" in text
    assert "| 0.800 | 0.516 |" in as_markdown(lines)
    assert [line.conflicting_auc for line in lines] == [0.516, None, None, None]
    assert "  b.pt: why" in text
    table = as_markdown(lines).splitlines()
    assert table[2] == "| smiling | neck\\|tie | a.pt | +0.500 | \\[+0.400, +0.600\\] | 12 | 0.800 | 0.516 |  |  |"
    assert len({row.replace("\\|", "").count("|") for row in table}) == 1


def test_a_paired_interval_covers_what_a_t_interval_covers() -> None:
    draws = np.random.default_rng(3)
    shared = draws.normal(size=400)
    rows = np.arange(400)
    first = Single(rows=rows, values=shared)
    other = Single(rows=rows[::-1].copy(), values=(shared + 0.2 + draws.normal(scale=0.1, size=400))[::-1].copy())
    mean, low, high, count = paired(first, other, level=0.95, seed=0)
    change = other.values[::-1] - first.values
    expected = stats.t.interval(0.95, 399, change.mean(), change.std(ddof=1) / 20)
    assert count == 400
    assert mean == pytest.approx(change.mean())
    np.testing.assert_allclose([low, high], expected, atol=0.002)  # unpaired it would be ±0.14
    nothing = paired(first, Single(rows=np.array([900]), values=np.ones(1)), level=0.95, seed=0)
    assert np.isnan(nothing[:3]).all()
    assert nothing[3] == 0


def test_files_are_written(tmp_path: Path) -> None:
    models = [ComparedModel(model=report.models[0].name, report=report) for report in REPORTS]
    compare(models, tmp_path, SINGLES, level=0.95, seed=0)
    found = json.loads((tmp_path / "alignment.json").read_text())
    assert [line["model"] for line in found["lines"]] == [report.models[0].name for report in REPORTS]
    assert (tmp_path / "alignment.md").read_text().startswith("| base | downstream |")


def test_nothing_is_held_against_a_first_model_that_is_no_evidence_or_not_there() -> None:
    fine, unusable = REPORTS[3], _report("a.pt", 0.5, 0.9, unusable=True)
    for first in (unusable, None):
        lines = list(lines_of([first, fine], SINGLES))
        assert lines[-1].model == "d.pt"
        assert all(line.difference is None for line in lines)


def test_models_that_could_not_be_audited_are_named_in_both_files(tmp_path: Path) -> None:
    gone = ComparedModel(model="g|one.pt", reason="The model file does not exist.")
    lines = compare([gone, ComparedModel(model="d.pt", report=REPORTS[3])], tmp_path, SINGLES, level=0.95, seed=0)
    assert [(line.model, line.difference) for line in lines] == [("d.pt", None)]
    assert "g\\|one.pt: not audited. The model file does not exist" in (tmp_path / "alignment.md").read_text()
    found = json.loads((tmp_path / "alignment.json").read_text())
    assert found["not_audited"] == [{"model": "g|one.pt", "reason": "The model file does not exist."}]
