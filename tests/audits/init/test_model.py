"""Agreement of answers with a column, and the trial that is chosen."""

import numpy as np
import pytest
from scipy.stats.contingency import association

from fairaudit.audits.init.model import Trial, agreement, best_trial
from fairaudit.config.schema import PreprocessConfig


def test_agreement_is_cramers_v_where_n_is_large():
    draw = np.random.default_rng(0)
    codes = draw.integers(0, 3, 60_000)
    decisions = np.where(draw.random(60_000) < 0.4, codes, draw.integers(0, 3, 60_000))
    table = np.zeros((3, 3), int)
    np.add.at(table, (decisions, codes), 1)
    assert agreement(decisions, codes) == pytest.approx(association(table, method="cramer"), abs=1e-3)


def test_unrelated_columns_are_near_0_whatever_their_number_of_values():
    draw = np.random.default_rng(1)
    found = [agreement(draw.integers(0, 8, 100), draw.integers(0, 8, 100)) for _ in range(200)]
    assert np.mean(found) < 0.1  # uncorrected, the mean is about 0.26


def test_names_of_values_do_not_matter_and_unknown_rows_do_not_count():
    codes = np.array([0, 1, 0, 1, -1, -1])
    assert agreement(1 - np.array([0, 1, 0, 1, 0, 1]), codes) == pytest.approx(1.0)


@pytest.mark.parametrize("decisions", [[0, 0, 0, 0], [1, 1, 1, 1]])
def test_constant_answers_agree_with_nothing(decisions):
    assert agreement(np.array(decisions), np.array([0, 1, 0, 1])) == 0.0


def trial(name, gap):
    return Trial(scale=name, preprocess=PreprocessConfig(), decisions=np.zeros(1, np.int64), gap=gap)


def test_the_nearest_scale_or_the_first():
    assert best_trial([trial("a", 3.0), trial("b", 0.1)]).scale == "b"
    assert best_trial([trial("a", None), trial("b", None)]).scale == "a"
