"""The threshold that is marked in figures is the one that decisions were made with."""

import numpy as np
import pytest

from fairaudit.audits.fairness.threshold_figures import used_threshold


@pytest.mark.parametrize(
    ("scores", "decisions", "expected"),
    [([0.2, 0.7], [0, 1], 0.5), ([0.1, 0.3], [0, 1], 0.2), ([0.2, 0.7], [1, 0], None)],
)
def test_the_threshold_that_decides_is_read_from_the_decisions(scores, decisions, expected, column, inputs):
    found = used_threshold(inputs([column("hat", [0, 1])], [0, 1], decisions, scores=np.array(scores)))
    assert found == (None if expected is None else pytest.approx(expected))


def test_without_scores_or_one_decision_alone(column, inputs):
    hat = [column("hat", [0, 1])]
    assert used_threshold(inputs(hat, [0, 1], [0, 1])) is None
    assert used_threshold(inputs(hat, [0, 1], [1, 1], scores=np.array([0.6, 0.9]))) == 0.5
    assert used_threshold(inputs(hat, [0, 1], [0, 0], scores=np.array([0.6, 0.9]))) == pytest.approx(0.95)
