"""Many models from the command line: a closing table, a page over all, and the gate's worst exit code."""

from __future__ import annotations

import csv
import json

import pytest
import torch

GATE = [{"metric": "equalized_odds_difference", "attribute": "group", "max": 1e-9}]
NOISY = 3


@pytest.fixture
def zoo(lab):
    """Copies of a network with noise, and a file that is no model."""
    folder = lab.folder / "zoo"
    folder.mkdir()
    for number in range(NOISY):
        network, draw = lab.network(), torch.Generator().manual_seed(number)
        with torch.no_grad():
            for weights in network.parameters():
                weights += 0.01 * torch.randn(weights.shape, generator=draw)
        lab.save(network, f"zoo/m{number}.pt")
    (folder / "broken.pt").write_bytes(b"no model")
    return lab


def rows_of(lab, folder="out"):
    return json.loads((lab.folder / folder / "summary.json").read_text(encoding="utf-8"))["models"]


def test_a_folder_ends_with_one_table_the_worst_code_and_a_page(zoo):
    zoo.configure(gates=GATE)
    done = zoo.run("fairness", "zoo", "-o", "out", quiet=False)
    rows = rows_of(zoo)
    assert done.code == max(row["exit_code"] for row in rows if row["gate"] != "not audited")
    assert done.code in (3, 4)
    lines = done.out.splitlines()
    assert lines[0].startswith(f"{NOISY + 1} models, worst first: ")
    assert [line.split()[0] for line in lines[2:]] == [row["model"] for row in rows]
    assert max(map(len, lines)) <= 80
    assert "Model 4 of 4: " in done.err
    assert done.err.rstrip().endswith("All models: out/index.html")
    with (zoo.folder / "out" / "summary.csv").open(encoding="utf-8", newline="") as file:
        assert [line["model"] for line in csv.DictReader(file)] == [row["model"] for row in rows]
    page = (zoo.folder / "out" / "index.html").read_text(encoding="utf-8")
    for row in rows:
        assert (f'href="{row["model"]}/report.html"' in page) == (row["gate"] != "not audited")
        if row["report"]:
            assert (zoo.folder / "out" / row["report"]).is_file()


def test_a_broken_model_is_a_row_and_no_pass(zoo):
    done = zoo.run("fairness", "zoo/m[01].pt", "zoo/broken.pt", "-o", "out", "--fail-on", "never", "--format", "md")
    assert done.code == 2
    (broken,) = (row for row in rows_of(zoo) if row["gate"] == "not audited")
    assert broken["model"] == "broken"
    assert "broken.pt" in broken["worst_rule"]


def test_a_whole_audit_of_a_folder_goes_on_past_a_broken_model(zoo):
    zoo.configure(gates=GATE)
    done = zoo.run("audit", "zoo/m0.pt", "zoo/broken.pt", "--roi", "patch", "--method", "gradient", "-o", "out")
    audited, broken = rows_of(zoo)
    assert (audited["model"], broken["model"], broken["gate"]) == ("m0", "broken", "not audited")
    assert done.code == audited["exit_code"]
    report = json.loads((zoo.folder / "out" / audited["report"]).with_suffix(".json").read_text(encoding="utf-8"))
    assert {row["audit"] for row in report["measurements"]} >= {"fairness", "roi-metrics"}
    assert (zoo.folder / "out" / "index.html").is_file()


def test_models_of_one_name_in_several_folders(lab):
    for name in ("one", "two"):
        (lab.folder / name).mkdir()
        lab.save(lab.network(), f"{name}/model.pt")
    lab.run("fairness", "*/model.pt", "-o", "out", "--format", "md")
    assert sorted(row["model"] for row in rows_of(lab)) == ["one-model", "two-model"]


def test_a_report_of_a_zoo_is_that_of_the_model_alone(zoo):
    zoo.run("fairness", "zoo/m[12].pt", "-o", "out", "--format", "md")
    zoo.run("fairness", "zoo/m1.pt", "-o", "alone", "--format", "md")
    many, alone = (json.loads((zoo.folder / path / "report.json").read_text()) for path in ("out/m1", "alone"))
    assert {**many, "run": None} == {**alone, "run": None}


def test_verbose_shows_every_report_and_all_models(zoo):
    done = zoo.run("fairness", "zoo/m0.pt", "zoo/m1.pt", "-o", "out", "-v", "--format", "md")
    assert done.out.count("equalized_odds_difference") >= 2
    assert "2 models, worst first" in done.out


def test_the_same_command_again_audits_only_what_is_not_done(zoo, monkeypatch):
    from fairaudit.audits.core.run import Session

    audited, real = [], Session.outcome

    def counted(self, name, *given, **named):
        audited.append(name)
        return real(self, name, *given, **named)

    monkeypatch.setattr(Session, "outcome", counted)
    command = ("fairness", "zoo", "-o", "out", "--format", "csv")
    first = zoo.run(*command)
    summary = (zoo.folder / "out" / "summary.json").read_bytes()
    assert sorted(audited) == ["broken", "m0", "m1", "m2"]
    (zoo.folder / "out" / "m1" / "report.json").unlink()
    audited.clear()
    again = zoo.run(*command, quiet=False)
    assert sorted(audited) == ["broken", "m1"]
    assert "2 of 4 models were finished by an earlier run." in again.err
    assert (zoo.folder / "out" / "summary.json").read_bytes() == summary
    assert (again.code, again.out) == (first.code, first.out)
    audited.clear()
    zoo.run(*command, "--fresh")
    assert len(audited) == NOISY + 1


@pytest.mark.parametrize("name", ["index.html", "summary.md", "summary.csv", "summary.json"])
def test_a_page_of_somebody_else_is_not_written_over(zoo, name):
    (zoo.folder / name).write_text("# Summary\n\nmine", encoding="utf-8")
    zoo.run("fairness", "zoo/m*.pt", "-o", ".").refused("fairaudit did not write", name, "-o")
    assert (zoo.folder / name).read_text(encoding="utf-8") == "# Summary\n\nmine"
    assert not (zoo.folder / "m0").exists()


def test_a_report_of_somebody_else_is_not_written_over(zoo):
    (zoo.folder / "report.html").write_text("<h1>Our fairaudit</h1>", encoding="utf-8")
    zoo.run("fairness", "zoo/m0.pt", "-o", ".").refused("fairaudit did not write", "report.html", "-o")
    assert (zoo.folder / "report.html").read_text(encoding="utf-8") == "<h1>Our fairaudit</h1>"
    assert not (zoo.folder / "report.json").exists()
