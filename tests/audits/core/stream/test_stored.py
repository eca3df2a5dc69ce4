"""A run store gives back the rows behind a report, and those of another run or another hand are not taken for them."""

import json

import numpy as np
import pytest

from fairaudit.audits.core.stream.stored import ATTRIBUTE, DECIDED, ROWS, TARGET, stored_rows
from fairaudit.engine.part import Part
from fairaudit.engine.place import ready_store
from fairaudit.engine.store import RunStore
from fairaudit.results.report import Data, Gate, Model, Report, Run
from fairaudit.tables.row import Estimate, Subject, row

GROUP = np.array([0, 0, 0, 1, 1, 1, 1, -1])
TARGETS = np.array([0, 1, 1, 0, 0, 1, 1, 1])
DECISIONS = np.array([0, 1, 0, 0, 1, 1, 1, 0])
KEY = {"candidate": json.dumps("aa"), "data": json.dumps("bb"), "settings": "any"}


def accuracy(group, value):
    subject = Subject(audit="fairness", metric="accuracy", attribute="hat", group=group)
    return row(subject, Estimate(value=value), level=0.95)


def report(*measurements, scored=8, sha256="aa"):
    return Report(
        run=Run(started="", seconds=0.0, command=[], device="cpu", resumed_chunks=0, versions={}),
        models=[Model(name="m", role="candidate", file="m.pt", sha256=sha256, format="x", output="sigmoid",
                      classes=["y"], input_size=[4, 4], parameters=1)],
        data=Data(name="t", digest="bb", rows=scored, scored=scored, target="y", classes=["0", "1"],
                  attributes={"hat": ["no", "yes"]}, unknown={}, cells={}, regions={}, seed=0),
        measurements=list(measurements), verdicts=[], excluded=[], notes=[], figures=[],
        gate=Gate(state="none", exit_code=0, fail_on="fail", correction="none", rules=[]),
    )  # fmt: skip


# Of the first three rows two are right, of the next four three; nobody knows the last one's hat.
TRUE = (accuracy("no", 2 / 3), accuracy("yes", 3 / 4))


@pytest.fixture
def folder(tmp_path):
    """A report folder whose store holds the eight rows in two chunks, the later one saved first."""
    folder = tmp_path / "out"
    folder.mkdir()
    with RunStore.open(ready_store(folder, output=folder), key=KEY) as store:
        for index, chunk in ((1, slice(5, 8)), (0, slice(0, 5))):
            columns = {"row": np.arange(8)[chunk], TARGET: TARGETS[chunk], (ATTRIBUTE, "hat"): GROUP[chunk]}
            decided = Part(columns={"decision": DECISIONS[chunk]})
            store.save(index, {ROWS: Part(columns=columns), DECIDED: decided})
    return folder


def test_rows_come_back_in_their_order(folder):
    found = stored_rows(report(*TRUE), folder)
    assert found.rows.tolist() == list(range(8))
    assert found.target.tolist() == TARGETS.tolist()
    assert found.decisions.tolist() == DECISIONS.tolist()
    assert {name: codes.tolist() for name, codes in found.attributes.items()} == {"hat": GROUP.tolist()}


@pytest.mark.parametrize(
    "other",
    [
        report(TRUE[0], accuracy("yes", 2 / 4)),  # the run of another threshold
        report(*TRUE, scored=7),
        report(*TRUE, sha256="cc"),
        report(),  # nothing that the rows could be held against
        report(accuracy("perhaps", 0.5)),
        report(*TRUE).model_copy(update={"models": []}),
    ],
)
def test_rows_of_another_run_are_not_taken(folder, other):
    assert stored_rows(other, folder) is None


def test_without_a_store_or_with_a_broken_one_there_are_no_rows(folder, tmp_path):
    assert stored_rows(report(*TRUE), tmp_path / "elsewhere") is None
    ready_store(folder, output=folder).write_bytes(b"no store")
    assert stored_rows(report(*TRUE), folder) is None


def test_another_users_rows_are_not_believed(folder, monkeypatch):
    monkeypatch.setenv("FAIRAUDIT_STORE_KEY", "somebody else")
    assert stored_rows(report(*TRUE), folder) is None
