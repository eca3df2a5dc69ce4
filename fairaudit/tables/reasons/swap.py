"""Measurements of the content swap: the largest effect, excess and share of flips over ordered pairs of groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairaudit.measures.intervals.largest import Contrasts, Largest, largest
from fairaudit.measures.regions.score_gap import score_gaps
from fairaudit.measures.regions.swap import Arms, SwapPair, both_ways, cells_of, joined, main_effects, swap_contrasts
from fairaudit.results.measurement import Measurement
from fairaudit.seeds import generator
from fairaudit.tables.row import Estimate, Subject, row
from fairaudit.tables.specs import ImageSpec

Floats = NDArray[np.float64]
Arm = tuple[Floats, Floats]

AUDIT = "swap"
BOTH_KINDS = "no two classes have images for which there is content of the same group and of another group"
ONE_WAY = "content goes one way only: no two groups both have images with the region in every class"
TOO_FEW = "for every pair of groups, a group and class has fewer than two images or clusters"


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapValues:
    """Values of every image with the content of its donors, `[image, donor]` of arm 1 and of arm 2."""

    shift: Arm
    """Size of the change of the scores, ½ Σ |Δp|."""
    flip: Arm
    """1 where the decision changes."""
    scores: Mapping[int, Arm]
    """Output → its score."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapSubject:
    """Whose content was swapped."""

    attribute: str
    """Whose groups give the content."""
    groups: Sequence[str]
    """Names of the groups."""
    classes: Sequence[str]
    """Names of the classes."""
    unit: str = "image"
    """What is resampled: image or cluster."""


def swap_measurements(
    values: SwapValues,
    arms: Arms,
    question: ImageSpec,
    subject: SwapSubject,
) -> list[Measurement]:
    """The three measurements of one region and attribute, each the largest over pairs of groups.

    `swap_effect`: size of the effect that the group's content has on a score, in the same direction in images of both
    groups (`main_effects`); over outputs too, in [0, 1]. It is what the verdict rests on.
    `swap_excess`: size of the change with another group's content less that with the own group's, over ordered pairs;
    in [−1, 1]. It sees effects whose sign differs between images, and also a patch that does not go with its
    surroundings.
    `swap_flip`: the same of decisions that change. p values exchange the arms of whole images or clusters.

    Args:
        values: what was measured.
        arms: who got whose content.
        question: region, level, seed.
        subject: attribute, groups and classes.
    """
    cells = cells_of(arms, *values.shift)
    pairs = list(cells)
    asked = _Asked(question=question, subject=subject)
    n = len(np.unique(np.concatenate([c.rows for by in cells.values() for c in by.values()]))) if cells else 0

    def contrasts(arm: Arm) -> Contrasts:
        return swap_contrasts(arms, cells, *arm, level=question.statistics.level)

    signed = [main_effects(contrasts(arm), pairs, level=question.statistics.level) for arm in values.scores.values()]
    ways = both_ways(pairs)
    outputs = [output for output in values.scores for _ in ways]
    return [
        _measured(asked, "swap_effect", joined(signed), ways, n=n, outputs=outputs),
        _measured(asked, "swap_excess", contrasts(values.shift), pairs, n=n),
        _measured(asked, "swap_flip", contrasts(values.flip), pairs, n=n),
    ]


def score_gap_measurement(
    scores: Mapping[int, Floats], arms: Arms, question: ImageSpec, subject: SwapSubject
) -> Measurement:
    """`score_gap`: the largest gap of a score between two groups within classes, in size; in [0, 1].

    On the images as they are, averaged over classes with equal weight; over outputs too.

    Args:
        scores: output → `[image]` its score.
        arms: groups, classes and units.
        question: level and seed; no region.
        subject: attribute, groups and classes.
    """
    units = np.unique(arms.unit, return_inverse=True)[1].astype(np.int64)
    found = [score_gaps(score, group=arms.group, target=arms.target, unit=units) for score in scores.values()]
    pairs = found[0][0]
    outputs = [output for output in scores for _ in pairs]
    asked = _Asked(question=question, subject=subject)
    n = int(((arms.group >= 0) & (arms.target >= 0)).sum())
    return _measured(asked, "score_gap", joined([one for _, one in found]), pairs, n=n, outputs=outputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    question: ImageSpec
    subject: SwapSubject


def _measured(
    asked: _Asked,
    metric: str,
    contrasts: Contrasts,
    pairs: Sequence[SwapPair],
    *,
    n: int,
    outputs: Sequence[int] | None = None,
) -> Measurement:
    question, size = asked.question, outputs is not None
    draw = generator(question.statistics.seed, "largest", metric, asked.subject.attribute, question.region or "")
    found = largest(contrasts, level=question.statistics.level, generator=draw, size=size)
    if found is None:
        return _row(asked, metric, None, n=n, reason=_missing(pairs, n, size=size))
    return _row(
        asked,
        metric,
        found,
        n=n,
        p_value=found.p_value,
        extra=_facts(asked, contrasts, found, pairs, outputs),
    )


def _missing(pairs: Sequence[SwapPair], n: int, *, size: bool) -> str:
    if pairs:
        return TOO_FEW
    return ONE_WAY if size and n else BOTH_KINDS


def _facts(
    asked: _Asked, contrasts: Contrasts, found: Largest, pairs: Sequence[SwapPair], outputs: Sequence[int] | None
) -> dict[str, float | int | str | bool | None]:
    pair = pairs[found.at % len(pairs)]
    facts: dict[str, float | int | str | bool | None] = {
        "pair": f"{asked.subject.groups[pair.own]} → {asked.subject.groups[pair.to]}",
        "units": int(contrasts.units[found.at]),
        "pairs": len(pairs),
    }
    if outputs is not None:
        facts["signed"] = float(contrasts.value[found.at])
        facts["output"] = asked.subject.classes[outputs[found.at]]
    return facts


def _row(
    asked: _Asked,
    metric: str,
    found: Largest | None,
    *,
    n: int,
    reason: str | None = None,
    p_value: float | None = None,
    extra: Mapping[str, float | int | str | bool | None] | None = None,
) -> Measurement:
    subject = Subject(
        audit=AUDIT,
        metric=metric,
        attribute=asked.subject.attribute,
        region=asked.question.region,
        method=asked.question.method,
    )
    ends = (None, None, None) if found is None else (found.value, found.low, found.high)
    estimate = Estimate(
        value=ends[0],
        low=ends[1],
        high=ends[2],
        interval="simultaneous",
        unit=asked.subject.unit,
        n=n,
        p_value=p_value,
        chance=0.0,
        missing=reason or "",
        extra=extra or {},
    )
    return row(subject, estimate, level=asked.question.statistics.level)
