"""How wrong the attribute's labels would have to be for a verdict to change."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.counts.disparities import DISPARITIES, disparity
from fairaudit.ratio import ratio

STEPS = 200


def corrected_for_mislabelling(counts: ArrayLike, error: ArrayLike) -> Floats:
    """Expected counts of the true groups when a share of the observed labels is wrong at random.

    With k groups with images and a share e of labels that are any of the other groups alike, the observed counts are
    n'_g = (1 − e) n_g + e/(k − 1) Σ_{h ≠ g} n_h; this is the inverse. Wrong labels mix the groups, so they can only
    hide a gap.

    Cells that would come out negative are set to 0 (the share is then more than these data allow).

    Args:
        counts: [group, true, predicted].
        error: a share in [0, 1 − 1/k), or several, [...].

    Returns:
        [..., group, true, predicted].

    >>> corrected_for_mislabelling([[[0, 0], [1, 9]], [[0, 0], [9, 1]]], 0.1)[:, 1].round(6).tolist()
    [[0.0, 10.0], [10.0, 0.0]]
    """
    shares, table = np.asarray(error, np.float64), np.asarray(counts, np.float64)
    return np.maximum(_unmixed(table, shares.reshape(-1)), 0.0).reshape(*shares.shape, *table.shape)


def flipping_error(counts: ArrayLike, name: str, *, limit: float) -> float:
    """The smallest share of wrong attribute labels at which a disparity's point verdict against a limit would change.

    - A gap inside the limit: real groups may differ more than the labelled ones show. The share at which the corrected
      gap would be outside.
    - A gap outside the limit cannot come from labels that are wrong at random, which only shrink gaps. What could fake
      it are labels that go wrong together with the decision: a share of images that would be enough, if the groups'
      cells were really nearer to the average by exactly these images.

    NaN when no share up to 1 − 1/k does, when the disparity is undefined, or with fewer than two groups.

    Args:
        counts: [group, true, predicted].
        name: one of `DISPARITIES`.
        limit: largest allowed difference, or smallest allowed ratio.

    >>> counts = [[[80, 20], [10, 90]], [[78, 22], [16, 84]]]
    >>> round(flipping_error(counts, "equal_opportunity_difference", limit=0.1), 2)
    0.2
    """
    table = np.asarray(counts, np.float64)
    larger = DISPARITIES[name].form == "difference"
    value = float(disparity(table, name))
    groups = int((table.sum((1, 2)) > 0).sum())
    if np.isnan(value) or groups < 2:
        return float("nan")
    inside = value <= limit if larger else value >= limit
    if not inside:
        return _adverse(table, name, limit, larger)
    shares = np.linspace(0, 1 - 1 / groups, STEPS, endpoint=False)
    tables = corrected_for_mislabelling(table, shares)
    return _first(shares, _outside(disparity(tables, name), limit, larger))


def _adverse(table: Floats, name: str, limit: float, larger: bool) -> float:
    """Share of images whose labels must be exchanged to bring the gap inside, moving every cell towards the average."""
    size = table.sum((1, 2))[:, None, None]
    average = table.sum(0) * ratio(size, size.sum())
    steps = np.linspace(0, 1, STEPS + 1)[:, None, None, None]
    mixed = (1 - steps) * table + steps * average
    moved = np.abs(mixed - table).sum((1, 2, 3)) / 2 / table.sum()
    found = disparity(mixed, name)
    return _first(moved, ~_outside(found, limit, larger) & ~np.isnan(found))


def _outside(values: Floats, limit: float, larger: bool) -> NDArray[np.bool_]:
    # The last bits of an equal mixture must not count as a gap.
    return values > limit + 1e-12 if larger else values < limit - 1e-12


def _first(values: Floats, true: NDArray[np.bool_]) -> float:
    return float(values[true.argmax()]) if true.any() else float("nan")


def _unmixed(table: Floats, errors: Floats) -> Floats:
    """The true groups' counts at every share of wrong labels: [error, group, true, predicted]."""
    present = np.flatnonzero(table.sum((1, 2)) > 0)
    number = len(present)
    unmixed = np.repeat(table[None], len(errors), axis=0)
    if number < 2:
        return unmixed
    wrong = errors[(errors < 0) | (errors >= 1 - 1 / number)]
    if len(wrong):
        raise ValueError(f"the error needs to lie in [0, {1 - 1 / number:g}), found {wrong[0]}")
    mixing = np.where(np.eye(number, dtype=bool), 1 - errors[:, None, None], (errors / (number - 1))[:, None, None])
    cells = table[present].reshape(number, -1)
    unmixed[:, present] = (np.linalg.inv(mixing) @ cells).reshape(len(errors), number, *table.shape[1:])
    return unmixed
