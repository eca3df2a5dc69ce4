"""How strongly two categorical columns of the data go together: counts, Yule's φ, Cramér's V and mutual information."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.counts.paper_measures import mutual_information
from fairaudit.ratio import ratio


def contingency(first: ArrayLike, second: ArrayLike, *, rows: int, columns: int) -> NDArray[np.int64]:
    """Count images by two codes: [rows, columns]; images with an unknown code (−1) are left out.

    Args:
        first: [image] codes below `rows`.
        second: [image] codes below `columns`.
        rows: values of the first.
        columns: values of the second.

    >>> contingency([0, 1, 1, -1], [1, 1, 0, 0], rows=2, columns=2).tolist()
    [[0, 1], [1, 1]]
    """
    left, right = np.asarray(first, np.int64), np.asarray(second, np.int64)
    if left.shape != right.shape or left.ndim != 1:
        raise ValueError(f"needs two columns of one length, found {left.shape} and {right.shape}")
    known = (left >= 0) & (right >= 0)
    if known.any() and (left.max() >= rows or right.max() >= columns):
        raise ValueError(f"codes need to lie below {rows} and {columns}, found {left.max()} and {right.max()}")
    flat = np.bincount(left[known] * columns + right[known], minlength=rows * columns)
    return flat.astype(np.int64).reshape(rows, columns)


def phi(table: ArrayLike) -> Floats:
    """Yule's φ of a 2 × 2 table, saliency paper eq. 5.

    φ = (n11 n00 − n10 n01) / √((n11 + n10)(n11 + n01)(n00 + n10)(n00 + n01)), with n_ij attribute i and target j.
    In [−1, 1]; 0 when they are independent. NaN when a value of either never occurs.

    Args:
        table: [..., attribute, target] of size 2 × 2.

    >>> phi([[40, 10], [10, 40]]).round(4).item()
    0.6
    """
    n = np.asarray(table, np.float64)
    if n.shape[-2:] != (2, 2):
        raise ValueError(f"φ needs a 2 × 2 table, found {n.shape}; use cramers_v")
    top = n[..., 1, 1] * n[..., 0, 0] - n[..., 1, 0] * n[..., 0, 1]
    rows, columns = n.sum(-1), n.sum(-2)
    # Roots first: the product of four sums of 50 million images would lose nothing in float64, but of weights it might.
    return ratio(top, np.sqrt(rows[..., 0] * rows[..., 1]) * np.sqrt(columns[..., 0] * columns[..., 1]))


def cramers_v(table: ArrayLike) -> Floats:
    """Cramér's V = √(χ² / (n (min(rows, columns) − 1))), counting only rows and columns that occur.

    In [0, 1]; |φ| for a 2 × 2 table. NaN when fewer than two rows or columns occur.

    Args:
        table: [row, column] counts.

    >>> cramers_v([[40, 10], [10, 40]]).round(4).item()
    0.6
    """
    n = np.asarray(table, np.float64)
    n = n[n.sum(1) > 0][:, n.sum(0) > 0]
    smaller = min(n.shape) - 1
    expected = ratio(n.sum(1, keepdims=True) * n.sum(0), n.sum())
    chi_square = (ratio((n - expected) ** 2, expected)).sum()
    return np.sqrt(ratio(chi_square, n.sum() * max(smaller, 0)))


def association(table: ArrayLike) -> dict[str, float]:
    """Every figure of this module for one table, NaN where undefined; φ only for a 2 × 2 one.

    >>> {name: round(value, 4) for name, value in association([[40, 10], [10, 40]]).items()}
    {'phi': 0.6, 'cramers_v': 0.6, 'mutual_information': 0.1927}
    """
    n = np.asarray(table, np.float64)
    found = {"phi": float(phi(n))} if n.shape == (2, 2) else {}
    return {**found, "cramers_v": float(cramers_v(n)), "mutual_information": float(mutual_information(n))}
