"""What needs no network loads none: an answer about a file or a table must not wait for torch."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile

import yaml

RUN = """
import json, os, resource, sys
from fairaudit.cli.main import app
for folder, command in json.loads(sys.argv[1]):
    os.chdir(folder)
    sys.argv = ["fairaudit", *command]
    try:
        app()
    except SystemExit as end:
        code = end.code
    used = resource.getrusage(resource.RUSAGE_SELF)
    sys.stdout.write("END " + json.dumps([code, "torch" in sys.modules, used.ru_utime + used.ru_stime]) + "END ")
    sys.stderr.write("END ")
"""

TABLE = "y,p,s,g\n" + "".join(
    f"{i % 2},{(i + i // 7) % 2},{(i * 37 % 100) / 100},{'ab'[i % 3 == 0]}\n" for i in range(120)
)


def outcomes(*commands):
    """Exit code, whether torch is there by then, the process's seconds and the words of (folder, command) in turn."""
    given = json.dumps([(str(folder), command) for folder, command in commands])
    done = subprocess.run([sys.executable, "-c", RUN, given], capture_output=True, text=True, check=False)
    said, told = done.stdout.split("END "), done.stderr.split("END ")
    assert len(told) == len(commands) + 1, done.stderr
    return [(*json.loads(said[2 * n + 1]), told[n] + said[2 * n]) for n in range(len(commands))]


def configured(tmp_path, **changes):
    """A folder with pictures that cannot be read, their manifest, what looks like no model, and a fairaudit.yaml."""
    tmp_path.mkdir()
    (tmp_path / "faces").mkdir()
    rows = [f"faces/{i}.png,{i % 2},{i % 3 % 2}" for i in range(12)]
    for i in range(12):
        (tmp_path / "faces" / f"{i}.png").write_bytes(b"")
    (tmp_path / "data.csv").write_text("\n".join(["file,smile,hat", *rows]) + "\n")
    (tmp_path / "model.pt").write_bytes(b"no model")
    config = {"data": {"manifest": "data.csv", "image": "file", "target": "smile", "attributes": ["hat"]}}
    (tmp_path / "fairaudit.yaml").write_text(yaml.safe_dump({**config, **changes}))
    return tmp_path


def test_a_table_is_audited_rendered_and_explained_without_torch(tmp_path):
    (tmp_path / "t.csv").write_text(TABLE)
    table = ("--predictions", "t.csv", "--truth", "y", "--prediction", "p", "--score", "s", "--attribute", "g")
    commands = (
        ("fairness", *table, "-o", "out", "--format", "md,html"),
        ("render", "out", "--format", "md,html,junit,csv"),
        ("explain", "tpr"),
        ("schema",),
        ("--help",),
    )
    for command, (code, torch, seconds, said) in told_by(commands, lambda _: tmp_path):
        assert (code, torch) == (0, False), (command, said)
        assert seconds < 6  # of all so far, a bound for slow machines: about 1.2 s where torch alone takes 3
    assert (tmp_path / "out" / "report.html").is_file()


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


def test_a_wrong_configuration_is_told_without_torch(tmp_path):
    for command, (code, torch, _, said) in told_by(MODEL_COMMANDS, lambda _: tmp_path):
        assert (code, torch) == (2, False), (command, said)
        assert "fairaudit init" in said, command


def told_by(commands, folder):
    """Every command with its outcome: of one process, since the first that loads torch is the one to blame."""
    return zip(commands, outcomes(*((folder(command), command) for command in commands)), strict=True)


WRONG_VALUES = (
    (("saliency", "model.pt", "--method", "lpr"), 'Did you mean "lrp"?'),
    (("prune", "model.pt", "--method", "lpr"), 'Did you mean "lrp"?'),
    (("mitigate", "model.pt", "--method", "dfr,jtz"), 'Did you mean "jtt"?'),
    (("cf-align", "none.pt", "--generator", "g.pt"), "The model file does not exist"),
    (("cf-rectify", "none.pt", "--generator", "g.pt", "--other", "hat=hat.pt"), "The model file does not exist"),
    (("generator", "train", "--keep", "none.pt"), "The model file does not exist"),
    (("selftest", "none.pt"), "The model file does not exist"),
)


def test_wrong_values_are_told_without_torch(tmp_path):
    folder = configured(tmp_path / "data")
    with zipfile.ZipFile(folder / "model.pt", "w") as archive:  # looks like a model until it is opened
        archive.writestr("model/constants.pkl", b"")
        archive.writestr("model/data.pkl", b"")
    wanted = dict(WRONG_VALUES)
    for command, (code, torch, _, said) in told_by(wanted, lambda _: folder):
        assert (code, torch) == (2, False), (command, said)
        assert wanted[command] in " ".join(said.split()), command


WRONG_FILES = (
    ({}, "other.pt", "The model file does not exist"),
    ({}, "model.pt", "not a model file"),
    ({"data": {"manifest": "none.csv", "image": "file", "target": "smile"}}, "model.pt", "manifest does not exist"),
    ({"data": {"manifest": "data.csv", "image": "file", "target": "smiel"}}, "model.pt", "smile"),
    ({"gates": [{"metric": "equalised_odds_difference", "max": 0.1}]}, "model.pt", "equalized_odds_difference"),
)


def test_wrong_files_are_told_without_torch(tmp_path):
    folders = [configured(tmp_path / str(number), **changes) for number, (changes, _, _) in enumerate(WRONG_FILES)]
    given = [(folder, ("audit", model)) for folder, (_, model, _) in zip(folders, WRONG_FILES, strict=True)]
    for (_, model, told), (code, torch, _, said) in zip(WRONG_FILES, outcomes(*given), strict=True):
        assert (code, torch) == (2, False), (model, told, said)
        assert told in " ".join(said.split())
