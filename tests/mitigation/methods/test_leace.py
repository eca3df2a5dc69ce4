"""LEACE against its authors' program, and what it promises: no covariance with the attribute is left."""

import numpy as np
import pytest
import torch

from fairaudit.mitigation.methods.leace import eraser


def features(seed, groups):
    draw = np.random.default_rng(seed)
    a = draw.integers(0, groups, 500)
    x = draw.normal(size=(500, 12)) @ draw.normal(size=(12, 12)) + draw.normal(size=(groups, 12))[a]
    return torch.from_numpy(x), torch.from_numpy(a)


@pytest.mark.parametrize("groups", [2, 3])
def test_equals_the_authors_program(groups):
    concept_erasure = pytest.importorskip("concept_erasure", reason="the oracle concept-erasure is not installed")
    x, a = features(0, groups)
    fitter = concept_erasure.LeaceFitter(12, groups, dtype=torch.float64, shrinkage=False)
    wanted = fitter.update(x, torch.nn.functional.one_hot(a, groups).double()).eraser(x)
    made = eraser(x, a, groups=groups)
    assert torch.allclose(x @ made.matrix.t() + made.offset, wanted, atol=1e-8)


def test_no_linear_trace_is_left_and_the_mean_stays():
    x, a = features(1, 3)
    made = eraser(x, a, groups=3)
    moved = x @ made.matrix.t() + made.offset
    assert torch.allclose(moved.mean(0), x.mean(0))
    means = torch.stack([moved[a == value].mean(0) for value in range(3)])
    assert (means - moved.mean(0)).abs().max() < 1e-9


def test_features_of_deficient_rank():
    x, a = features(2, 2)
    x[:, 3] = x[:, 4]
    made = eraser(x, a, groups=2)
    assert torch.isfinite(made.matrix).all()
