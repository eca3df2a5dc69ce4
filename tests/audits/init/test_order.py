"""The order of a model's answers is told from its own decisions only where they leave no doubt."""

import numpy as np
import pytest

from fairaudit.audits.init.order import answer_order

NAMES = ("ball", "box", "cone")
LABELS = np.arange(90) % 3


@pytest.mark.parametrize("answer", [[1, 0, 2], [2, 0, 1], [1, 2, 0]])
def test_answers_in_another_order_are_found_and_said_to_be_assumed(answer):
    """`answer[k]` is the output that means value k."""
    found = answer_order(np.array(answer)[LABELS], LABELS, NAMES)
    assert [found.values[answer[code]] for code in range(3)] == list(NAMES)
    assert found.swapped
    assert found.why.startswith("ASSUMED, since 100 % of 90 images are then decided as they are labelled")


def test_the_sorted_order_stays_where_it_fits_and_where_nothing_fits():
    noise = np.random.default_rng(0).integers(0, 3, 90)
    for decisions in (LABELS, noise, np.zeros(90, np.int64)):
        found = answer_order(decisions, LABELS, NAMES)
        assert (found.values, found.swapped) == (NAMES, False)
        assert "assumed: that of the sorted values" in found.why


def test_chance_alone_turns_no_order_round():
    draw = np.random.default_rng(1)
    orders = [answer_order(draw.integers(0, 3, 128), draw.integers(0, 3, 128), NAMES).swapped for _ in range(500)]
    assert not any(orders)


def test_unknown_labels_do_not_count_and_numbers_keep_their_places():
    unknown = np.where(np.arange(90) < 89, -1, LABELS)
    assert not answer_order(np.array([1, 0, 2])[LABELS], unknown, NAMES).swapped
    assert answer_order(1 - LABELS % 2, LABELS % 2, ("0", "1")).values == ("0", "1")
