"""How strongly a measurement says that the truth is inside or outside a rule's limits, from the report alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from scipy.special import betainc, betaincinv

from fairaudit.results.measurement import Measurement
from fairaudit.tables.metrics import METRICS

_NORMAL = NormalDist()
_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits: minimum ≤ θ ≤ maximum; either may be left out."""

    minimum: float | None
    maximum: float | None

    def allow(self, value: float) -> bool:
        """Whether a value is inside; the limits themselves are."""
        below = self.maximum is None or value <= self.maximum
        return below and (self.minimum is None or value >= self.minimum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """An estimate whose interval can be computed at any level.

    With tail t the interval is [lower(t), upper(t)], which misses the truth on either side with probability t. A report
    stores one level only, so others are made from it. A single rate, which a report draws with Wilson's interval, is
    judged by the exact one of Clopper and Pearson at every tail, because Wilson's ends are wrong in up to 16 % at
    rates near 0 and 1 where 2.5 % are meant. Any other interval keeps its shape, each side scaled by z(t) / z(t₀), z
    the normal quantile. That is exact for normal intervals and an approximation for others.

    The interval of a rate has width however many images it rests on, so no count shows a rate of exactly 0 or 1: a
    limit there can be broken but never shown to be kept. An interval of no width around decisions comes from images
    that are all alike: it does not show how others would differ, so it decides nothing. An effect of 0 on every image
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
    """Successes and trials, whole or not, where the number is a single rate."""
    overlap: bool = False
    """Whether the number is F1 = 2 IoU / (1 + IoU), and `counts` those of the IoU."""
    least: float = -math.inf
    """Least value that there is; an interval at another level does not reach beyond it."""
    most: float = math.inf
    """Greatest value that there is."""
    of_decisions: bool = False
    """Whether the number is of decisions or scores of images, and not of effects, which may be 0 for every image."""

    def lower(self, tail: float) -> float:
        """Lower end of the interval with this probability below it."""
        if self.counts:
            return self._carried(binomial_low(*self.counts, tail))
        return max(self.least, self.centre - self.below * z(tail) / z(self.tail))

    def upper(self, tail: float) -> float:
        """Upper end of the interval with this probability above it."""
        if self.counts:
            successes, trials = self.counts
            return self._carried(1 - binomial_low(trials - successes, trials, tail))
        return min(self.most, self.centre + self.above * z(tail) / z(self.tail))

    def p_inside(self, limits: Limits) -> float:
        """Smallest tail at which the whole interval is inside the limits: the p value of "outside or at a limit"."""
        maximum, minimum = limits.maximum, limits.minimum
        if self.without_width:
            return 1.0
        if self.counts:
            up = 0.0 if maximum is None or maximum >= 1 else 1 - self._at_least(maximum, beyond=True)
            down = 0.0 if minimum is None or minimum <= 0 else self._at_least(minimum)
        else:
            up = 0.0 if maximum is None or maximum >= self.most else self._p(maximum - self.centre, self.above)
            down = 0.0 if minimum is None or minimum <= self.least else self._p(self.centre - minimum, self.below)
        return max(up, down)

    def p_outside(self, limits: Limits) -> float:
        """Smallest tail at which the whole interval is outside the limits: the p value of "inside"."""
        maximum, minimum = limits.maximum, limits.minimum
        if self.without_width:
            return 1.0
        if self.counts:
            up = 1.0 if maximum is None else self._at_least(maximum)
            down = 1.0 if minimum is None else 1 - self._at_least(minimum, beyond=True)
        else:
            up = 1.0 if maximum is None else self._p(self.centre - maximum, self.below, strict=True)
            down = 1.0 if minimum is None else self._p(minimum - self.centre, self.above, strict=True)
        return min(up, down)

    @property
    def without_width(self) -> bool:
        """Whether both ends equal the estimate although other images may be decided differently."""
        return self.of_decisions and self.counts is None and self.below <= 0 and self.above <= 0

    def _p(self, distance: float, side: float, *, strict: bool = False) -> float:
        """Tail at which a side of the interval reaches a limit `distance` away; negative when it is already beyond."""
        if side <= 0:
            touching = distance == 0 and not strict
            return 0.0 if distance > 0 or touching else 1.0
        return 0.5 * math.erfc(distance / (side / z(self.tail)) / math.sqrt(2))

    def _at_least(self, limit: float, *, beyond: bool = False) -> float:
        """P(X ≥ x), or P(X > x), for the x successes that were seen, where the rate is the limit."""
        if not 0 <= limit <= 1:
            return float(limit > 1)
        successes, trials = self.counts or (0.0, 0.0)
        rate = limit / (2 - limit) if self.overlap else limit
        successes = successes + 1 if beyond else successes
        if successes <= 0:
            return 1.0
        return 0.0 if successes > trials else float(betainc(successes, trials - successes + 1, rate))

    def _carried(self, rate: float) -> float:
        return 2 * rate / (1 + rate) if self.overlap else rate


def evidence(measurement: Measurement) -> Evidence | None:
    """The measurement's evidence; None without an interval and its level. A missing value is taken as the middle."""
    value, low, high, level = measurement.value, measurement.low, measurement.high, measurement.level
    if low is None or high is None or level is None or not 0 < level < 1:
        return None
    tail = (1 - level) / 2
    centre = value if value is not None and low <= value <= high else (low + high) / 2
    least, most = _range(measurement, low, high)
    return Evidence(
        centre=centre,
        below=centre - low,
        above=high - centre,
        tail=tail,
        counts=_counts(measurement, tail),
        overlap=measurement.metric == "f1",
        least=least,
        most=most,
        of_decisions=measurement.audit == "fairness",
    )


def _range(measurement: Measurement, low: float, high: float) -> tuple[float, float]:
    """The ends of the metric's range that the interval keeps to; infinite where it has none."""
    if measurement.metric not in METRICS:
        return -math.inf, math.inf
    values = METRICS[measurement.metric].range
    return values.low if low >= values.low else -math.inf, values.high if high <= values.high else math.inf


def binomial_low(successes: float, trials: float, tail: float) -> float:
    """Clopper and Pearson's lower end: the rate at which so many successes or more have this probability.

    >>> round(binomial_low(8, 10, 0.025), 4), round(1 - binomial_low(10 - 8, 10, 0.025), 4)
    (0.4439, 0.9748)
    """
    return float(betaincinv(successes, max(trials - successes, 0.0) + 1, tail)) if successes > 0 else 0.0


def wilson(successes: float, trials: float, quantile: float) -> tuple[float, float]:
    """Wilson's interval of a rate k/n: (k + z²/2 ∓ z √(k(n−k)/n + z²/4)) / (n + z²) (Wilson 1927).

    >>> [round(end, 4) for end in wilson(8, 10, 1.959964)]
    [0.4902, 0.9433]
    """
    square = quantile**2
    middle = (successes + square / 2) / (trials + square)
    spread = successes * (trials - successes) / trials + square / 4
    half = abs(quantile) * math.sqrt(max(spread, 0.0)) / (trials + square)
    return max(0.0, middle - half), min(1.0, middle + half)


def z(tail: float) -> float:
    """The normal quantile with this probability above it.

    >>> round(z(0.025), 4)
    1.96
    """
    return -_NORMAL.inv_cdf(tail)


def _counts(measurement: Measurement, tail: float) -> tuple[float, float] | None:
    """Successes and trials that a Wilson interval was made of: of weighted or clustered images what they are worth.

    With w its length and q = p (1 − p), w² (n + z²)² = 4 z² (q n + z²/4) is a quadratic equation in n.
    """
    p, low, high = measurement.value, measurement.low, measurement.high
    if measurement.interval not in ("wilson", "delong") or p is None or low is None or high is None:
        return None
    if measurement.metric == "f1":
        p, low, high = (part / (2 - part) for part in (p, low, high))
    square, length = z(tail) ** 2, high - low
    if not 0 < length < 1:
        return None
    linear = 2 * square * (length**2 - 2 * p * (1 - p))
    rest = (length**2 - 1) * square**2
    trials = (-linear + math.sqrt(max(linear**2 - 4 * length**2 * rest, 0.0))) / (2 * length**2)
    whole = round(trials)
    trials = float(whole) if whole > 0 and abs(trials - whole) < _TOLERANCE * whole else trials
    successes = p * trials
    successes = float(round(successes)) if abs(successes - round(successes)) < _TOLERANCE * trials else successes
    again = wilson(successes, trials, z(tail))
    # Counts that do not give the stored interval are not what it was made of.
    same = abs(again[0] - low) < _TOLERANCE and abs(again[1] - high) < _TOLERANCE
    return (successes, trials) if same else None
