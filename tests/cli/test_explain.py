"""`fairaudit explain` on the command line."""

import json
import subprocess
import sys

from typer.testing import CliRunner

from fairaudit.cli.main import app

RUNNER = CliRunner()


def run(*arguments):
    return RUNNER.invoke(app, ["explain", *arguments])


def test_a_metric_within_80_columns():
    done = run("rrf_lift")
    assert done.exit_code == 0
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "What to do:" in done.stdout


def test_a_verdict_of_several_words_needs_no_quotes():
    assert "(verdict)" in run("unequal", "and", "for", "the", "wrong", "reason").stdout


def test_everything_is_listed():
    done = run()
    assert done.exit_code == 0
    assert all(word in done.stdout for word in ("undecided", "equalized_odds_difference", "data.manifest"))


def test_json_is_json():
    (found,) = json.loads(run("rrf_lift", "--json").stdout)
    assert (found["kind"], found["name"]) == ("metric", "rrf_lift")


def test_a_wrong_word():
    done = run("equalised_odds_diference")
    assert done.exit_code == 2
    assert "equalized_odds_difference" in done.stderr


def test_it_needs_no_torch():
    code = "import sys; from fairaudit.report import explain; explain.explanations(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0
