"""How much of the bias a head's soft answers give away: the second term of equation 10 of the pruning paper."""

from __future__ import annotations

import math

import torch
from torch import Tensor

FLOOR = 1e-12
"""Probabilities below this count as this inside the logarithm, where their gradient is 0."""


def normalised_information(codes: Tensor, probabilities: Tensor) -> Tensor:
    """Mutual information of the bias labels with a head's soft answers, divided by log K; differentiable.

    J[b, a] = (1/n) Σ_i 1[b_i = b] p_i(a), I = Σ J log [J / (J_b· J_·a)] / log K over cells with J > 0. In [0, 1], up to
    rounding; lower is less information. 0 for labels that are all the same, for one bias value, and for no known
    label: it is finite, with a gradient that is finite, for every batch. On a small batch it is biased upwards by
    about (K − 1)² / (2 n log K), so batches must not be compared with the whole set.

    Args:
        codes: bias value of every image, -1 unknown, [image].
        probabilities: the head's answers, rows sum to 1, [image, value].

    >>> normalised_information(torch.tensor([0, 1]), torch.eye(2)).item()
    1.0
    """
    values = probabilities.shape[1]
    known = codes >= 0
    if values < 2 or not bool(known.any()):
        return probabilities.sum() * 0.0
    soft = probabilities[known]
    labels = torch.nn.functional.one_hot(codes[known].long(), values).to(soft.dtype)
    joint = labels.t() @ soft / len(soft)
    product = joint.sum(1, keepdim=True) * joint.sum(0, keepdim=True)
    terms = joint * (joint.clamp(min=FLOOR).log() - product.clamp(min=FLOOR**2).log())
    return torch.where(joint > FLOOR, terms, torch.zeros_like(terms)).sum() / math.log(values)
