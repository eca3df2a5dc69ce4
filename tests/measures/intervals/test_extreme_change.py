"""Changes of a largest disparity: the definition, one contrast against the closed form, what is unknown."""

import numpy as np
import pytest

from fairaudit.measures.intervals.extreme_change import ModelContrasts, upper_change


def contrasts(value, low, high):
    return ModelContrasts(*(np.asarray(part, np.float64) for part in (value, low, high)))


@pytest.mark.parametrize("rho", [-0.5, 0.0, 0.9])
def test_one_contrast_has_the_end_of_two_dependent_estimates(rho):
    new, old = contrasts([0.3], [0.2], [0.45]), contrasts([0.1], [0.05], [0.3])
    end = upper_change(new, old, [[rho]]).end
    assert end == pytest.approx(0.2 + np.sqrt(0.15**2 + 0.05**2 - 2 * rho * 0.15 * 0.05))


def test_it_is_the_smallest_over_the_one_and_the_largest_over_the_other():
    rng = np.random.default_rng(0)
    value = rng.normal(size=(2, 7))
    sides = rng.random((2, 2, 7))
    rho = rng.uniform(-1, 1, (7, 7))
    new, old = (contrasts(v, v - s[0], v + s[1]) for v, s in zip(value, sides, strict=True))
    slow = min(
        max(
            new.value[a] - old.value[b]
            + np.sqrt((new.high[a] - new.value[a]) ** 2 + (old.value[b] - old.low[b]) ** 2
                      - 2 * rho[a, b] * (new.high[a] - new.value[a]) * (old.value[b] - old.low[b]))
            for a in range(7)
        )
        for b in range(7)
    )  # fmt: skip
    assert upper_change(new, old, rho).end == pytest.approx(slow)


def test_a_contrast_that_is_not_known_may_be_the_largest_and_proves_nothing():
    new, old = (
        contrasts([0.0, -np.inf], [0.0, -np.inf], [0.1, 1.0]),
        contrasts([0.2, -np.inf], [0.1, -np.inf], [0.3, 1]),
    )
    assert upper_change(new, old, np.zeros((2, 2))).end == pytest.approx(1.0 - 0.2 + 0.1)
    nothing = contrasts([-np.inf], [-np.inf], [1.0])
    assert upper_change(nothing, nothing, [[0.0]]).end == np.inf
