import shutil
from pathlib import Path

import pytest

from fairaudit.cli.terminal.announce import SUMMARY, announce
from fairaudit.results.store import read_report

EXAMPLE = Path(__file__).parents[2] / "report" / "example.json"


@pytest.fixture
def report():
    return read_report(EXAMPLE)


def test_annotations_go_to_stderr_and_the_summary_is_appended(report, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv(SUMMARY, str(tmp_path / "summary.md"))
    (tmp_path / "summary.md").write_text("before\n", encoding="utf-8")
    announce([report], ["md", "github"])
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("::error title=biased%3A FAIL")
    assert (tmp_path / "summary.md").read_text(encoding="utf-8").startswith("before\n### fairaudit: biased\n")


def test_other_formats_announce_nothing(report, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv(SUMMARY, str(tmp_path / "summary.md"))
    announce([report], ["md", "junit"])
    assert capsys.readouterr() == ("", "")
    assert not (tmp_path / "summary.md").exists()


def test_without_a_summary_file_there_are_annotations_alone(report, monkeypatch, capsys):
    monkeypatch.delenv(SUMMARY, raising=False)
    announce([report], ["github"])
    assert "::warning title=" in capsys.readouterr().err


def test_a_summary_that_cannot_be_written_is_told(report, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv(SUMMARY, str(tmp_path / "no" / "summary.md"))
    announce([report], ["github"])
    assert "The job summary could not be written: No such file" in capsys.readouterr().err


def test_render_makes_both_from_the_report_alone(tmp_path, monkeypatch, capsys):
    from typer.testing import CliRunner

    from fairaudit.cli.main import app

    shutil.copy(EXAMPLE, tmp_path / "report.json")
    monkeypatch.setenv(SUMMARY, str(tmp_path / "summary.md"))
    result = CliRunner().invoke(app, ["render", str(tmp_path), "--format", "github"])
    assert result.exit_code == 0, result.output
    assert "::error title=" in result.stderr
    assert (tmp_path / "report.github.md").read_bytes() == (tmp_path / "summary.md").read_bytes()
