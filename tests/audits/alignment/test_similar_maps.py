"""Which methods can be compared between classifiers, and what a similarity is as a row."""

import pytest

from fairaudit.audits.alignment.similar_maps import _BOUND, _estimate, check_methods
from fairaudit.errors import UsageError
from fairaudit.measures.regions.map_similarity import Similarity


def test_methods_are_checked_before_anything_is_computed():
    check_methods(["gradient", "lrp"])
    with pytest.raises(UsageError, match=r"named twice.*Found: gradient"):
        check_methods(["gradient", "lrp", "gradient"])
    with pytest.raises(UsageError, match="needs no labels"):
        check_methods(["cgi"])
    with pytest.raises(UsageError):
        check_methods(["no such method"])


@pytest.mark.parametrize(
    ("clustered", "interval", "unit"), [(False, "bootstrap", "image"), (True, "cluster-bootstrap", "cluster")]
)
def test_a_similarity_as_an_estimate(clustered, interval, unit):
    found = _estimate(Similarity(value=0.5, low=0.4, high=0.6, n=12, chance=0.1), _BOUND, clustered)
    assert (found.value, found.low, found.high, found.n, found.chance) == (0.5, 0.4, 0.6, 12, 0.1)
    assert (found.interval, found.unit, found.unusable) == (interval, unit, _BOUND)
