"""What needs no network loads none: an answer about a file or a table must not wait for torch."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile

import pytest
import yaml

RUN = """
import json, resource, sys
sys.argv = ["fairaudit", *json.loads(sys.argv[1])]
from fairaudit.cli.main import app
try:
    app()
except SystemExit as end:
    code = end.code
used = resource.getrusage(resource.RUSAGE_SELF)
print("END", json.dumps([code, "torch" in sys.modules, used.ru_utime + used.ru_stime]))
"""

TABLE = "y,p,s,g\n" + "".join(
    f"{i % 2},{(i + i // 7) % 2},{(i * 37 % 100) / 100},{'ab'[i % 3 == 0]}\n" for i in range(120)
)


@pytest.fixture
def run(tmp_path):
    def go(*command):
        done = subprocess.run(
            [sys.executable, "-c", RUN, json.dumps(command)], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert "END" in done.stdout, done.stderr
        code, torch, seconds = json.loads(done.stdout.rsplit("END", 1)[1])
        return code, torch, seconds, done.stderr + done.stdout

    return go


@pytest.fixture
def configured(tmp_path):
    (tmp_path / "faces").mkdir()
    rows = [f"faces/{i}.png,{i % 2},{i % 3 % 2}" for i in range(12)]
    for i in range(12):
        (tmp_path / "faces" / f"{i}.png").write_bytes(b"")
    (tmp_path / "data.csv").write_text("\n".join(["file,smile,hat", *rows]) + "\n")
    (tmp_path / "model.pt").write_bytes(b"no model")
    config = {"data": {"manifest": "data.csv", "image": "file", "target": "smile", "attributes": ["hat"]}}

    def write(**changes):
        (tmp_path / "fairaudit.yaml").write_text(yaml.safe_dump({**config, **changes}))
        return tmp_path

    write()
    return write


def test_a_table_is_audited_rendered_and_explained_without_torch(run, tmp_path):
    (tmp_path / "t.csv").write_text(TABLE)
    table = ("--predictions", "t.csv", "--truth", "y", "--prediction", "p", "--score", "s", "--attribute", "g")
    code, torch, _, said = run("fairness", *table, "-o", "out", "--format", "md,html")
    assert (code, torch) == (0, False), said
    assert (tmp_path / "out" / "report.html").is_file()
    for command in (("render", "out", "--format", "md,html,junit,csv"), ("explain", "tpr"), ("schema",), ("--help",)):
        code, torch, seconds, said = run(*command)
        assert (code, torch) == (0, False), said
        assert seconds < 6  # a bound for slow machines: about 0.6 s where torch alone takes 3


MODEL_COMMANDS = (
    ("audit", "model.pt"),
    ("fairness", "model.pt"),
    ("saliency", "model.pt"),
    ("roi-metrics", "model.pt"),
    ("cf-align", "model.pt", "--generator", "g.pt"),
    ("cf-rectify", "model.pt", "--generator", "g.pt", "--other", "hat=hat.pt"),
    ("mitigate", "model.pt"),
    ("prune", "model.pt"),
    ("selftest", "model.pt"),
    ("generator", "train"),
    ("generator", "info", "g.pt", "--model", "model.pt"),
)


@pytest.mark.parametrize("command", MODEL_COMMANDS, ids=" ".join)
def test_a_wrong_configuration_is_told_without_torch(run, command):
    code, torch, _, said = run(*command)
    assert (code, torch) == (2, False), said
    assert "fairaudit init" in said


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("saliency", "model.pt", "--method", "lpr"), 'Did you mean "lrp"?'),
        (("prune", "model.pt", "--method", "lpr"), 'Did you mean "lrp"?'),
        (("mitigate", "model.pt", "--method", "dfr,jtz"), 'Did you mean "jtt"?'),
        (("cf-align", "none.pt", "--generator", "g.pt"), "There is no such model file"),
        (("cf-rectify", "none.pt", "--generator", "g.pt", "--other", "hat=hat.pt"), "There is no such model file"),
        (("generator", "train", "--keep", "none.pt"), "There is no such model file"),
        (("selftest", "none.pt"), "There is no such model file"),
    ],
)
def test_wrong_values_are_told_without_torch(run, configured, command, told):
    with zipfile.ZipFile(configured() / "model.pt", "w") as archive:  # looks like a model until it is opened
        archive.writestr("model/constants.pkl", b"")
        archive.writestr("model/data.pkl", b"")
    code, torch, _, said = run(*command)
    assert (code, torch) == (2, False), said
    assert told in " ".join(said.split())


@pytest.mark.parametrize(
    ("changes", "model", "told"),
    [
        ({}, "other.pt", "There is no such model file"),
        ({}, "model.pt", "not a model file"),
        ({"data": {"manifest": "none.csv", "image": "file", "target": "smile"}}, "model.pt", "manifest does not exist"),
        ({"data": {"manifest": "data.csv", "image": "file", "target": "smiel"}}, "model.pt", "smile"),
        ({"gates": [{"metric": "equalised_odds_difference", "max": 0.1}]}, "model.pt", "equalized_odds_difference"),
    ],
)
def test_wrong_files_are_told_without_torch(run, configured, changes, model, told):
    configured(**changes)
    code, torch, _, said = run("audit", model)
    assert (code, torch) == (2, False)
    assert told in " ".join(said.split())
