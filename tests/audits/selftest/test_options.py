"""The models that follow from the options, and options that cannot be used."""

import pytest

from fairaudit.audits.selftest.options import KINDS, Case, SelftestOptions, biases_of, cases_of
from fairaudit.errors import UsageError


def test_controls_come_first_and_every_strength_has_its_seeds():
    found = cases_of(SelftestOptions(biases=biases_of(["patch", "corruption"]), rhos=(0.9, 0.99), seeds=2))
    assert len(found) == 2 * 3 * 2
    assert [(case.kind, case.rho, case.seed) for case in found[:4]] == [
        ("patch", None, 0),
        ("patch", None, 1),
        ("patch", 0.9, 0),
        ("patch", 0.9, 1),
    ]
    assert len({case.name for case in found}) == len(found)


def test_names():
    assert Case(bias=0, kind="patch", rho=None, seed=2).name == "patch-control-seed-2"
    assert Case(bias=0, kind="patch", rho=0.95, seed=0).name == "patch-rho-0.95-seed-0"


@pytest.mark.parametrize("change", [{"rhos": ()}, {"biases": ()}, {"biases": biases_of(["patch", "patch"])}])
def test_nothing_to_plant_is_refused(change):
    with pytest.raises(UsageError, match="nothing to plant"):
        cases_of(SelftestOptions(**{"biases": biases_of(["patch"]), **change}))


@pytest.mark.parametrize("rate", [0.0, -1.0, float("inf"), float("nan")])
def test_rates_that_no_optimiser_takes_are_refused(rate):
    with pytest.raises(UsageError, match="--learning-rate"):
        SelftestOptions(biases=biases_of(["patch"]), rate=rate)


def test_every_kind_has_an_attribute_and_others_are_refused():
    assert all(bias.attribute.startswith("planted_") for bias in biases_of(KINDS))
    with pytest.raises(UsageError, match=r'no bias called "path".*"patch"'):
        biases_of(["path"])
