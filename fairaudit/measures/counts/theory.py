"""How much of a bias a model can show: the information curves of the pruning paper (Debiasing Surgeon, ECCV 2024).

ρ is the share of images whose bias goes with their class, N the number of classes and of bias values, and φ the model's
biasedness: how much of its decision follows the bias where the two disagree (0: the target, 1: the bias). All curves
are mutual information divided by log N, so 0 is none and 1 is all of it.

Equations 4 and 6 are misprinted in the paper; here they are as derived from its appendix (eqs. 15 and 16).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import xlogy

from fairaudit.measures.counts.confusion import Floats
from fairaudit.ratio import ratio


def perfect_model_information(rho: ArrayLike, *, classes: int) -> Floats:
    """Eq. 3: information on the bias in the decisions of a perfect model.

    [log N + ρ log ρ + (1−ρ) log((1−ρ)/(N−1))] / log N.
    In [0, 1]; 0 at ρ = 1/N (bias and class independent), 1 at ρ = 1. Not 0 on biased data: a perfect model still shows
    what bias and class share.

    Args:
        rho: share of bias-aligned images, in [0, 1].
        classes: N, at least 2.

    >>> perfect_model_information([0.1, 0.9, 1.0], classes=10).round(4).tolist()
    [0.0, 0.7634, 1.0]
    """
    aligned = _share("rho", rho)
    return _normalised(aligned, 1 - aligned, classes)


def following_model_information(rho: ArrayLike, phi: ArrayLike, *, classes: int) -> Floats:
    """Eq. 4 as it follows from eq. 15: information on the bias when a share φ of conflicting images follows the bias.

    With q = ρ + φ(1−ρ) and u = (1−φ)(1−ρ): 1 + [q log q + u log(u/(N−1))] / log N. In [0, 1]. φ = 1 gives 1 for every
    ρ; φ = 0 gives eq. 3.

    Args:
        rho: share of bias-aligned images.
        phi: share of conflicting images that are decided by the bias.
        classes: N, at least 2.

    >>> following_model_information(0.9, [0.0, 0.5, 1.0], classes=10).round(4).tolist()
    [0.7634, 0.8661, 1.0]
    """
    aligned, follows = _share("rho", rho), _share("phi", phi)
    return _normalised(aligned + follows * (1 - aligned), (1 - follows) * (1 - aligned), classes)


def missing_bias_error(phi: ArrayLike, *, needed: ArrayLike) -> Floats:
    """Eq. 5: error that appears when a model stops using the bias, ε_bia = K (1 − φ).

    Args:
        phi: biasedness, share of conflicting images that are decided by the bias.
        needed: K in [0, 1], how much the target itself needs the biased features.

    >>> missing_bias_error(0.25, needed=1.0).item()
    0.75
    """
    return np.asarray(_share("needed", needed) * (1 - _share("phi", phi)), np.float64)


def task_information(rho: ArrayLike, phi: ArrayLike, *, needed: ArrayLike, classes: int) -> Floats:
    """Eq. 6 as it follows from eq. 16: information on the target in the model's decisions, divided by log N.

    With f(x, y, z) = x y log(x z) and ε from eq. 5: f(d, N, N²) + f(o, N(N−1), N²), where
    d = [ρ(1−ε) + (1−φ)(1−ρ)(1−K)] / N and o = [φ(1−ρ)K + ρε] / (N(N−1)). The appendix's joint does not sum to 1
    unless φ = K or ρ = 1, so this can be below 0; `bounded_task_information` is the sound replacement.

    Args:
        rho: share of bias-aligned images.
        phi: biasedness.
        needed: K in [0, 1], how much the target itself needs the biased features.
        classes: N, at least 2.

    >>> task_information(0.9, [0.0, 0.5, 1.0], needed=0.5, classes=10).round(3).tolist()
    [0.214, 0.452, 0.796]
    """
    aligned, follows, need = _share("rho", rho), _share("phi", phi), _share("needed", needed)
    wrong = missing_bias_error(follows, needed=need)
    n = _number(classes)
    diagonal = (aligned * (1 - wrong) + (1 - follows) * (1 - aligned) * (1 - need)) / n
    other = (follows * (1 - aligned) * need + aligned * wrong) / (n * (n - 1))
    information = n * xlogy(diagonal, diagonal * n * n) + n * (n - 1) * xlogy(other, other * n * n)
    return np.asarray(information / np.log(n), np.float64)


def bounded_task_information(rho: ArrayLike, phi: ArrayLike, *, needed: ArrayLike, classes: int) -> Floats:
    """Our replacement for eq. 6, always in [0, 1]: wrong decisions are spread evenly over the other classes.

    With c = ρ(1−ε) + (1−φ)(1−ρ)(1−K) and ε from eq. 5: 1 + [c log c + (1−c) log((1−c)/(N−1))] / log N.

    Args:
        rho: share of bias-aligned images.
        phi: biasedness.
        needed: K in [0, 1], how much the target itself needs the biased features.
        classes: N, at least 2.

    >>> bounded_task_information(0.9, [0.0, 1.0], needed=0.0, classes=10).round(3).tolist()
    [1.0, 0.763]
    """
    aligned, follows, need = _share("rho", rho), _share("phi", phi), _share("needed", needed)
    wrong = missing_bias_error(follows, needed=need)
    right = aligned * (1 - wrong) + (1 - follows) * (1 - aligned) * (1 - need)
    return _normalised(right, 1 - right, classes)


def _normalised(along: Floats, rest: Floats, classes: int) -> Floats:
    """1 + [c log c + r log(r/(N−1))] / log N for one value of share c and N − 1 values that share r evenly."""
    n = _number(classes)
    return np.asarray(1 + ratio(xlogy(along, along) + xlogy(rest, rest / (n - 1)), np.log(n)), np.float64)


def _share(name: str, value: ArrayLike) -> Floats:
    share = np.asarray(value, np.float64)
    if not ((share >= 0) & (share <= 1)).all():
        raise ValueError(f"{name} needs to lie in [0, 1], found {share}")
    return share


def _number(classes: int) -> int:
    if classes < 2:
        raise ValueError(f"classes need to be at least 2, found {classes}")
    return classes
