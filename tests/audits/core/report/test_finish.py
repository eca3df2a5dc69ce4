"""The answer comes first; figures are drawn for the formats that show them."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from fairaudit.audits.core.report import finish
from fairaudit.cli.main import app

TABLE = "y,p,g\n" + "".join(f"{i % 2},{(i + i // 7) % 2},{'ab'[i % 3 == 0]}\n" for i in range(60))


@pytest.fixture
def fairness(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text(TABLE, encoding="utf-8")

    def run(*more):
        command = ["fairness", "--predictions", "t.csv", "--truth", "y", "--prediction", "p", "--attribute", "g"]
        return CliRunner().invoke(app, [*command, "-o", "out", *more])

    return run


def test_the_answer_is_printed_before_figures_are_drawn(fairness, monkeypatch):
    def broken(*_given, **_more):
        raise KeyboardInterrupt  # a reader who has seen enough

    monkeypatch.setattr(finish, "with_figures", broken)
    done = fairness()
    assert done.exit_code == 130
    assert "equalized_odds_difference" in done.stdout
    assert not Path("out/report.json").exists()


def test_the_answer_is_printed_once_and_json_is_nothing_but_json(fairness):
    assert fairness().stdout.count("Gate:") == 1
    assert fairness("--json").stdout.startswith("{")


@pytest.mark.parametrize(("formats", "drawn"), [("csv,junit", False), ("md", True), ("html", True)])
def test_figures_are_drawn_for_formats_that_show_them(fairness, formats, drawn):
    assert fairness("--format", formats).exit_code in (0, 4)
    assert Path("out/figures").is_dir() == drawn
    assert ("figures/gaps" in Path("out/report.json").read_text(encoding="utf-8")) <= drawn
