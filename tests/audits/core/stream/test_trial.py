"""Trials of methods: on few images where there are few, and not again when nothing that they rest on has changed."""

from types import SimpleNamespace

import pytest

from fairaudit.audits.core.stream.trial import FEWER, LEAST, SAMPLE, sample_rows


def study(rows, seed=0):
    return SimpleNamespace(manifest=range(rows), options=SimpleNamespace(seed=seed))


@pytest.mark.parametrize(("rows", "tried"), [(0, 0), (10, 10), (24, 24), (160, 24), (300, 30), (480, 48), (9000, 48)])
def test_a_tenth_of_the_images_between_two_bounds(rows, tried):
    found = sample_rows(study(rows))
    assert len(found) == len(set(found)) == tried
    assert set(found) <= set(range(rows))
    assert LEAST <= SAMPLE
    assert FEWER <= LEAST


def test_the_first_of_them_are_a_sample_too():
    """The mean row of the first sixteen is that of all 9,000 within four standard errors, for every seed."""
    for seed in range(20):
        first = sample_rows(study(9000, seed))[:16]
        assert abs(sum(first) / 16 - 4500) < 4 * 9000 / (12 * 16) ** 0.5
        assert sample_rows(study(9000, seed))[:16] == first
