"""How many images every group needs for a decision about a gap, foreseen from what all groups show.

Of many groups the two farthest apart look farther apart than they are. A number made from those two alone is wrong both
ways: where one group differs, the gap that more images show is smaller than the one found, and where all are alike
there is none. So the groups' values of a rate are taken for a sample of a common distribution, whose spread they tell
themselves (a hierarchical model: Gelman et al., Bayesian Data Analysis, 3rd ed., 5.4). On the scale θ = arcsin √p the
error of a rate is known: y = arcsin √((x + ⅜)/(n + ¾)), Var(y | θ) = v = 1/(4n + 2) (Anscombe 1948, Biometrika 35:
246–254). With θ_g ~ N(μ, τ²), μ flat, and τ zero with probability `ALIKE` and else uniform, the posterior is
θ_g | τ, μ ~ N(μ + B (y_g − μ), B v_g), B = τ²/(τ² + v_g). True rates are drawn from it, new images from the true rates,
and the gate's own interval from the old and the new images.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.intervals.proportion import Interval, hybrid_difference, mid_p, normal_quantile
from fairaudit.measures.intervals.simultaneous import range_quantile

ALIKE: Final = (0.1, 0.4)
"""Probability, before anything is seen, that two groups, and that more groups, all have the same rate; chosen with
`CHANCE_OF_DECISION` by simulation. Of two groups a single difference tells the spread, so less is presumed."""
CHANCE_OF_DECISION: Final = 0.72
"""Probability of a decision that a number of images is told for, the truth being on the likelier side of the limit."""
SURE: Final = 0.6
"""Below this probability of the likelier side no number is told."""
MOST: Final = 20.0
"""As many times the images of the smallest cell at most are told."""
_WIDEST: Final = 0.5
_SPREADS: Final = np.concatenate([[0.0], np.geomspace(0.005, _WIDEST, 40)])
_DRAWS: Final = (100, 400)
_NUMBERS: Final = 4_000_000
_NEAR: Final = 1.02


def images_needed(
    successes: ArrayLike, trials: ArrayLike, *, limit: float, level: float = 0.95, family: tuple[int, int] | None = None
) -> float | None:
    """Images that every cell should have at least for the largest gap to be decided, in about four of five cases.

    The smallest size with which the drawn tables pass (high end at or below the limit) or fail (low end above it) with
    probability `CHANCE_OF_DECISION`, among true rates whose gap is on the likelier side of the limit. How often such a
    number decides, for known rates of two to twelve groups, is in tests/benchmarks/README.md.

    Args:
        successes: [rate, group]; effective sizes need not be whole numbers.
        trials: [rate, group], all above 0; two groups at least.
        limit: the largest gap that is allowed.
        level: coverage of the gate's intervals.
        family: groups and rates that the interval is simultaneous over, where these are not all that are compared.

    Returns:
        None where the gap is so near the limit that its side is not known, or where more than `MOST` times the images
        of the smallest cell would be needed, and more than the largest has.

    Raises:
        ValueError: fewer than two groups, or a cell without images.

    >>> alike = images_needed([[90, 91, 89, 92]], [[100] * 4], limit=0.1)
    >>> alike < images_needed([[90, 91, 87, 92]], [[100] * 4], limit=0.1)
    True
    >>> images_needed([[900, 800]], [[1000, 1000]], limit=0.1) is None
    True
    """
    x, n = np.asarray(successes, np.float64), np.asarray(trials, np.float64)
    if x.shape != n.shape or x.ndim != 2 or x.shape[1] < 2 or not (n > 0).all():
        raise ValueError(f"needs [rate, group] of two groups with images at least, found {x.shape} and {n.shape}")
    rates = likely_rates(x, n, draws=int(np.clip(_NUMBERS / (n.size * n.shape[1]), *_DRAWS)), seed=0)
    gaps = (rates.max(-1) - rates.min(-1)).max(-1)
    beyond = bool((gaps > limit).mean() >= 0.5)
    kept = rates[(gaps > limit) == beyond]
    if len(kept) < SURE * len(rates):
        return None
    quantile = _quantile(level, beyond=beyond, family=family or (n.shape[1], n.shape[0]))

    def enough(goal: float) -> bool:
        sizes = n + np.ceil(np.maximum(0, goal - n))
        new = np.random.default_rng(1).binomial((sizes - n).astype(np.int64), kept)
        end = gap_end(x + new, sizes, z=quantile, upper=not beyond)
        return bool(((end > limit) if beyond else (end <= limit)).mean() >= CHANCE_OF_DECISION)

    low, high = float(n.min()), float(max(MOST * n.min(), n.max()))
    if not enough(high):
        return None
    while high > low * _NEAR:
        middle = math.sqrt(low * high)
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def likely_rates(x: Floats, n: Floats, *, draws: int, seed: int) -> Floats:
    """True rates that go with the counts, drawn from the posterior of the module's model: [draw, rate, group].

    Args:
        x: [rate, group] successes.
        n: [rate, group] trials.
        draws: how many.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    y, error = np.arcsin(np.sqrt((x + 0.375) / (n + 0.75))), 1 / (4 * n + 2)
    probability, centre, whole = _spreads(y, error)
    theta = np.empty((draws, *x.shape))
    for rate in range(len(x)):
        place = rng.choice(len(_SPREADS), size=draws, p=probability[:, rate])
        mean = centre[place, rate] + rng.standard_normal(draws) / np.sqrt(whole[place, rate])
        spread = _SPREADS[place][:, None] ** 2
        kept = spread / (spread + error[rate])
        noise = rng.standard_normal((draws, x.shape[1])) * np.sqrt(kept * error[rate])
        theta[:, rate] = mean[:, None] + kept * (y[rate] - mean[:, None]) + noise
    return np.asarray(np.sin(np.clip(theta, 0, np.pi / 2)) ** 2, np.float64)


