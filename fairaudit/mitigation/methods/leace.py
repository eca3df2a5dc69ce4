"""LEACE: the smallest change of features after which no linear reader finds the attribute (Belrose et al., 2023)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from fairaudit.errors import MethodError
from fairaudit.mitigation.edits import Edit
from fairaudit.mitigation.features import features_of, folded
from fairaudit.mitigation.method import MitigationMethod, Task

TOLERANCE = 0.01
"""Singular values below this are taken for 0, as in the authors' program."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Eraser:
    """The affine map h' = M h + c."""

    matrix: Tensor
    """M [feature, feature]."""
    offset: Tensor
    """c [feature]."""


def eraser(values: Tensor, attribute: Tensor, *, groups: int) -> Eraser:
    """H' = h - W⁺ P W (h - μ) with W = Σ_xx^(-1/2) and P the projector on the columns of W Σ_xz (theorem 4.3).

    Args:
        values: features [image, feature], float64.
        attribute: codes [image], all known.
        groups: number of attribute values.

    Raises:
        MethodError: the features do not vary.
    """
    z = F.one_hot(attribute, groups).to(values)
    mean = values.mean(0)
    x = values - mean
    covariance = x.t() @ x / (len(x) - 1)
    cross = x.t() @ (z - z.mean(0)) / (len(x) - 1)
    eigen, vectors = torch.linalg.eigh(covariance)
    kept = eigen > eigen.max() * len(eigen) * torch.finfo(eigen.dtype).eps
    if not bool(kept.any()) or float(eigen.max()) <= 0:
        raise MethodError("The features do not vary, so there is nothing to erase from them")
    root = torch.where(kept, eigen, torch.zeros_like(eigen)).sqrt()
    inverse = torch.where(kept, 1 / root.clamp(min=1e-300), torch.zeros_like(root))
    whiten, colour = vectors * inverse @ vectors.t(), vectors * root @ vectors.t()
    left, sizes, _ = torch.linalg.svd(whiten @ cross, full_matrices=False)
    basis = left[:, sizes > TOLERANCE]
    removed = colour @ basis @ basis.t() @ whiten
    matrix = torch.eye(len(mean), dtype=values.dtype) - removed
    return Eraser(matrix=matrix, offset=removed @ mean)


def leace(task: Task) -> Edit:
    """The eraser of the balanced rows, folded into the last layer.

    On biased rows attribute and target are one direction to a linear map, and erasing the one takes the other with it.
    """
    part = task.balanced_part()
    found = features_of(task, part)
    known = found.attribute >= 0
    made = eraser(found.values[known], found.attribute[known], groups=part.groups)
    return folded(found, made.matrix, made.offset)


LEACE = MitigationMethod(
    name="leace",
    given=("attribute labels", "balanced data"),
    fit=leace,
)
