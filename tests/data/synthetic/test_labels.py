import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairaudit.data.synthetic.labels import TARGET, VALUES, Tie, exact_labels, tie
from fairaudit.errors import UsageError


def crosstab(labels, attribute):
    table = np.zeros((2, len(VALUES[attribute])), dtype=int)
    np.add.at(table, (labels[TARGET], labels[attribute]), 1)
    return table


def test_counts_at_a_high_phi():
    labels = exact_labels(400, seed=3, phi={"necktie": 0.9})
    # (1 + 0.9) / 4 of 400 images smile with a necktie, (1 - 0.9) / 4 do without.
    assert crosstab(labels, "necktie").tolist() == [[190, 10], [10, 190]]
    assert np.corrcoef(labels[TARGET], labels["necktie"])[0, 1] == pytest.approx(0.9, abs=1e-12)


def test_negative_phi_turns_the_table():
    assert crosstab(exact_labels(400, seed=3, phi={"hat": -0.9}), "hat").tolist() == [[10, 190], [190, 10]]


@settings(max_examples=60, deadline=None)
@given(half=st.integers(4, 150), phi=st.floats(-1, 1), seed=st.integers(0, 99))
def test_phi_is_the_nearest_attainable(half, phi, seed):
    labels = exact_labels(2 * half, seed=seed, phi={"glasses": phi})
    table = crosstab(labels, "glasses")
    assert table.sum(axis=1).tolist() == [half, half]
    assert table.sum(axis=0).tolist() == [half, half]
    # Moving one image between cells moves φ by 2 / half, so the nearest is within half of that.
    assert abs(np.corrcoef(labels[TARGET], labels["glasses"])[0, 1] - phi) <= 1 / half + 1e-9


def test_attributes_with_three_values_are_tied_by_the_last():
    labels = exact_labels(600, seed=0, phi={"skin": 0.5})
    dark = labels["skin"] == 2
    assert dark.sum() == 200
    assert np.corrcoef(labels[TARGET], dark)[0, 1] == pytest.approx(0.5, abs=0.01)
    light, medium = crosstab(labels, "skin")[:, 0], crosstab(labels, "skin")[:, 1]
    assert np.abs(light - medium).max() <= 1


@pytest.mark.parametrize("attribute", [name for name in VALUES if name != TARGET])
def test_attributes_are_independent_of_the_target_unless_tied(attribute):
    table = crosstab(exact_labels(1200, seed=1, phi={"necktie": 0.8} if attribute != "necktie" else {}), attribute)
    assert table.tolist() == [[600 // table.shape[1]] * table.shape[1]] * 2


def test_a_tie_changes_no_other_label():
    free, tied = exact_labels(300, seed=5), exact_labels(300, seed=5, phi={"necktie": 0.9})
    for name in set(VALUES) - {"necktie"}:
        np.testing.assert_array_equal(free[name], tied[name])
    assert (free["necktie"] != tied["necktie"]).any()


def test_seeds():
    first, again, other = exact_labels(100, seed=1), exact_labels(100, seed=1), exact_labels(100, seed=2)
    assert all((first[name] == again[name]).all() for name in VALUES)
    assert all((first[name] != other[name]).any() for name in VALUES)


def test_tie_with_unequal_margins():
    # p = 1/4, q = 1/2, n = 80: P(1, 1) n = 10 + 0.5 * sqrt(60 * 20 / 4) = 10 + 8.66, so 19 of the 40 tied images.
    assert tie(60, 20, share=0.5, phi=0.5) == Tie(negatives=21, positives=19)


def test_phi_out_of_reach():
    with pytest.raises(UsageError, match=r"up to 0\.707"):
        exact_labels(300, seed=0, phi={"skin": 0.9})
    with pytest.raises(UsageError, match="cannot be associated"):
        exact_labels(300, seed=0, phi={"hat": 1.5})


@pytest.mark.parametrize("name", ["neckite", TARGET])
def test_labels_that_cannot_be_tied(name):
    with pytest.raises(UsageError, match=name):
        exact_labels(300, seed=0, phi={name: 0.5})
