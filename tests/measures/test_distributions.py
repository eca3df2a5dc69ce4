"""Tails and quantiles against scipy.stats, bit for bit, and that nothing slow is loaded for them."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from fairaudit.measures import distributions

DRAWS = np.random.default_rng(0)
X = np.concatenate([DRAWS.normal(size=5000) * 5, [0.0, np.inf, -np.inf, np.nan]])
SHARES = np.concatenate([DRAWS.random(5000), [0.0, 1.0, 0.5, 1e-300, np.nan, -0.1, 1.1]])
NORMAL = {
    "pdf": (distributions.normal_pdf, stats.norm.pdf, X),
    "cdf": (distributions.normal_cdf, stats.norm.cdf, X),
    "sf": (distributions.normal_sf, stats.norm.sf, X),
    "isf": (distributions.normal_isf, stats.norm.isf, SHARES),
}
STUDENT = {
    "sf": (distributions.student_sf, stats.t.sf, X),
    "isf": (distributions.student_isf, stats.t.isf, SHARES),
    "ppf": (distributions.student_ppf, stats.t.ppf, SHARES),
}


@pytest.mark.parametrize("name", NORMAL)
def test_the_normal_distribution_is_scipys(name):
    own, theirs, values = NORMAL[name]
    np.testing.assert_allclose(own(values), theirs(values), rtol=1e-14, atol=0)
    assert own(0.25).shape == ()


@pytest.mark.parametrize("name", STUDENT)
def test_students_distribution_is_scipys(name):
    own, theirs, values = STUDENT[name]
    for freedom in (1, 2, 3.5, 30, 10_000):
        np.testing.assert_allclose(own(values, freedom), theirs(values, freedom), rtol=1e-14, atol=0)
    assert np.isnan(own(0.3, 0))


def test_none_of_it_loads_the_statistics_of_scipy():
    code = "import sys; import fairaudit.measures.distributions; print('scipy.stats' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
