"""Association of two columns against scikit-learn and scipy."""

import numpy as np
import pytest
from scipy.stats.contingency import association as scipy_association
from sklearn.metrics import matthews_corrcoef

from fairaudit.measures.counts.association import association, contingency, cramers_v, phi


def test_phi_is_matthews_correlation():
    rng = np.random.default_rng(0)
    for _ in range(10):
        first = rng.integers(0, 2, 60)
        second = np.where(rng.random(60) < 0.6, first, rng.integers(0, 2, 60))
        table = contingency(first, second, rows=2, columns=2)
        assert phi(table) == pytest.approx(matthews_corrcoef(second, first))


def test_phi_reaches_its_ends_and_keeps_leading_axes():
    assert phi([[[7, 0], [0, 3]], [[0, 3], [7, 0]], [[2, 4], [3, 6]]]).tolist() == pytest.approx([1, -1, 0])


def test_phi_of_a_value_that_never_occurs_is_undefined():
    assert np.isnan(phi([[5, 3], [0, 0]]))
    with pytest.raises(ValueError, match="cramers_v"):
        phi(np.ones((3, 2)))


@pytest.mark.parametrize(("first", "second"), [([0, 2], [0, 1]), ([0, 1], [3, 0])])
def test_codes_beyond_the_values_are_refused(first, second):
    with pytest.raises(ValueError, match=r"below 2 and 3, found"):
        contingency(first, second, rows=2, columns=3)


@pytest.mark.parametrize("shape", [(2, 2), (3, 5), (10, 4)])
def test_cramers_v_equals_scipy(shape):
    table = np.random.default_rng(1).integers(1, 40, size=shape)
    assert cramers_v(table) == pytest.approx(scipy_association(table, method="cramer"))


def test_values_that_never_occur_do_not_count_in_cramers_v():
    table = np.array([[30, 10], [5, 20]])
    padded = np.zeros((4, 3), int)
    padded[1:3, :2] = table
    assert cramers_v(padded) == pytest.approx(float(cramers_v(table)))
    assert np.isnan(cramers_v([[5, 3], [0, 0]]))


def test_unknown_codes_are_left_out():
    table = contingency([0, 1, -1, 2], [1, -1, 0, 0], rows=3, columns=2)
    assert table.tolist() == [[0, 1], [0, 0], [1, 0]]
    assert contingency([], [], rows=2, columns=2).sum() == 0


def test_unusable_columns_are_refused():
    with pytest.raises(ValueError, match="one length"):
        contingency([0], [0, 1], rows=2, columns=2)
    with pytest.raises(ValueError, match="below"):
        contingency([3], [0], rows=2, columns=2)


def test_only_a_two_by_two_table_has_phi():
    assert set(association(np.ones((2, 2)))) == {"phi", "cramers_v", "mutual_information"}
    assert set(association(np.ones((3, 2)))) == {"cramers_v", "mutual_information"}
