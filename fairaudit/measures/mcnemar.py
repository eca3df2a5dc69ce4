"""Two models on the same images: who gained and who lost."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binom

from fairaudit.measures.confusion import Floats, confusion
from fairaudit.measures.intervals import Interval, normal_quantile
from fairaudit.ratio import ratio


def paired_counts(
    group: ArrayLike, true: ArrayLike, candidate: ArrayLike, baseline: ArrayLike, *, groups: int, classes: int
) -> NDArray[np.int64]:
    """Count images by group, true class and both models' decisions: [group, true, candidate, baseline].

    Images of unknown group or true class (−1) are left out. Summing over the last axis gives the candidate's counts.

    >>> paired_counts([0, 0], [1, 1], [1, 1], [1, 0], groups=1, classes=2)[0, 1].tolist()
    [[0, 0], [1, 1]]
    """
    first, second = np.asarray(candidate, np.int64), np.asarray(baseline, np.int64)
    if first.shape != second.shape or ((first < 0) | (second < 0) | (first >= classes) | (second >= classes)).any():
        raise ValueError(f"decisions need to be two columns of codes 0 … {classes - 1}")
    # The candidate's decision joins the true class, so that one pass counts all four.
    own, truth = np.asarray(group, np.int64), np.asarray(true, np.int64)
    joint = np.where(truth < 0, -1, truth * classes + first)
    table = confusion(own, joint, second, groups=groups, classes=classes * classes)
    return table.counts[..., :classes].astype(np.int64).reshape(groups, classes, classes, classes)


def mcnemar(gained: ArrayLike, lost: ArrayLike) -> Floats:
    """McNemar's test, exact: two-sided p value of `gained` against `lost` images under equal chances.

    p = min(1, 2 P(X ≤ min(b, c))) with X binomial(b + c, ½); 1 when no image changed.

    Args:
        gained: [...] images that the candidate gets right and the baseline wrong.
        lost: [...] images that the baseline gets right and the candidate wrong.

    >>> mcnemar([1, 0], [9, 0]).round(4).tolist()
    [0.0215, 1.0]
    """
    b, c = np.asarray(gained, np.float64), np.asarray(lost, np.float64)
    return np.asarray(np.minimum(1.0, 2 * binom.cdf(np.minimum(b, c), b + c, 0.5)), np.float64)


def paired_change(
    gained: ArrayLike, lost: ArrayLike, images: ArrayLike, *, level: float = 0.95
) -> tuple[Floats, Interval]:
    """Change of a proportion on the same images, (b − c)/n, with the interval of Bonett and Price (2012).

    With p₁ = (b+1)/(n+2) and p₂ = (c+1)/(n+2): p₁ − p₂ ± z √((p₁ + p₂ − (p₁ − p₂)²)/(n+2)), clipped to [−1, 1]; it
    keeps its level in small samples. NaN without images.

    Args:
        gained: [...] images that count for the candidate only.
        lost: [...] images that count for the baseline only.
        images: [...] images compared.
        level: coverage.

    >>> value, (low, high) = paired_change(10, 2, 100)
    >>> round(value.item(), 2), round(low.item(), 3), round(high.item(), 3)
    (0.08, 0.008, 0.149)
    """
    b, c, n = (np.asarray(part, np.float64) for part in (gained, lost, images))
    first, second = (b + 1) / (n + 2), (c + 1) / (n + 2)
    centre = first - second
    half = normal_quantile(level) * np.sqrt((first + second - centre**2) / (n + 2))
    exists = n > 0
    low = np.where(exists, np.maximum(-1.0, centre - half), np.nan)
    high = np.where(exists, np.minimum(1.0, centre + half), np.nan)
    value = ratio(b - c, n)
    return value, Interval(np.minimum(low, value), np.maximum(high, value))
