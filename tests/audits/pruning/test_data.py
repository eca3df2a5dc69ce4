"""The parts of the data in memory: what could be read, and what was lost."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from fairaudit.audits.pruning import data
from fairaudit.audits.pruning.data import Decoded, examples, told
from fairaudit.config.schema import Config
from fairaudit.data.categorical import Categorical
from fairaudit.errors import DataError

CONFIG = Config.model_validate({"data": {"manifest": "t.csv"}})
MODEL = SimpleNamespace(normalise=lambda images: 2 * images)


class Manifest(list):
    name = "t"
    attributes = {"tie": Categorical(name="tie", values=("a", "b", "c"), codes=np.zeros(3, np.int32))}  # noqa: RUF012


class Batch(SimpleNamespace):
    def __len__(self):
        return len(self.rows)


def batch(rows, excluded=()):
    rows = np.array(rows, np.int64)
    return Batch(rows=rows, images=torch.ones(len(rows), 1, 2, 2), target=np.ones(len(rows), np.int32),
                 attributes={"tie": np.full(len(rows), 2, np.int32)}, excluded=excluded)  # fmt: skip


def test_readable_rows_normalised(monkeypatch):
    found = batch([0, 2], excluded=[(1, "gone.png is no image")])
    monkeypatch.setattr(data, "Loader", lambda *_: SimpleNamespace(load=lambda rows: found))
    made = examples(Manifest([0, 1, 2]), ["tie"], MODEL, CONFIG, 0)
    assert made.examples.images.unique().tolist() == [2.0]
    assert (made.examples.values, made.examples.biases[0].tolist()) == ((3,), [2, 2])
    assert (made.rows.tolist(), made.lost) == ([0, 2], ("gone.png is no image",))


def test_no_readable_row_is_an_error(monkeypatch):
    found = batch([], excluded=[(0, "gone.png is no image")])
    monkeypatch.setattr(data, "Loader", lambda *_: SimpleNamespace(load=lambda rows: found))
    with pytest.raises(DataError, match=r"gone\.png is no image"):
        examples(Manifest([0]), ["tie"], MODEL, CONFIG, 0)


def test_lost_rows_are_told_but_for_those_of_the_report():
    def part(rows, lost=()):
        return Decoded(examples=None, rows=np.arange(rows), lost=lost)

    notes = told(part(5, ("x", "y")), part(3, ("z",)), part(9, ("w",)))
    assert notes == [
        "pruning fits on 5 images, chooses on 3, reports on 9",
        "2 rows of the fitting part left out; the first: x",
        "1 row of the choosing part left out; the first: z",
    ]
