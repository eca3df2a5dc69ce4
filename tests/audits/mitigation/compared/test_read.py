"""Rows of the comparison: rank correlation against SciPy, and flags by hand."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from fairaudit.audits.mitigation.compared.read import _spearman, columns_of, flags, verdicts_line
from fairaudit.audits.mitigation.compared.statistics import Images
from fairaudit.audits.mitigation.fits.fit import VANILLA
from fairaudit.audits.mitigation.fits.store import Fit, Unit
from fairaudit.mitigation.edits import Weights
from fairaudit.mitigation.registry import CONTROL

TARGET, ATTRIBUTE = np.tile([0, 0, 1, 1], 10), np.tile([0, 1, 0, 1], 10)
IMAGES = Images(target=TARGET, attribute=ATTRIBUTE, classes=2, groups=2)


def test_rank_correlation_is_scipys():
    draw = np.random.default_rng(0)
    first, second = draw.normal(size=(2, 7, 4))
    second[:, 1] = first[:, 1]
    first[3, 2] = first[5, 2]  # a tie
    second[:, 3] = 1.0  # does not vary
    found = _spearman(first, second)
    for column in range(3):
        assert found[column] == pytest.approx(spearmanr(first[:, column], second[:, column]).statistic)
    assert np.isnan(found[3])


def fit(name, decisions):
    unit = Unit(method=name, seed=0, strength=0.0)
    return Fit(unit=unit, edit=Weights(values={}), columns={"decisions": torch.tensor(decisions)})


def numbers(mean, worst, gap):
    return {
        "unbiased_accuracy": np.full(50, mean), "worst_cell_accuracy": np.full(50, worst),
        "equalized_odds_difference": np.full(50, gap),
    }  # fmt: skip


def comparison(values, decisions):
    """Of the unchanged model one cell is half wrong."""
    before = TARGET.copy()
    before[(TARGET == 1) & (ATTRIBUTE == 1) & (np.arange(40) % 8 < 4)] = 0
    by_method = {name: [fit(name, decided)] for name, decided in decisions.items()}
    fits = SimpleNamespace(vanilla=fit(VANILLA, before), by_method=by_method)
    values = {VANILLA: numbers(0.875, 0.5, 0.5), **values}
    return SimpleNamespace(values=values, fits=fits, images=IMAGES, floor=0.02)


def test_one_decision_for_all_is_degenerate_and_levels_down():
    found = comparison({"a": numbers(0.5, 0.0, 0.0)}, {"a": np.zeros(40, int)})
    assert flags(found, "a") == ["degenerate", "levelled down"]


def test_a_gap_that_closes_because_a_cell_got_better_is_no_harm():
    found = comparison({"a": numbers(1.0, 1.0, 0.0)}, {"a": TARGET})
    assert flags(found, "a") == []


def test_a_worst_cell_that_is_surely_below_the_controls():
    values = {CONTROL: numbers(0.9, 0.7, 0.3), "a": numbers(0.9, 0.6, 0.3)}
    better = TARGET.copy()
    found = comparison(values, {CONTROL: better, "a": better})
    assert flags(found, "a") == ["worse than control"]
    assert flags(found, CONTROL) == []


def test_verdicts_of_several_seeds_are_counted_where_they_differ():
    def joint(*names):
        return SimpleNamespace(verdicts={"a": [SimpleNamespace(verdict=name) for name in names]})

    assert verdicts_line(joint("undecided", "undecided"), "a") == "undecided"
    assert verdicts_line(joint("undecided", "no evidence", "no evidence"), "a") == "no evidence (2), undecided (1)"


def test_columns_per_image_alone():
    columns = {"scores": torch.zeros(3, 2), "cell_maps": torch.zeros(4, 2, 2)}
    found = columns_of(Fit(unit=Unit(method="a", seed=0, strength=0.0), columns=columns))
    assert set(found) == {"scores"}
