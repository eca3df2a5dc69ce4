"""Two models on the same pictures, compared from their reports alone; the paired audit of both is the oracle."""

import json
import shutil
import sqlite3

import pytest
import torch

SCORES = ("auc", "brier", "ece", "soft", "average")
"""First words of metrics that need scores, which a run store does not hold."""


@pytest.fixture(scope="module")
def audited(make_lab, tmp_path_factory):
    """A lab with two models of other decisions, audited one by one, and together."""
    lab = make_lab(tmp_path_factory.mktemp("compare"), 60)
    other = lab.network()
    with torch.no_grad():
        other[0].weight[:2] *= -0.5
    lab.save(other, "other.pt")
    for name, folder in (("model.pt", "old"), ("other.pt", "new")):
        assert lab.run("fairness", name, "-o", folder, "--format", "md").code in (0, 4)
    rows = [f"{n % 2},{n % 2},{1 - n % 2},{'ab'[n // 2 % 2]}" for n in range(60)]
    (lab.folder / "table.csv").write_text("\n".join(["y,right,wrong,group", *rows]) + "\n", encoding="utf-8")
    for name in ("right", "wrong"):
        columns = ("--truth", "y", "--prediction", name, "--attribute", "group")
        ran = lab.run("fairness", "--predictions", "table.csv", *columns, "-o", name, "--format", "md")
        assert ran.code in (0, 4), ran.err
    assert lab.run("fairness", "other.pt", "--baseline", "model.pt", "-o", "both", "--format", "md").code in (0, 4)
    return lab


def changes(ran):
    (found,) = json.loads(ran.out)["comparisons"]
    return {(c["metric"], c["about"]): c for c in found["changes"]}


def test_paired_changes_are_those_of_an_audit_of_both_models(audited):
    found = changes(audited.run("compare", "old", "new", "--json", quiet=False))
    report = json.loads((audited.folder / "both" / "report.json").read_text(encoding="utf-8"))
    own = [m for m in report["measurements"] if m["metric"].endswith("_change") and m["low"] is not None]
    measured = [m for m in own if m["metric"].split("_")[0] not in SCORES]
    assert len(measured) > 5
    for m in measured:
        about = [f"{name} {m[name]}" for name in ("attribute", "group", "class") if m[name] is not None]
        change = found[m["metric"].removesuffix("_change"), ", ".join(about)]
        assert change["paired"]
        assert (change["change"], change["low"], change["high"]) == pytest.approx((m["value"], m["low"], m["high"]))


def test_the_run_with_a_baseline_shows_the_same_table(audited):
    printed = audited.run("fairness", "other.pt", "--baseline", "model.pt", "-o", "both", "--format", "md").out
    assert "other.pt against model.pt on faces.csv" in printed, printed
    text = (audited.folder / "both" / "report.md").read_text(encoding="utf-8")
    assert "| metric | baseline | candidate | change |" in text


def test_without_a_store_intervals_come_from_the_reports_and_it_is_said(audited, tmp_path):
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "report.json").write_bytes((audited.folder / name / "report.json").read_bytes())
    ran = audited.run("compare", str(tmp_path / "old"), str(tmp_path / "new"), quiet=False)
    assert "come from the two reports without their images" in ran.out
    assert "paired:" not in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80
    assert "are paired: both models on the same images." in audited.run("compare", "old", "new", quiet=False).out


def test_a_store_of_other_decisions_is_not_believed(audited, tmp_path):
    folders = [str(tmp_path / name) for name in ("old", "new")]
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "report.json").write_bytes((audited.folder / name / "report.json").read_bytes())
    shutil.copytree(audited.folder / ".fairaudit", tmp_path / ".fairaudit")
    assert any(c["paired"] for c in changes(audited.run("compare", *folders, "--json", quiet=False)).values())
    with sqlite3.connect(tmp_path / ".fairaudit" / "new" / "run.sqlite") as store:
        store.execute("UPDATE array SET content = zeroblob(length(content)) WHERE part = 'decided'")
    ran = audited.run("compare", *folders, "--json", quiet=False)
    assert not any(change["paired"] for change in changes(ran).values())


def test_a_regression_decides_the_exit_code(audited):
    assert audited.run("compare", "wrong", "right", "--regression", "unbiased_accuracy=0.1", quiet=False).code == 0
    worse = audited.run("compare", "right", "wrong", "--regression", "unbiased_accuracy=0.1", quiet=False)
    assert worse.code == 3
    assert "FAIL unbiased_accuracy worse than the baseline by at most 0.1" in worse.out
    assert audited.run("compare", "old", "new", "--regression", "rrf_lift=0.1", quiet=False).code == 4  # not measured


def test_rules_of_the_configuration_are_judged(audited):
    audited.configure(gates=[{"regression": "unbiased_accuracy", "max": 0.1}, {"metric": "tpr", "min": 2}])
    ran = audited.run("compare", "right", "wrong", "--config", "fairaudit.yaml", quiet=False)
    audited.configure(gates=[])
    assert ran.code == 3
    assert "tpr at least 2" not in ran.out


def test_three_reports_are_two_comparisons_and_files(audited):
    ran = audited.run("compare", "old", "new", "old", "-o", "compared", quiet=False)
    assert ran.code == 0
    stored = json.loads((audited.folder / "compared" / "compare.json").read_text(encoding="utf-8"))
    assert [c["candidate"] for c in stored["comparisons"]] == ["other.pt", "model.pt"]
    assert (
        (audited.folder / "compared" / "compare.md")
        .read_text(encoding="utf-8")
        .startswith("## other.pt against model.pt")
    )
    page = (audited.folder / "compared" / "compare.html").read_text(encoding="utf-8")
    assert page.count("<table>") == 2


def test_other_data_are_refused(audited, tmp_path):
    report = json.loads((audited.folder / "new" / "report.json").read_text(encoding="utf-8"))
    report["data"]["digest"] = "e" * 64
    (tmp_path / "report.json").write_text(json.dumps(report), encoding="utf-8")
    audited.run("compare", "old", str(tmp_path), quiet=False).refused("about other data", "Audit both models")


def test_one_report_is_refused(audited):
    audited.run("compare", "old", quiet=False).refused("nothing to compare it with")


def test_a_rule_that_cannot_be_read_is_refused(audited):
    audited.run("compare", "old", "new", "--regression", "tpr", quiet=False).refused("METRIC=MAX")
    audited.run("compare", "old", "new", "--regression", "trp=1", quiet=False).refused("Did you mean")
