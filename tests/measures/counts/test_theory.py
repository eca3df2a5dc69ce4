"""Information curves of the pruning paper: limits, and mutual information of the joint tables they come from."""

import numpy as np
import pytest

from fairaudit.measures.counts.paper_measures import mutual_information
from fairaudit.measures.counts.theory import (
    bounded_task_information,
    following_model_information,
    missing_bias_error,
    perfect_model_information,
    task_information,
)


def joint(along, classes):
    """N × N table with mass `along` on the diagonal and the rest spread evenly: eq. 2."""
    table = np.full((classes, classes), (1 - along) / (classes * (classes - 1)))
    np.fill_diagonal(table, along / classes)
    return table


@pytest.mark.parametrize("classes", [2, 3, 10])
@pytest.mark.parametrize("rho", [0.0, 0.1, 0.5, 0.99, 1.0])
def test_equation_3_is_the_mutual_information_of_equation_2(rho, classes):
    expected = mutual_information(joint(rho, classes)) / np.log(classes)
    assert perfect_model_information(rho, classes=classes) == pytest.approx(float(expected), abs=1e-12)


def test_equation_3_at_its_limits_and_at_the_papers_setting():
    assert perfect_model_information(0.1, classes=10) == pytest.approx(0, abs=1e-15)
    assert perfect_model_information(1.0, classes=10) == pytest.approx(1)
    assert perfect_model_information(0.0, classes=10) == pytest.approx(np.log(10 / 9) / np.log(10))
    found = perfect_model_information([0.5, 0.9, 0.99, 0.999], classes=10)
    np.testing.assert_allclose(found, [0.2218, 0.7634, 0.9661, 0.9956], atol=5e-5)


@pytest.mark.parametrize("rho", [0.1, 0.6, 0.9])
@pytest.mark.parametrize("phi", [0.0, 0.3, 1.0])
def test_equation_4_corrected_is_the_mutual_information_of_its_joint(rho, phi):
    expected = mutual_information(joint(rho + phi * (1 - rho), 10)) / np.log(10)
    assert following_model_information(rho, phi, classes=10) == pytest.approx(float(expected), abs=1e-12)


def test_equation_4_corrected_meets_equation_3_and_is_1_for_a_model_that_follows_the_bias():
    rho = np.array([0.0, 0.1, 0.5, 0.9, 1.0])
    np.testing.assert_allclose(following_model_information(rho, 1.0, classes=10), 1.0)
    np.testing.assert_allclose(following_model_information(1.0, [0.0, 0.5], classes=10), 1.0)
    np.testing.assert_allclose(
        following_model_information(rho, 0.0, classes=10), perfect_model_information(rho, classes=10)
    )


def test_equation_5():
    assert missing_bias_error([0.0, 0.5, 1.0], needed=0.8).tolist() == pytest.approx([0.8, 0.4, 0.0])


@pytest.mark.parametrize(
    ("needed", "values"), [(0.0, [1, 0.929, 0.859]), (1.0, [0, 0.166, 0.763]), (0.5, [0.214, 0.452, 0.796])]
)
def test_equation_6_as_it_follows_from_equation_16(needed, values):
    found = task_information(0.9, [0, 0.5, 1], needed=needed, classes=10)
    np.testing.assert_allclose(found, values, atol=6e-4)


def test_the_bounded_curve_is_an_information_and_tells_the_same_story():
    rho, phi, needed = np.meshgrid(*[np.linspace(0, 1, 9)] * 3)
    found = bounded_task_information(rho, phi, needed=needed, classes=10)
    assert found.min() >= -1e-12
    assert found.max() <= 1 + 1e-12
    ends = bounded_task_information(0.9, [0.0, 1.0], needed=0.0, classes=10)
    np.testing.assert_allclose(ends, [1, 0.763], atol=5e-4)
    ends = bounded_task_information(0.9, [0.0, 1.0], needed=1.0, classes=10)
    np.testing.assert_allclose(ends, [0.046, 0.763], atol=5e-4)
    # Where the target needs the bias the task falls when the bias goes, elsewhere it rises.
    assert np.diff(bounded_task_information(0.9, [0.2, 0.8], needed=1.0, classes=10)) > 0
    assert np.diff(bounded_task_information(0.9, [0.2, 0.8], needed=0.0, classes=10)) < 0


def test_shares_and_class_numbers_are_checked():
    with pytest.raises(ValueError, match="rho"):
        perfect_model_information(1.2, classes=10)
    with pytest.raises(ValueError, match="classes"):
        perfect_model_information(0.5, classes=1)
