"""Rows of a self-test: as many as asked for, enough of every class, and a bias that hardly goes with the class."""

from pathlib import Path

import numpy as np
import pytest

from fairaudit.audits.selftest.data import LEAST, SelftestData, _check_classes, _known, _least, _some, balanced_rho
from fairaudit.config.schema import Bias
from fairaudit.data.categorical import Categorical
from fairaudit.data.manifest import Manifest
from fairaudit.data.source import ArraySource
from fairaudit.errors import DataError


def manifest(codes, classes=2):
    ids = tuple(f"r{row}" for row in range(len(codes)))
    target = Categorical(name="y", values=tuple(map(str, range(classes))), codes=np.asarray(codes, np.int32))
    source = ArraySource(images=np.zeros((len(codes), 4, 4), np.uint8), names=ids)
    hat = Categorical(name="hat", values=("a", "b"), codes=np.zeros(len(codes), np.int32))
    return Manifest(name="t", ids=ids, source=source, target=target, attributes={"hat": hat}, folder=Path())


def test_rows_with_a_target_and_no_other_columns():
    found = _known(manifest([0, -1, 1]))
    assert (found.ids, found.attributes) == (("r0", "r2"), {})


def test_a_seeded_part_in_order():
    whole = manifest(np.arange(40) % 2)
    found = _some(whole, 10, seed=0)
    assert found.ids == _some(whole, 10, seed=0).ids != _some(whole, 10, seed=1).ids
    places = [int(name[1:]) for name in found.ids]
    assert places == sorted(set(places))
    assert _some(whole, 99, seed=0) is whole
    assert (_least(None, 5), _least(3, 5), _least(9, 5)) == (5, 3, 5)


def test_too_few_of_a_class_are_named():
    _check_classes(manifest([0, 1] * LEAST), "audit")
    with pytest.raises(DataError, match=rf"to audit.*1: {LEAST - 1}"):
        _check_classes(manifest([0] * 20 + [1] * (LEAST - 1)), "audit")


@pytest.mark.parametrize(("kind", "classes", "share"), [("background_colour", 2, 1 / 10), ("corruption", 3, 1 / 3)])
def test_at_chance_a_bias_says_nothing_about_the_class(kind, classes, share):
    rows = manifest(np.arange(30) % classes, classes)
    data = SelftestData(train=rows, audit=rows)
    assert balanced_rho(data, Bias(kind=kind)) == pytest.approx(share)
    assert data.classes == tuple(map(str, range(classes)))


def test_a_bias_that_halves_the_classes_needs_two():
    rows = {count: manifest(np.arange(30) % count, count) for count in (2, 3)}
    assert balanced_rho(SelftestData(train=rows[2], audit=rows[2]), Bias(kind="red_green")) == 0.5
    with pytest.raises(DataError, match=r"merges the classes.*two values.*3 values"):
        balanced_rho(SelftestData(train=rows[3], audit=rows[3]), Bias(kind="red_green"))
