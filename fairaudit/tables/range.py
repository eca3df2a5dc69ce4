"""The values that a metric can take: numbers for gates and intervals, and words where numbers do not say it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Range:
    """From the least to the greatest value of a metric, both included.

    >>> str(Range(-0.5, 0.5)), str(Range(0.0)), str(Range())
    ('−0.5 to 0.5', '0 and up', 'any number')
    """

    low: float = -math.inf
    """Least value; −∞ where there is none, or it depends on the data."""
    high: float = math.inf
    """Greatest value; ∞ where there is none, or it depends on the data."""
    words: str = ""
    """What a reader is told in place of the two numbers."""

    def __str__(self) -> str:
        if self.words:
            return self.words
        if math.isinf(self.high):
            return "any number" if math.isinf(self.low) else f"{_number(self.low)} and up"
        return f"{_number(self.low)} to {_number(self.high)}"

    def difference(self) -> Range:
        """The range of one value less another.

        >>> str(Range(0.0, 1.0).difference()), str(Range(0.0, words="0 to the number of groups").difference())
        ('−1 to 1', 'the difference of two values, each 0 to the number of groups')
        """
        if math.isfinite(self.low) and math.isfinite(self.high):
            return Range(self.low - self.high, self.high - self.low)
        if math.isinf(self.low):
            return ANY
        return Range(words=f"the difference of two values, each {self.words}") if self.words else ANY


def _number(value: float) -> str:
    return f"{value:g}".replace("-", "−")


SHARE: Final = Range(0.0, 1.0)
SIGNED_SHARE: Final = Range(-1.0, 1.0)
UPWARD: Final = Range(0.0)
ANY: Final = Range()
