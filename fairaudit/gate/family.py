"""Several rules at once: Holm's step-down over what is claimed to be inside, and over what is claimed to be outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from fairaudit.gate.evidence import Evidence, Limits

Correction = Literal["holm", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the interval of one measurement decides."""

    state: Literal["pass", "fail", "inconclusive"]
    low: float
    """Lower end of the interval that decided, after correction."""
    high: float
    """Upper end of the interval that decided, after correction."""
    tail: float
    """Probability that this interval misses the truth on either side."""


def decide(
    family: Sequence[tuple[Evidence, Limits]], *, tail: float, correction: Correction = "holm"
) -> list[Decision]:
    """Pass when the whole interval is inside the limits, fail when it is wholly outside, else inconclusive.

    Both claims are corrected on their own by Holm (1979): of k claims the one with the j-th smallest p value is judged
    at tail / (k − j + 1), and the first that does not stand ends the list. So the probability of any wrong pass is at
    most `tail`, and so is that of any wrong fail, however the measurements depend on each other.

    Args:
        family: evidence and limits of everything that is judged together.
        tail: (1 − level) / 2.
        correction: holm, or none: every measurement is judged as if it were alone.
    """
    steps = len(family) if correction == "holm" else 1
    inside = [evidence.p_inside(limits) for evidence, limits in family]
    outside = [evidence.p_outside(limits) for evidence, limits in family]
    passes = _claims(inside, tail, steps, strict=False)
    fails = _claims(outside, tail, steps, strict=True)
    decisions = []
    for number, (evidence, _) in enumerate(family):
        nearer_inside = inside[number] <= outside[number]
        stands, judged = (passes if nearer_inside else fails)[number]
        state: Literal["pass", "fail"] = "pass" if nearer_inside else "fail"
        decisions.append(
            Decision(
                state=state if stands else "inconclusive",
                low=evidence.lower(judged),
                high=evidence.upper(judged),
                tail=judged,
            )
        )
    return decisions


def _claims(p_values: Sequence[float], tail: float, steps: int, *, strict: bool) -> list[tuple[bool, float]]:
    """For every claim whether it stands, and the tail at which it (or the claim that ended the list) was judged."""
    result = [(False, tail)] * len(p_values)
    ended: float | None = None
    for rank, number in enumerate(sorted(range(len(p_values)), key=lambda number: p_values[number])):
        judged = tail / max(steps - rank, 1)
        # An interval that ends at the limit is inside it: the limit is allowed. Rounding must not change that.
        slack = 1 - 1e-9 if strict else 1 + 1e-9
        if ended is None and p_values[number] > judged * slack:
            ended = judged if steps > 1 else None
            result[number] = (False, judged)
        else:
            result[number] = (ended is None, judged if ended is None else ended)
    return result
