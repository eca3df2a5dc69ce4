"""The assembler of reports: the gate sees what the report holds."""

from pathlib import Path

import pytest

from fairaudit.audits.core.report.assemble import Clock, report_of, run_block
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import GateRule
from fairaudit.results.report import Data, Excluded
from fairaudit.tables.row import Estimate, Subject, row

OPTIONS = RunOptions(command=("fairaudit", "x"), output=Path("x"))
GAP = row(
    Subject(audit="fairness", metric="equalized_odds_difference", attribute="hat"),
    Estimate(value=0.3, low=0.2, high=0.4, interval="max-t"),
    level=0.95,
)
RULE = GateRule(metric="equalized_odds_difference", max=0.1)


def made(measurements, excluded=()):
    data = Data(
        name="t.csv", digest="", rows=4 + len(excluded), scored=4, target="y", classes=["0", "1"], attributes={},
        unknown={}, cells={}, regions={}, seed=0,
    )  # fmt: skip
    run = run_block(OPTIONS, Clock.start())
    return report_of([RULE], measurements, options=OPTIONS, run=run, data=data, excluded=excluded, notes=["a note"])


def test_the_gate_judges_the_numbers_of_the_report():
    report = made([GAP])
    assert (report.gate.state, report.gate.exit_code) == ("fail", 3)
    assert report.measurements == [GAP]
    assert report.notes == ["a note"]
    assert report.models == []


def test_rows_left_out_make_it_incomplete():
    small = GAP.model_copy(update={"value": 0.02, "low": 0.01, "high": 0.03})
    assert made([small]).gate.state == "pass"
    assert made([small], [Excluded(row=0, id="a", reason="unreadable")]).gate.state == "incomplete"


def test_the_run_block_tells_of_this_run_alone():
    clock = Clock.start()
    run = run_block(OPTIONS, clock, device="cpu", resumed=2)
    assert run.command == ["fairaudit", "x"]
    assert run.resumed_chunks == 2
    assert run.seconds == pytest.approx(0, abs=5)
    assert run.started == clock.started.isoformat(timespec="seconds")
