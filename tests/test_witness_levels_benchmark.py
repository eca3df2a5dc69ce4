"""A small part of the levels of the verdict's witnesses, with the same functions and draws as the benchmark."""

from pathlib import Path

import pytest
from scipy.stats import binom

PROGRAM = Path(__file__).parent / "benchmarks" / "witness_levels.py"
PART = [
    ("2 × 30", 40),
    ("400/12", 20),
    ("8 persons × 25", 30),
    ("5 images moved", 150),
    ("15 persons, Pareto, moved", 60),
    ("discovery, 16 persons × 8", 8),
]
"""Scenario and data sets: some hundreds, in seconds."""
ONLY_TOLD = ("swap_excess", "swap_flip")
"""Numbers that no verdict rests on."""


def most(count, share):
    """What a binomial exceeds in one of a thousand runs."""
    return int(binom.isf(1e-3, count, share))


@pytest.fixture(scope="module")
def levels(script):
    return script(PROGRAM)


@pytest.mark.parametrize(("name", "sets"), PART)
def test_no_witness_speaks_far_more_often_than_it_says_where_there_is_nothing(levels, name, sets):
    (scenario,) = [one for one in levels.SCENARIOS if one.name == name]
    tallies = levels.run(scenario, sets)
    assert tallies
    for witness, tally in tallies.items():
        if witness not in ONLY_TOLD:
            assert tally.alarms <= most(sets, 0.05), (witness, tally)
            assert tally.above <= most(sets, 0.05), (witness, tally)
            assert tally.below <= most(sets, 0.05), (witness, tally)
        assert tally.p <= most(sets, 0.05), (witness, tally)


def test_three_images_that_moved_have_no_interval(levels):
    (scenario,) = [one for one in levels.SCENARIOS if one.name == "3 images moved"]
    tally = levels.run(scenario, 5)["relative_change"]
    assert (tally.none, tally.drawn, tally.alarms) == (5, 5, 0)


def test_the_table_has_a_row_per_witness(levels, capsys):
    assert levels.main(["--scenario", "2 × 30", "--replicates", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("| scenario | witness | alarm")
    assert len(lines) == 2 + 7
