"""Tails and quantiles of the normal and Student's t distribution, by the functions behind `scipy.stats`.

`scipy.stats` itself takes half a second to import, in every command: modules that start fast take these instead. The
values are the same to the last bit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri, stdtr, stdtrit

Floats = NDArray[np.float64]


def normal_pdf(x: ArrayLike) -> Floats:
    """Density φ(x) of the standard normal distribution: [...].

    >>> normal_pdf(0.0).round(4).item()
    0.3989
    """
    values = np.asarray(x, np.float64)
    return np.asarray(np.exp(-(values**2) / 2.0) / np.sqrt(2 * np.pi), np.float64)


def normal_cdf(x: ArrayLike) -> Floats:
    """Probability Φ(x) of a standard normal value of at most x: [...], 0 … 1."""
    return np.asarray(ndtr(np.asarray(x, np.float64)), np.float64)


def normal_sf(x: ArrayLike) -> Floats:
    """Probability 1 − Φ(x) of a larger value than x: [...], 0 … 1, exact far out.

    >>> normal_sf(1.96).round(4).item()
    0.025
    """
    return np.asarray(ndtr(-np.asarray(x, np.float64)), np.float64)


def normal_isf(tail: ArrayLike) -> Floats:
    """The x that a standard normal value exceeds with probability `tail`: [...]; NaN outside of 0 … 1.

    >>> normal_isf(0.025).round(2).item()
    1.96
    """
    return np.asarray(-ndtri(np.asarray(tail, np.float64)), np.float64)


def student_sf(x: ArrayLike, freedom: ArrayLike) -> Floats:
    """Probability that Student's t with `freedom` degrees exceeds x: [...]; NaN where there is no degree of freedom."""
    return np.asarray(stdtr(np.asarray(freedom, np.float64), -np.asarray(x, np.float64)), np.float64)


def student_ppf(share: ArrayLike, freedom: ArrayLike) -> Floats:
    """The x that Student's t with `freedom` degrees stays below with probability `share`: [...]; NaN without a degree.

    >>> student_ppf(0.975, 10).round(2).item()
    2.23
    """
    p, degrees = np.asarray(share, np.float64), np.asarray(freedom, np.float64)
    # stdtrit says +∞ for a share of 0.
    return np.asarray(np.where((p == 0) & (degrees > 0), -np.inf, stdtrit(degrees, p)), np.float64)


def student_isf(tail: ArrayLike, freedom: ArrayLike) -> Floats:
    """The x that Student's t with `freedom` degrees exceeds with probability `tail`: [...]; NaN without a degree."""
    return -student_ppf(tail, freedom)
