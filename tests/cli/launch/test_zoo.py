"""What is printed of many models, and the worst exit code."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from fairaudit.cli.launch import zoo
from fairaudit.cli.launch.zoo import ANNOUNCED, show_zoo
from fairaudit.report.zoo.row import broken_row, row_of
from fairaudit.results.store import read_report

EXAMPLE = Path(__file__).parents[2] / "report" / "example.json"


@pytest.fixture
def said(monkeypatch):
    told = {"out": [], "err": [], "announced": []}
    monkeypatch.setattr(zoo, "emit", told["out"].append)
    monkeypatch.setattr(zoo, "say", told["err"].append)
    monkeypatch.setattr(zoo, "announce", lambda reports, formats: told["announced"].append(len(reports)))
    return told


def made(folder, count):
    rows = []
    for number in range(count):
        (folder / f"m{number}").mkdir()
        (folder / f"m{number}" / "report.json").write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
        rows.append(row_of(read_report(EXAMPLE), name=f"m{number}", folder=f"m{number}"))
    return [*rows, broken_row("gone", "no file")]


def request(**more):
    known = {"as_json": False, "verbose": False, "quiet": False, "options": SimpleNamespace(formats=("md",))}
    return SimpleNamespace(**{**known, **more})


def test_reports_as_one_list(said, tmp_path):
    rows = made(tmp_path, 2)
    code = show_zoo(rows, folder=tmp_path, request=request(as_json=True))
    assert len(json.loads("".join(said["out"]))) == 2
    assert code in {row.exit_code for row in rows}
    said["out"].clear()
    show_zoo(rows[-1:], folder=tmp_path, request=request(as_json=True, quiet=True))
    assert json.loads("".join(said["out"])) == []
    assert said["err"] == [f"All models: {tmp_path / 'index.html'}"]


def test_with_verbose_every_report_stands_above_the_table(said, tmp_path):
    rows = made(tmp_path, 2)
    show_zoo(rows, folder=tmp_path, request=request())
    assert len(said["out"]) == 1
    show_zoo(rows, folder=tmp_path, request=request(verbose=True))
    assert len(said["out"]) == 1 + 3


def test_only_the_worst_are_announced(said, tmp_path):
    rows = made(tmp_path, ANNOUNCED + 2)
    show_zoo(rows, folder=tmp_path, request=request())
    assert said["announced"] == []
    show_zoo(rows, folder=tmp_path, request=request(options=SimpleNamespace(formats=("github",))))
    assert said["announced"] == [ANNOUNCED]
