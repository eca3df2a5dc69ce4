"""The plan of a run as text: at most 80 columns, small cells hidden, and what could not be judged."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from fairaudit.audits.core.dry_run import RunPlan
from fairaudit.audits.fairness.table import TablePlan
from fairaudit.cli.launch import dry_run
from fairaudit.cli.launch.dry_run import _cells, _gaps, dry_run_of_table, lines, lines_of_table

CELLS = {"hat": {"no": {"0": 1200, "1": None}, "yes": {"0": 3, "1": 4}}}
GAPS = {"hat": {"tpr": 0.1234, "fpr": None}}
PLAN = RunPlan(rows=1207, models=2, cells=CELLS, detectable=GAPS, detectable_alike=None, audits=["fairness", "causal"],
               passes=1, extra_passes={"causal": 3}, seconds=60.0, trial_seconds=0.0, not_judged=["rrf ≤ 1"],
               memory_bytes=3 * 2**20)  # fmt: skip


def test_a_run_in_words():
    text = list(lines(PLAN))
    assert text[0] == "1,207 rows × 2 models, 1 pass; audits: fairness, causal"
    assert "testing the attribution methods" not in text[1]
    assert "Forward passes per image on changed images: causal 3." in text
    assert "3 MiB of memory were needed for the first images." in text
    assert "This command cannot judge the gate rule rrf ≤ 1: inconclusive at best." in text
    assert text[-1] == "Smallest gap found with 80 % power: tpr 0.123, fpr none"
    assert max(map(len, text)) <= 80


def test_a_baseline_trials_and_clusters_are_told():
    text = list(lines(replace(PLAN, baselines=1, trial_seconds=30.0, detectable_alike=GAPS, besides=["writes maps"])))
    assert "3 models (one is the baseline)" in text[0]
    assert "of it for testing the attribution methods" in text[1]
    assert text[-1].startswith("  if every cluster counts once: tpr 0.123")
    assert "writes maps" in text


def test_cells_line_up_and_small_ones_are_hidden():
    head, no, yes = _cells("hat", CELLS["hat"])
    assert head.split() == ["hat", "0", "1"]
    assert no.split() == ["no", "1,200", "<min"]
    assert len(head) == len(no) == len(yes)


def test_many_groups_or_classes_are_one_line():
    many = {f"g{number}": {"0": number, "1": None} for number in range(21)}
    assert list(_cells("hat", many)) == ["hat: 21 groups × 2 target values, smallest cell 0"]
    wide = {"g": {str(number): 5 for number in range(9)}}
    assert list(_cells("hat", wide)) == ["hat: 1 groups × 9 target values, smallest cell 5"]
    assert _gaps("x", {}) == "x: "


@pytest.mark.parametrize("as_json", [True, False])
def test_a_table_as_text_and_as_json(monkeypatch, as_json):
    said = []
    monkeypatch.setattr(dry_run, "emit", said.append)
    plan = TablePlan(rows=9, excluded=1, cells=CELLS, detectable=GAPS, not_judged=["a"])
    assert dry_run_of_table(plan, SimpleNamespace(as_json=as_json)) == 0
    if as_json:
        assert json.loads(said[0])["cells"] == CELLS
    else:
        assert said[0] == "\n".join(lines_of_table(plan)) + "\n"
        assert said[0].startswith("9 rows, and 1 that would be excluded; audits: fairness\n")
