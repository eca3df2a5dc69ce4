"""The published program's λ schedule and its stop rules, as tables that a whole batch can be judged by."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fairaudit.errors import UsageError

Direction = Literal["down", "up"]


class Stop(IntEnum):
    """Why a search ended; the order of the published program's rules, then our own."""

    TURNED = 0
    """The base score started to move back."""
    FLOOR = 1
    """The base score is within `floor` of the end of its range."""
    REACHED = 2
    """The base score moved by more than `drop`."""
    LIMIT = 3
    """λ reached its cap."""
    PIXELS = 4
    """The image changed by more than `pixel_limit` of its own sum."""
    FLAT = 5
    """The gradient is exactly zero: there is no direction to go."""
    NONFINITE = 6
    """The gradient or a score is not finite."""


STOP_TEXTS: dict[Stop, str] = {
    Stop.TURNED: "base score started to move back",
    Stop.FLOOR: "base score at the end of its range",
    Stop.REACHED: "base score moved far enough",
    Stop.LIMIT: "λ reached its cap",
    Stop.PIXELS: "image changed too much",
    Stop.FLAT: "gradient is zero",
    Stop.NONFINITE: "gradient or score is not finite",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderSettings:
    """How far to walk along the ray of eq. 1 and when to stop."""

    search: Literal["compat", "fast"] = "fast"
    """compat: the published program's ladder, rung by rung; fast: a logit-scaled bracket and bisection."""
    direction: Direction = "down"
    """down removes the base class's evidence, up adds it."""
    drop: float = 0.6
    """Change of the base score that ends the search (the paper's 0.6)."""
    floor: float = 0.05
    """A base score below this (above 1 − this for `up`) ends the search; in the program, not in the paper."""
    step: int = 10
    """First rung of the ladder."""
    limit: float = 500_000.0
    """Cap on λ (the program's value for alignment)."""
    pixel_limit: float | None = None
    """Cap on Σ|x_λ − x_0| / Σ|x_0|; 0.05 in the program, none in the paper."""
    window: int = 4
    """Rungs of one image that are decoded together in compat."""
    batch_size: int = 64
    """Images decoded in one pass."""

    def __post_init__(self) -> None:
        """Refuse numbers that no search can use."""
        if self.search not in ("compat", "fast"):
            raise UsageError("The search is unknown", wanted="compat or fast", found=self.search)
        if self.direction not in ("down", "up"):
            raise UsageError("The direction is unknown", wanted="down or up", found=self.direction)
        positive = {"drop": self.drop, "step": self.step, "limit": self.limit, "window": self.window}
        positive |= {"batch_size": self.batch_size}
        if self.pixel_limit is not None:
            positive["pixel_limit"] = self.pixel_limit
        for name, value in positive.items():
            if not value > 0:
                raise UsageError(f"{name} cannot be used", wanted="a number above 0", found=str(value))
        if not 0 <= self.floor < 1:
            raise UsageError("floor cannot be used", wanted="0 <= floor < 1", found=str(self.floor))

    @property
    def sign(self) -> float:
        """Direction of the walk along the gradient: −1 removes evidence, +1 adds it."""
        return -1.0 if self.direction == "down" else 1.0


@lru_cache(maxsize=32)
def ladder(step: int = 10, limit: float = 500_000.0) -> tuple[int, ...]:
    """The published schedule: λ_0 = 0, λ_{k+1} = λ_k + step + ⌈λ_k / 10⌉, up to the first rung at or past the limit.

    The program walks through negative numbers with a floor, which is this ceiling here; about 10·step·(1.1^k − 1),
    linear at first and then 10 % a rung.

    >>> ladder(10, 140)
    (0, 10, 21, 34, 48, 63, 80, 98, 118, 140)
    """
    rungs = [0]
    while rungs[-1] < limit:
        rungs.append(rungs[-1] + step - (-rungs[-1] // 10))
    return tuple(rungs)


def stop_codes(
    before: NDArray[np.floating],
    values: NDArray[np.floating],
    previous: NDArray[np.floating],
    lams: NDArray[np.floating],
    pixels: NDArray[np.floating],
    settings: LadderSettings,
) -> NDArray[np.int64]:
    """Which rule ends the search at each rung, −1 where none does.

    Rules in the program's order: the score moved back (strictly), it is within `floor` of its end, it moved by more
    than `drop`, λ is at its cap, the image changed by more than `pixel_limit`. All arrays broadcast to one shape.

    Args:
        before: base score of the reconstruction.
        values: base score at the rung.
        previous: base score at the rung before.
        lams: λ of the rung.
        pixels: relative pixel change at the rung.
        settings: limits and direction.
    """
    flip = -settings.sign
    moved = flip * (before - values)
    end = values if settings.direction == "down" else 1.0 - values
    over = pixels > settings.pixel_limit if settings.pixel_limit is not None else np.zeros_like(pixels, dtype=bool)
    rules = (
        (Stop.TURNED, flip * (values - previous) > 0),
        (Stop.FLOOR, end < settings.floor),
        (Stop.REACHED, moved > settings.drop),
        (Stop.LIMIT, lams >= settings.limit),
        (Stop.PIXELS, over),
    )
    codes = np.full(np.broadcast(before, values, previous, lams, pixels).shape, -1, np.int64)
    for code, fires in reversed(rules):
        codes = np.where(fires, int(code), codes)
    return np.where(np.isfinite(values), codes, int(Stop.NONFINITE))
