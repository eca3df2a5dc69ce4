"""Models that are done are taken as they are, and only those whose file, report and folder are the same."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest

from fairaudit.audits.zoo.finished import Finished
from fairaudit.audits.zoo.outcome import crashed_row
from fairaudit.config.options import RunOptions
from fairaudit.engine.place import store_file


@pytest.fixture
def run(tmp_path):
    """A model, its report's folder and its row."""
    model, folder = tmp_path / "m.pt", tmp_path / "out" / "m"
    model.write_bytes(b"weights")
    (folder / "figures").mkdir(parents=True)
    (folder / "report.json").write_text("{}")
    (folder / "figures" / "a.png").write_bytes(b"figure")
    row = replace(crashed_row("m", model, "x"), gate="pass", exit_code=0, report="m/report.json", value=0.25)
    options = RunOptions(output=tmp_path / "out", formats=("csv",))
    with Finished.open("settings", options) as finished:
        assert finished.row("m", model) is None
        finished.keep(row, model)
    return model, folder, row, options


def found(run, *, settings="settings", **changes):
    model, _, row, options = run
    with Finished.open(settings, replace(options, **changes)) as finished:
        return finished.row(row.model, model)


def test_a_model_that_is_done_has_its_row(run):
    assert found(run) == run[2]


@pytest.mark.parametrize("what", ["model", "report", "figure", "missing", "more"])
def test_a_model_is_audited_again_where_anything_has_changed(run, what):
    model, folder, _, _ = run
    if what == "model":
        model.write_bytes(b"others!")
    elif what == "report":
        (folder / "report.json").write_text("[]")
    elif what == "figure":
        (folder / "figures" / "a.png").write_bytes(b"")
    elif what == "missing":
        (folder / "figures" / "a.png").unlink()
    else:
        (folder / "report.csv").write_text("x")
    assert found(run) is None


def test_other_settings_formats_or_a_fresh_start_know_nothing(run):
    assert found(run, settings="others") is None
    assert found(run, formats=("html",)) is None
    assert found(run, device="cuda") is None
    assert found(run) == run[2]
    assert found(run, fresh=True) is None
    assert found(run) is None


def test_what_was_not_audited_is_tried_again(run):
    model, _, row, options = run
    with Finished.open("settings", options) as finished:
        finished.keep(replace(row, model="n", report=None), model)
        assert finished.row("n", model) is None
        assert finished.row("m", model.parent) is None  # a folder


def test_a_row_that_was_written_into_the_store_by_hand_is_not_believed(run):
    options = run[3]
    with sqlite3.connect(store_file(options.output, output=options.output)) as connection:
        connection.execute("UPDATE array SET content = replace(content, 'pass', 'fail')")
        connection.execute("UPDATE chunk SET seal = zeroblob(16)")
    connection.close()
    assert found(run) is None
