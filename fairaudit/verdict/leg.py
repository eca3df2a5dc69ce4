"""One quantity held against its limit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Side = Literal["above", "below", "open", "absent"]


HOPELESS = 100
"""How many times as many images are no longer useful advice: the estimate lies on its limit."""
EDGE = 1.1
"""Below so many times as many images, chance alone may have decided that it is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One quantity with its interval and the limit it is held against."""

    name: str
    """What it is, as it appears in a sentence."""
    low: float | None
    """Lower end of the interval; None when there is none."""
    high: float | None
    """Upper end of the interval; None when there is none."""
    limit: float
    """Above this there is something to find."""
    reason: str | None = None
    """Why there is no interval."""
    n: int | None = None
    """Images behind it, for saying how many more are needed."""
    more: str | None = None
    """What would decide it, in a sentence, where that is known better than from the interval's width."""

    @property
    def side(self) -> Side:
        """On which side of the limit the interval lies; an end on the limit is not above it.

        >>> Leg(name="gap", low=0.1, high=0.2, limit=0.1).side, Leg(name="gap", low=0.0, high=0.1, limit=0.1).side
        ('open', 'below')
        """
        if self.low is None or self.high is None:
            return "absent"
        if self.low > self.limit:
            return "above"
        return "below" if self.high <= self.limit else "open"

    def sentence(self) -> str:
        """The leg in words, with its numbers."""
        if self.low is None or self.high is None:
            return f"{self.name} is unknown ({self.reason or 'not measured'})"
        words = {"above": "above", "below": "not above", "open": "on both sides of"}
        return f"{self.name} {self.low:.3g} to {self.high:.3g} is {words[self.side]} {self.limit:.3g}"

    def needed(self) -> str:
        """What would bring the interval to one side, from the width that it has now."""
        if self.low is None or self.high is None:
            return f"{self.name}: {self.reason or 'measure it'}"
        if self.more is not None:
            return f"{self.name}: {self.more[0].lower()}{self.more[1:].rstrip('.')}"
        images = self._images()
        if images is None or self.n is None:
            return f"{self.name}: more images are needed"
        if images > HOPELESS * self.n:
            return f"{self.name} lies so near to {self.limit:.3g} that more images are not likely to decide it"
        if images < EDGE * self.n:
            return (
                f"{self.name}: its interval only just contains {self.limit:.3g}, and another sample of this size "
                f"could end on either side; {2 * self.n:,} images instead of {self.n:,} are likely to settle it"
            )
        return f"{self.name}: about {_rounded(images):,} images instead of {self.n:,} are likely to decide it"

    def _images(self) -> int | None:
        """Images at which the interval, shrinking with 1/√n around its centre, would no longer hold the limit."""
        if self.n is None or self.low is None or self.high is None:
            return None
        distance = abs((self.low + self.high) / 2 - self.limit)
        if distance == 0:
            return None
        return math.ceil(self.n * ((self.high - self.low) / 2 / distance) ** 2)


def _rounded(images: int) -> int:
    """Up to two digits that count: an estimate of an estimate has no more.

    >>> _rounded(987), _rounded(1234), _rounded(40)
    (990, 1300, 40)
    """
    step = int(10 ** max(0, len(str(images)) - 2))
    return -(-images // step) * step


def sides(legs: Iterable[Leg]) -> set[Side]:
    """The sides on which the legs lie."""
    return {leg.side for leg in legs}


def listed(names: Sequence[str]) -> str:
    """Names as a sentence lists them.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