def _spreads(y: Floats, error: Floats) -> tuple[Floats, Floats, Floats]:
    """Posterior of the spread τ, and given it the mean of θ and 1 ÷ the mean's variance: [spread, rate] each."""
    weight = 1 / (_SPREADS[:, None, None] ** 2 + error)  # [spread, rate, group]
    whole = weight.sum(-1)
    centre = (weight * y).sum(-1) / whole
    misfit = (weight * (y - centre[..., None]) ** 2).sum(-1)
    likelihood = (np.log(weight).sum(-1) - np.log(whole) - misfit) / 2
    alike = ALIKE[y.shape[1] > 2]
    prior = np.concatenate([[alike], (1 - alike) * _SPREADS[1:] / _SPREADS[1:].sum()])  # uniform on a geometric grid
    posterior = prior[:, None] * np.exp(likelihood - likelihood.max(0))
    return posterior / posterior.sum(0), centre, whole


def gap_end(x: Floats, n: Floats, *, z: float, upper: bool) -> Floats:
    """One end of the interval of the largest gap, as `difference_interval` has it, of many tables at once: [table].

    Args:
        x: [table, rate, group] successes.
        n: [rate, group] trials.
        z: quantile of that end.
        upper: whether it is the high end; else the low one.
    """
    p, ends = x / n, _ends(x, n, z)
    first, second = (Interval(ends.low[place], ends.high[place]) for place in (_FIRST, _SECOND))
    pairs = hybrid_difference(p[_FIRST], first, p[_SECOND], second)[int(upper)]
    return np.asarray(np.where(np.eye(n.shape[1], dtype=bool), -np.inf, pairs).max((1, 2, 3)), np.float64)


_FIRST: Final = (..., slice(None), None)
_SECOND: Final = (..., None, slice(None))


def _ends(x: Floats, n: Floats, z: float) -> Interval:
    """Mid-P ends; many tables have few different counts, and each is computed once."""
    counts = np.stack([x.ravel(), np.broadcast_to(n, x.shape).ravel()])
    different, place = np.unique(counts, axis=1, return_inverse=True)
    found = mid_p(different[0], different[1], z=z)
    return Interval(*(end[place.ravel()].reshape(x.shape) for end in found))


def _quantile(level: float, *, beyond: bool, family: tuple[int, int]) -> float:
    return range_quantile(level, groups=family[0], rates=family[1]) if beyond else normal_quantile(level)
