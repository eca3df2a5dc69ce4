import numpy as np

from fairaudit.audits.alignment.rectify import what_is_lost

TARGET = np.array([0, 1] * 50, np.int32)
RIGHT = TARGET == 1


def test_a_model_that_answers_one_thing_is_no_success():
    for answer in (True, False):
        assert "got the same decision" in what_is_lost(RIGHT, np.full(100, answer), TARGET)


def test_accuracy_lost_beyond_the_floor_is_told_with_both_figures():
    worse = RIGHT.copy()
    worse[:10] = ~worse[:10]
    assert "1.000 before, 0.900 after on 100 images" in what_is_lost(RIGHT, worse, TARGET)
    slightly = RIGHT.copy()
    slightly[:4] = ~slightly[:4]
    assert what_is_lost(RIGHT, slightly, TARGET) is None
    assert what_is_lost(worse, RIGHT, TARGET) is None  # better than before


def test_without_labels_of_the_base_only_variation_is_checked():
    assert what_is_lost(RIGHT, ~RIGHT, None) is None
    assert what_is_lost(RIGHT, ~RIGHT, np.full(100, 2, np.int32)) is None
