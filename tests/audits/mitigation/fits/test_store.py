"""Fits on disk: they come back as they were, and those of other runs and broken files are not taken."""

import pytest
import torch

from fairaudit.audits.mitigation.fits.store import Fit, FitStore, Unit
from fairaudit.errors import DataError
from fairaudit.mitigation.edits import GroupThreshold, GroupThresholds, HeadEdit, Inserted, Weights

EDITS = {
    "none": None,
    "weights": Weights(values={"0.weight": torch.rand(2, 3)}),
    "head": HeadEdit(weight=torch.rand(1, 3).double(), bias=torch.rand(1).double()),
    "inserted": Inserted(layer="layer1.0.conv", weight=torch.rand(2, 2), bias=torch.rand(2), head_bias=torch.rand(1)),
    "rule": GroupThresholds(groups=(GroupThreshold(lower=0.1, upper=0.2, mix=0.3, keep=0.4),), base_rate=0.5),
}


@pytest.mark.parametrize("kind", list(EDITS))
def test_a_fit_comes_back_as_it_was(tmp_path, kind):
    store = FitStore(folder=tmp_path, key="a")
    unit = Unit(method="dfr", seed=3, strength=0.1)
    fit = Fit(
        unit=unit, edit=EDITS[kind], reason="why", facts={"n": 2.0}, columns={"scores": torch.rand(3, 2)},
        choosing={"scores": torch.rand(2, 2)}, seconds=1.5,
    )  # fmt: skip
    store.save(fit)
    found = store.load(unit)
    assert (found.reason, found.facts, found.seconds) == ("why", {"n": 2.0}, 1.5)
    assert torch.equal(found.columns["scores"], fit.columns["scores"])
    assert torch.equal(found.choosing["scores"], fit.choosing["scores"])
    assert set(found.columns) == set(found.choosing) == {"scores"}
    assert type(found.edit) is type(EDITS[kind])
    if kind == "rule":
        assert found.edit == EDITS[kind] or found.edit.groups == EDITS[kind].groups
    if kind == "inserted":
        assert torch.equal(found.edit.head_bias, EDITS[kind].head_bias)
    if kind == "weights":
        assert torch.equal(found.edit.values["0.weight"], EDITS[kind].values["0.weight"])
    first = store.path(unit).read_bytes()
    store.save(fit)
    assert store.path(unit).read_bytes() == first


def test_fits_of_other_runs_and_broken_files_are_not_taken(tmp_path):
    unit = Unit(method="dfr", seed=3, strength=0.1)
    store = FitStore(folder=tmp_path, key="a")
    store.save(Fit(unit=unit))
    assert FitStore(folder=tmp_path, key="b").load(unit) is None
    store.path(unit).write_bytes(b"half a file")
    assert store.load(unit) is None


def test_a_fit_travels_as_its_files(tmp_path):
    unit, other = Unit(method="dfr", seed=3, strength=0.1), Unit(method="dfr", seed=4, strength=0.1)
    (tmp_path / "there").mkdir()
    store, there = FitStore(folder=tmp_path, key="a"), FitStore(folder=tmp_path / "there", key="a")
    assert store.packed(unit) == {}
    store.save(Fit(unit=unit, reason="why", seconds=2.0))
    there.take_up(unit, store.packed(unit))
    assert (there.load(unit).reason, there.load(unit).seconds) == ("why", 2.0)
    with pytest.raises(DataError, match="another fit than the one that was asked for"):
        there.take_up(other, store.packed(unit))


def test_a_lost_unit_is_told_and_not_written(tmp_path):
    unit = Unit(method="dfr", seed=3, strength=0.1)
    store = FitStore(folder=tmp_path, key="a", lost={unit: "killed"})
    assert (store.load(unit).edit, store.load(unit).reason) == (None, "killed")
    assert not list(tmp_path.iterdir())
