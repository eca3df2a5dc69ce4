"""Cells too thin to be compared, rows that the first model was not audited on, and a start without a model."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from fairaudit.audits.selftest import run
from fairaudit.audits.selftest.run import PER_CELL, _excluded, _notes, _start, thin_cells
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config
from fairaudit.engine.part import Part
from fairaudit.errors import UsageError


@pytest.mark.parametrize(("rows", "told"), [(99, True), (100, False)])
def test_ten_images_per_group_and_class(monkeypatch, rows, told):
    """Five values of the bias and two classes: 5 · 2 · 10 images."""
    monkeypatch.setattr(run, "chances", lambda bench: {"planted_colour": 0.2})
    bench = SimpleNamespace(data=SimpleNamespace(audit=range(rows), classes=("a", "b")))
    notes = thin_cells(bench)
    assert bool(notes) == told
    assert not told or notes[0].endswith("--audit-images 100.")
    assert PER_CELL == 10


def test_rows_of_the_first_model_alone():
    columns = {"case": np.array([0, 0, 1]), "row": np.array([2, 0, 1]), "reason": np.array(["x", "y", "z"])}
    found = _excluded(Part(columns=columns), SimpleNamespace(audit=SimpleNamespace(ids=["a", "b", "c"])))
    assert [(each.row, each.id, each.reason) for each in found] == [(2, "c", "x"), (0, "a", "y")]


def test_without_a_model_or_an_architecture_there_is_nothing_to_test():
    config = Config.model_validate({"data": {"manifest": "t.csv"}})
    with pytest.raises(UsageError, match="--arch"):
        _start(config, RunOptions(output=Path("out"), command=()))


def test_weights_that_were_not_drawn_anew_are_named():
    asked = SimpleNamespace(keep_weights=False, epochs=1)
    bench = SimpleNamespace(asked=asked, data=SimpleNamespace(train=range(1500), audit=range(300)), cases=range(9))
    (first,) = _notes(bench, [])
    assert first.startswith("9 models start from new weights, 1 pass over 1,500 images each")
    _, second = _notes(bench, [f"w{number}" for number in range(7)])
    assert second.startswith("7 weights")
    assert second.endswith("w0, w1, w2, w3, w4, ….")
