"""What is printed of reports, and the worst exit code of several."""

import json
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from fairaudit.audits.core.report.outcome import Outcome
from fairaudit.cli.launch import audits
from fairaudit.cli.launch.audits import against_baseline, launch, not_audited, optional_config, show, teller
from fairaudit.errors import ModelError, UsageError
from fairaudit.results.store import read_report

EXAMPLE = Path(__file__).parents[2] / "report" / "example.json"


@pytest.fixture
def said(monkeypatch):
    told = {"out": [], "err": []}
    monkeypatch.setattr(audits, "emit", told["out"].append)
    monkeypatch.setattr(audits, "say", told["err"].append)
    monkeypatch.setattr(audits, "announce", lambda reports, formats: None)
    return told


def request(as_json=False, quiet=False, formats=("html",), against=None):
    options = SimpleNamespace(formats=formats, against=against, output=Path("out"))
    return SimpleNamespace(as_json=as_json, quiet=quiet, options=options, verbose=False, dry_run=False, asked=None)


def outcome(code=0, name="m"):
    report = read_report(EXAMPLE)
    report = report.model_copy(update={"gate": report.gate.model_copy(update={"exit_code": code})})
    return Outcome(name=name, folder=Path("out"), report=report)


BROKEN = Outcome(name="broken", folder=Path("out"), error=ModelError("cut short"))


@pytest.mark.parametrize(
    ("outcomes", "code"), [([outcome(0)], 0), ([outcome(4), outcome(3)], 3), ([outcome(0), BROKEN], 2)]
)
def test_the_worst_code_is_that_of_all(said, outcomes, code):
    assert show(outcomes, request=request(), text="x") == code
    assert said["out"] == ["x"]


def test_json_is_one_report_or_a_list(said):
    show([outcome()], request=request(as_json=True))
    assert json.loads(said["out"].pop())["schema_version"]
    show([outcome(), BROKEN, outcome()], request=request(as_json=True))
    assert len(json.loads(said["out"].pop())) == 2


def test_where_the_report_is_goes_to_stderr(said):
    show([outcome(), BROKEN], request=request(), text="")
    show([outcome()], request=request(formats=("md",)), text="")
    show([outcome()], request=request(quiet=True), text="")
    assert said["err"] == ["Report: out/report.html", "Report: out/report.json"]


def test_a_model_without_a_report_has_a_line():
    assert not_audited(BROKEN) == "broken: not audited. cut short.\n"
    assert not_audited(outcome()) == ""


def test_without_a_baseline_nothing_changed():
    report = outcome().report
    alone = report.model_copy(update={"measurements": [m for m in report.measurements if m.baseline is None]})
    assert against_baseline(alone, every=True) == ""


def test_json_is_not_told_before_its_time(said):
    progress = SimpleNamespace(still=nullcontext)
    assert teller(request(as_json=True), progress) is None
    teller(request(), progress)(outcome().report)
    assert said["out"]


def test_an_earlier_report_is_of_one_model(monkeypatch):
    monkeypatch.setattr(audits, "load", lambda asked: (None, None))
    monkeypatch.setattr("fairaudit.audits.zoo.models.model_files", list)
    with pytest.raises(UsageError, match=r"one model.*2 models"):
        launch([Path("a"), Path("b")], baseline=None, request=request(against=Path("old")), plan=None)


def test_a_configuration_is_read_where_it_is_given_or_lies_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(audits, "load", lambda asked: ("config", None))
    assert optional_config(SimpleNamespace(config=None)) is None
    assert optional_config(SimpleNamespace(config=Path("f.yaml"))) == "config"
    (tmp_path / "fairaudit.yaml").write_text("")
    assert optional_config(SimpleNamespace(config=None)) == "config"
