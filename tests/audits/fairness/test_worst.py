import numpy as np
import pytest

from fairaudit.audits.fairness.worst import worst_cell
from fairaudit.data.categorical import Categorical


def column(name, codes):
    return Categorical(name=name, values=("0", "1"), codes=np.array(codes, np.int32))


GROUPS = column("hat", [0, 0, 0, 0, 1, 1, 1, 1, 1, -1])
TRUTH = column("smile", [0, 0, 1, 1, 0, 0, 0, 1, 1, 1])
DECIDED = np.array([0, 1, 1, 1, 1, 1, 0, 1, 1, 0])
SURE = np.array([0.9, 0.6, 0.9, 0.9, 0.6, 0.8, 0.9, 0.9, 0.9, 0.9])


def test_the_cell_with_the_largest_share_of_wrong_decisions_the_surest_first():
    found = worst_cell(GROUPS, TRUTH, DECIDED, SURE, least=1)
    assert (found.group, found.truth, found.images) == (1, 0, 3)  # 2 of 3, against 1 of 2 without a hat
    assert found.wrong.tolist() == [5, 4]


def test_images_of_small_cells_are_not_shown():
    assert worst_cell(GROUPS, TRUTH, DECIDED, SURE, least=4) is None
    assert worst_cell(GROUPS, TRUTH, DECIDED, SURE, least=3).images == 3


@pytest.mark.parametrize("decided", [TRUTH.codes, np.where(GROUPS.codes < 0, 0, TRUTH.codes)])
def test_without_a_wrong_decision_in_a_known_cell_there_is_none(decided):
    assert worst_cell(GROUPS, TRUTH, decided, SURE, least=1) is None
