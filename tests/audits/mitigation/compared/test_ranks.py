"""AUCs of replicates against the measures' own AUC, on repeated images too."""

import numpy as np
import pytest

from fairaudit.audits.mitigation.compared.ranks import Ranks
from fairaudit.measures.scores.ranking import auc, balanced_auc


def drawn(seed=0, count=120):
    draw = np.random.default_rng(seed)
    target, attribute = draw.integers(0, 2, count), draw.integers(-1, 2, count)
    scores = np.round(draw.uniform(size=count), 1)  # with ties
    cell = np.where(attribute >= 0, attribute * 2 + target, -1)
    return scores, target, attribute, cell


def test_on_the_images_themselves_it_is_the_balanced_auc():
    scores, target, attribute, cell = drawn()
    ranks = Ranks.of(scores, cell, target == 1, np.ones(4, bool))
    found = ranks.value(np.ones((1, len(scores))))[0]
    assert found == pytest.approx(balanced_auc(scores, target, attribute))


def test_weights_repeat_images():
    scores, target, attribute, cell = drawn(1)
    times = np.random.default_rng(2).integers(1, 4, len(scores))
    ranks = Ranks.of(scores, cell, target == 1, np.ones(4, bool))
    wanted = balanced_auc(*(np.repeat(x, times) for x in (scores, target, attribute)))
    assert ranks.value(times[None].astype(float))[0] == pytest.approx(wanted)


def test_only_the_cells_that_count_are_compared():
    scores, target, _, cell = drawn(3)
    counted = np.array([False, True, True, False])  # positives of the first group, negatives of the second
    wanted = auc(scores[cell == 1], scores[cell == 2])
    found = Ranks.of(scores, cell, target == 1, counted).value(np.ones((1, len(scores))))[0]
    assert found == pytest.approx(wanted)


def test_an_empty_cell_has_no_auc():
    scores, target, _, cell = drawn(4)
    keep = cell != 3
    ranks = Ranks.of(scores[keep], cell[keep], target[keep] == 1, np.ones(4, bool))
    assert np.isnan(ranks.value(np.ones((1, int(keep.sum()))))[0])
