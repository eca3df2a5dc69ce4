"""Which value of the target each of a model's answers means, as far as its own answers tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_BEYOND: Final = 4.0
"""Standard errors by which another order has to be right more often than that of the sorted values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The target's values in the order of the model's answers."""

    values: tuple[str, ...]
    """One per answer."""
    why: str
    """What speaks for this order."""
    swapped: bool
    """Whether it is another one than that of the sorted values."""


def answer_order(decisions: NDArray[np.integer], codes: NDArray[np.integer], values: Sequence[str]) -> Order:
    """The order of the sorted values, unless the labels are met far more often in another one.

    The other order is the assignment of values to answers with the most images decided as they are labelled. Of the
    images that only one of the two orders gets right, a share of one half would be expected if neither were the
    better; it has to be the other's by four standard errors. An answer that means nothing but its own number, as
    those of a target of 0 and 1 do, keeps it: labels that go against it are for a person to look at.

    Args:
        decisions: answers 0 … K-1, [image].
        codes: labels at the same images as places in `values`, -1 where unknown.
        values: the target's K values, sorted.

    >>> found = answer_order(np.array([0, 1] * 20), np.array([1, 0] * 20), ("ball", "box"))
    >>> found.values, found.swapped
    (('box', 'ball'), True)
    >>> answer_order(np.array([0, 1] * 20), np.array([1, 0] * 20), ("0", "1")).values
    ('0', '1')
    """
    known = codes >= 0
    table = _table(decisions[known], codes[known], len(values))
    images, as_sorted = int(table.sum()), int(np.trace(table))
    if tuple(values) == tuple(str(number) for number in range(len(values))):
        return Order(values=tuple(values), why="the order of the outputs is that of the numbers", swapped=False)
    place = _best(table)
    other = int(table[np.arange(len(values)), place].sum())
    differs = place != np.arange(len(values))
    apart = int(table[np.arange(len(values)), place][differs].sum() + np.diag(table)[differs].sum())
    if other - as_sorted <= _BEYOND * np.sqrt(apart):
        return Order(
            values=tuple(values),
            why="the order of the outputs is assumed: that of the sorted values",
            swapped=False,
        )
    return Order(
        values=tuple(values[index] for index in place),
        why=f"ASSUMED, since {_percent(other, images)} of {images} images are then decided as they are labelled, and "
        f"{_percent(as_sorted, images)} in the order of the sorted values",
        swapped=True,
    )


def _table(decisions: NDArray[np.integer], codes: NDArray[np.integer], size: int) -> NDArray[np.int64]:
    """Images by answer and label."""
    table = np.zeros((size, size), np.int64)
    np.add.at(table, (decisions, codes), 1)
    return table


def _best(table: NDArray[np.int64]) -> NDArray[np.int64]:
    """The value of each answer in the assignment that gets most images right."""
    from scipy.optimize import linear_sum_assignment

    _, place = linear_sum_assignment(table, maximize=True)
    return np.asarray(place, np.int64)


def _percent(count: int, of: int) -> str:
    return f"{100 * count / of:.0f} %"
