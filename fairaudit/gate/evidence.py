"""How strongly a measurement says that the truth is inside or outside a rule's limits, from the report alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from fairaudit.results.measurement import Measurement

_NORMAL = NormalDist()
_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is allowed: minimum ≤ θ ≤ maximum, either left out."""

    minimum: float | None
    maximum: float | None

    def allow(self, value: float) -> bool:
        """Whether a value is inside; the limits themselves are."""
        below = self.maximum is None or value <= self.maximum
        return below and (self.minimum is None or value >= self.minimum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """An estimate whose interval can be had at any level.

    With tail t the interval is [lower(t), upper(t)], which misses the truth on either side with probability t. A report
    stores one level only, so others are made from it: a Wilson interval is computed again from its counts, exactly;
    any other keeps its shape, each side scaled by z(t) / z(t₀), z the normal quantile. That is exact for normal
    intervals and an approximation for bootstrap ones.

    The interval of a rate has width however many images it rests on, so no count shows a rate of exactly 0 or 1: a
    limit there can be broken but never shown to be kept. An interval of no width around decisions comes from images
    that are all alike: it does not tell how others would differ, so it decides nothing. An effect of 0 on every image
    does.
    """

    centre: float
    """Where both sides start: the estimate, or the interval's middle where the estimate is not inside it."""
    below: float
    """Length of the lower side at tail t₀."""
    above: float
    """Length of the upper side at tail t₀."""
    tail: float
    """t₀ = (1 − level) / 2."""
    counts: tuple[float, float] | None = None
    """Numerator and denominator where the interval is Wilson's."""
    of_decisions: bool = False
    """Whether the number is of decisions or scores of images, and not of effects, which may be 0 for every image."""

    def lower(self, tail: float) -> float:
        """Lower end of the interval with this probability below it."""
        if self.counts:
            return wilson(*self.counts, z(tail))[0]
        return self.centre - self.below * z(tail) / z(self.tail)

    def upper(self, tail: float) -> float:
        """Upper end of the interval with this probability above it."""
        if self.counts:
            return wilson(*self.counts, z(tail))[1]
        return self.centre + self.above * z(tail) / z(self.tail)

    def p_inside(self, limits: Limits) -> float:
        """Smallest tail at which the whole interval is inside the limits: the p value of "outside or at a limit"."""
        maximum, minimum = limits.maximum, limits.minimum
        if self.without_width:
            return 1.0
        up = 0.0 if maximum is None else self._p(maximum - self.centre, self.above, maximum, free=maximum >= 1)
        down = 0.0 if minimum is None else self._p(self.centre - minimum, self.below, minimum, free=minimum <= 0)
        return max(up, down)

    def p_outside(self, limits: Limits) -> float:
        """Smallest tail at which the whole interval is outside the limits: the p value of "inside"."""
        maximum, minimum = limits.maximum, limits.minimum
        if self.without_width:
            return 1.0
        up = 1.0 if maximum is None else self._p(self.centre - maximum, self.below, maximum, strict=True)
        down = 1.0 if minimum is None else self._p(minimum - self.centre, self.above, minimum, strict=True)
        return min(up, down)

    @property
    def without_width(self) -> bool:
        """Whether both ends are the estimate although other images may be decided otherwise."""
        return self.of_decisions and self.counts is None and self.below <= 0 and self.above <= 0

    def _p(self, distance: float, side: float, limit: float, *, strict: bool = False, free: bool = False) -> float:
        """Tail at which a side of the interval reaches a limit `distance` away; negative when it is already beyond.

        `free` says that a limit of a rate is at the end of its range that allows everything.
        """
        if self.counts:
            side, distance = _score(self.counts, limit, distance)
        elif side > 0:
            side /= z(self.tail)
        if side <= 0:
            # Counts have no error at a limit of 0 or 1, where the interval reaches up to it however many they are.
            touching = distance == 0 and not strict and (free or not self.counts)
            return 0.0 if distance > 0 or touching else 1.0
        return 0.5 * math.erfc(distance / side / math.sqrt(2))


def evidence(measurement: Measurement) -> Evidence | None:
    """The measurement's evidence; None without an interval and its level. A missing value is taken as the middle."""
    value, low, high, level = measurement.value, measurement.low, measurement.high, measurement.level
    if low is None or high is None or level is None or not 0 < level < 1:
        return None
    tail = (1 - level) / 2
    counts = _wilson_counts(measurement, low, high, tail)
    centre = value if value is not None and low <= value <= high else (low + high) / 2
    return Evidence(
        centre=centre,
        below=centre - low,
        above=high - centre,
        tail=tail,
        counts=counts,
        of_decisions=measurement.audit == "fairness",
    )


def wilson(numerator: float, denominator: float, quantile: float) -> tuple[float, float]:
    """Wilson's interval of a rate k/n: (k + z²/2 ∓ z √(k(n−k)/n + z²/4)) / (n + z²) (Wilson 1927).

    >>> [round(end, 4) for end in wilson(8, 10, 1.959964)]
    [0.4902, 0.9433]
    """
    square = quantile**2
    middle = (numerator + square / 2) / (denominator + square)
    spread = numerator * (denominator - numerator) / denominator + square / 4
    half = abs(quantile) * math.sqrt(max(spread, 0.0)) / (denominator + square)
    return max(0.0, middle - half), min(1.0, middle + half)


def z(tail: float) -> float:
    """The normal quantile with this probability above it.

    >>> round(z(0.025), 4)
    1.96
    """
    return -_NORMAL.inv_cdf(tail)


def _score(counts: tuple[float, float], limit: float, distance: float) -> tuple[float, float]:
    """Standard error at the limit and signed distance to it: Wilson's interval is the score test turned around."""
    rate = counts[0] / counts[1]
    error = math.sqrt(max(limit * (1 - limit), 0.0) / counts[1])
    return error, math.copysign(abs(rate - limit), distance)


def _wilson_counts(measurement: Measurement, low: float, high: float, tail: float) -> tuple[float, float] | None:
    numerator, denominator = measurement.numerator, measurement.denominator
    if measurement.interval != "wilson" or numerator is None or not denominator:
        return None
    again = wilson(numerator, denominator, z(tail))
    # Counts that do not give the stored interval are not what it was made of, such as an effective sample size.
    same = abs(again[0] - low) < _TOLERANCE and abs(again[1] - high) < _TOLERANCE
    return (numerator, denominator) if same else None
