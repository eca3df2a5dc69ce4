from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairaudit.measures.alignment.relative_change import DEFINED_TEXTS, Defined, relative_change


def test_by_hand() -> None:
    # r = (0.8 − 0.6) / (0.2 − 0.8) = −1/3 and (0.1 − 0.4) / (0.2 − 0.8) = 1/2.
    found = relative_change([[0.6, 0.4]], [[0.8, 0.1]], [0.8], [0.2])
    np.testing.assert_allclose(found.values, [[-1 / 3, 0.5]])
    np.testing.assert_allclose(found.base_change, [0.6])


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (0.9, 0.9, Defined.STILL),
        (0.9, 0.7, Defined.SMALL),
        (0.9, 0.95, Defined.AWAY),
        (0.9, float("nan"), Defined.NONFINITE),
        (0.9, 0.5, Defined.YES),
    ],
)
def test_undefined_cases_have_their_reason(before: float, after: float, reason: Defined) -> None:
    found = relative_change([[0.5]], [[0.5]], [before], [after])
    assert found.defined[0] == reason
    assert np.isnan(found.values[0, 0]) == (reason != Defined.YES)


def test_nothing_over_nothing_is_undefined_even_when_any_change_counts() -> None:
    """The published program returns 1.0 here."""
    found = relative_change([[0.5]], [[0.5]], [0.9], [0.9], min_base_change=0.0)
    assert (found.defined[0], np.isnan(found.values[0, 0])) == (Defined.STILL, True)


def test_upwards_the_base_must_rise() -> None:
    found = relative_change([[0.1], [0.1]], [[0.4], [0.4]], [0.2, 0.8], [0.8, 0.2], direction=1.0)
    assert found.defined.tolist() == [Defined.YES, Defined.AWAY]
    np.testing.assert_allclose(found.values[0], [0.5])


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=20))
def test_the_base_is_perfectly_aligned_with_itself(pairs: list[tuple[float, float]]) -> None:
    before, after = np.array(pairs).T
    found = relative_change(before[:, None], after[:, None], before, after)
    usable = found.defined == Defined.YES
    assert (found.values[usable] == 1.0).all()
    assert np.isnan(found.values[~usable]).all()


def test_every_reason_has_words() -> None:
    assert set(DEFINED_TEXTS) == set(Defined)
