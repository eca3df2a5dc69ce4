"""Where data and model lie in the information theory of the pruning paper, as measurements (eqs. 3 to 6).

The theory has N bias values and N classes, one of each going together, all classes equally frequent and conflicting
images spread evenly. Data are never quite so; what they really hold stands beside each of its numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.counts.paper_measures import mutual_information
from fairaudit.measures.counts.rates import Rate
from fairaudit.measures.counts.theory import (
    bounded_task_information,
    following_model_information,
    perfect_model_information,
    task_information,
)
from fairaudit.measures.intervals.proportion import wilson
from fairaudit.ratio import ratio
from fairaudit.results.measurement import Measurement, finite
from fairaudit.tables.row import Estimate, Extra
from fairaudit.tables.rows import FairnessSpec, measurement, total

UNALIGNED = "which group goes with which target value in the training data is not known"
UNTRAINED = "the training rows are not known: set audit.aligned to their split"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Parameters and information of one table of counts; NaN where undefined. Information is divided by log N."""

    classes: int
    """N."""
    rho: float
    """Share of training images whose group goes with their class; NaN where the training is not known."""
    phi: float
    """Share of conflicting images that are decided by their group: the model's biasedness."""
    needed: float
    """K of eq. 5, error on aligned images ÷ (1 − φ), at most 1: the task's biasedness, if all that error is due to
    biased features that the model leaves alone."""
    of_data: float
    """Information on the group in the true class of the training data: what a perfect model shows there."""
    on_bias: float
    """Information on the group in the decisions, as if cells had the training's shares."""
    on_task: float
    """Information on the true class in the decisions, likewise."""


def why_no_theory(asked: FairnessSpec, aligned: ArrayLike | None, unaligned: str = UNALIGNED) -> str | None:
    """Why the theory does not cover an attribute, or None.

    Args:
        asked: what the table is about.
        aligned: [group, class] whether a group goes with a class in training; None if unknown.
        unaligned: the reason if unknown.

    >>> asked = FairnessSpec(attribute="hat", groups=("a", "b", "c"), classes=("0", "1"))
    >>> why_no_theory(asked, None)
    'the theory needs as many groups as target values, found 3 and 2'
    """
    groups, classes = len(asked.groups), len(asked.classes)
    if groups != classes:
        return f"the theory needs as many groups as target values, found {groups} and {classes}"
    if aligned is None:
        return unaligned
    pairs = np.asarray(aligned, np.bool_)
    if not ((pairs.sum(0) == 1).all() and (pairs.sum(1) == 1).all()):
        return "no group goes with each target value, one for one"
    return None


def placed(counts: ArrayLike, aligned: ArrayLike, *, training: ArrayLike | None) -> Placed:
    """ρ of the training data, φ and K of the audited ones, and the information that the decisions hold at that ρ.

    φ and K are shares within conflicting and aligned images, so that they do not depend on how many of each are
    audited. Information does: every audited cell of group and class is weighed as often as it is in training,
    J(g, t, ŷ) = P_training(g, t) P_audited(ŷ | g, t), which is what a balanced test set of a biased training set needs.

    Args:
        counts: [group, true, predicted], with as many groups as classes.
        aligned: [group, true] bool, one class for every group.
        training: [group, true] training rows; None where they are not known, and then ρ and information are NaN.

    >>> table = np.array([[[8, 1], [2, 0]], [[0, 2], [1, 6]]])
    >>> found = placed(table, np.eye(2, dtype=bool), training=table.sum(-1))
    >>> found.rho, found.phi, round(found.needed, 3)  # 16 of 20 aligned, 4 of 4 follow, so K has nothing to rest on
    (0.8, 1.0, nan)
    """
    table = np.asarray(counts, np.float64)
    pairs = np.asarray(aligned, np.bool_)
    follows, conflicting = _followed(table, pairs)
    along, right = table[pairs].sum(), np.einsum("gtt,gt->", table, pairs.astype(np.float64))
    phi = _share_of(follows, conflicting)
    wrong = _share_of(along - right, along)
    scale = np.log(table.shape[-1])
    known = np.full(pairs.shape, np.nan) if training is None else np.asarray(training, np.float64)
    weighed = _weighed(table, known)
    return Placed(
        classes=table.shape[-1],
        rho=_share_of(known[pairs].sum(), known.sum()),
        phi=phi,
        needed=_share_of(wrong, 1 - phi),
        of_data=_information(known, scale),
        on_bias=_information(weighed.sum(-2), scale),
        on_task=_information(weighed.sum(-3), scale),
    )


def _weighed(table: Floats, training: Floats) -> Floats:
    """The audited decisions with the training's cells; NaN where a cell that training has was not audited."""
    each = ratio(table, table.sum(-1, keepdims=True)) * training[..., None]
    return np.where(training[..., None] == 0, 0.0, each)


def _information(table: Floats, scale: float) -> float:
    return float(mutual_information(table) / scale) if np.isfinite(table).all() else float("nan")


def _share_of(part: ArrayLike, whole: ArrayLike) -> float:
    """A share in [0, 1]: sums of weights may leave it by a rounding error; NaN for a share of nothing."""
    return float(np.clip(ratio(part, whole), 0.0, 1.0))


def theory_measurements(
    counts: ArrayLike,
    asked: FairnessSpec,
    aligned: ArrayLike | None,
    *,
    training: ArrayLike | None,
    unaligned: str = UNALIGNED,
) -> list[Measurement]:
    """The theory's numbers for one attribute at the training's ρ, each beside what the decisions hold there (`placed`).

    | metric | what it is |
    | --- | --- |
    | bias_aligned_share | ρ of the training rows |
    | model_biasedness | φ, with its Wilson interval |
    | task_biasedness | K of eq. 5 |
    | bias_information_perfect | eq. 3 at ρ; `observed`: information on the group in the true class, in training |
    | bias_information_expected | eq. 4, corrected, at ρ and φ; `observed`: information on the group in the decisions |
    | task_information_expected | eq. 6, corrected (16), at ρ, φ and K; `observed`: that in the decisions |
    | task_information_bounded | our form of it, always in [0, 1]; `observed` |

    Information is divided by log N. Only φ is better lower, and no gate should rest on the others: where
    observed and expected disagree, the data or the model are not as the theory assumes.

    Args:
        counts: [group, true, predicted] images, or sums of weights.
        asked: names, level, clusters and squared weights.
        aligned: [group, true] bool, the group that goes with each class, or None where that is not known.
        training: [group, true] rows of the training data, or None where they are not known.
        unaligned: why `aligned` is not known.

    >>> asked = FairnessSpec(attribute="hat", groups=("0", "1"), classes=("0", "1"))
    >>> counts, pairs = [[[90, 0], [5, 5]], [[5, 5], [0, 90]]], [[True, False], [False, True]]
    >>> table = theory_measurements(counts, asked, pairs, training=[[90, 10], [10, 90]])
    >>> [(m.metric, round(m.value, 2)) for m in table][:3]  # 180 of 200 aligned, half of the others follow the hat
    [('bias_aligned_share', 0.9), ('model_biasedness', 0.5), ('task_biasedness', 0.0)]
    """
    table = np.asarray(asked.fitting(counts), np.float64)
    reason = why_no_theory(asked, aligned, unaligned)
    if aligned is None or reason is not None:
        number = Estimate(value=np.nan, n=total(table))
        return [measurement(asked, "bias_aligned_share", number, reason=reason or "")]
    return list(_rows(table, asked, np.asarray(aligned, np.bool_), training))


def _rows(
    table: Floats, asked: FairnessSpec, pairs: NDArray[np.bool_], training: ArrayLike | None
) -> Iterator[Measurement]:
    found, n = placed(table, pairs, training=training), total(table)
    untold = "there are no training rows" if training is not None else UNTRAINED
    facts = {"classes": found.classes, "rho": finite(found.rho), "phi": finite(found.phi), "k": finite(found.needed)}

    def row(metric: str, value: float, reason: str, **extra: float | None) -> Measurement:
        numbers: Extra = {**facts, **extra}
        return measurement(asked, metric, Estimate(value=value, n=n, extra=numbers), reason=reason)

    yield row("bias_aligned_share", found.rho, untold)
    yield _biasedness(table, asked, pairs)
    yield row("task_biasedness", found.needed, "every conflicting image is decided by its group, or there is none")
    rho, phi, needed, classes = found.rho, found.phi, found.needed, found.classes
    perfect = following = bounded = printed = np.nan
    if np.isfinite(rho):
        perfect = float(perfect_model_information(rho, classes=classes))
    if np.isfinite([rho, phi]).all():
        following = float(following_model_information(rho, phi, classes=classes))
    if np.isfinite([rho, phi, needed]).all():
        bounded = float(bounded_task_information(rho, phi, needed=needed, classes=classes))
        printed = float(task_information(rho, phi, needed=needed, classes=classes))
    yield row("bias_information_perfect", perfect, untold, observed=finite(found.of_data))
    reason = "there are no conflicting images" if np.isfinite(rho) else untold
    yield row("bias_information_expected", following, reason, observed=finite(found.on_bias))
    reason = "φ or K does not exist" if np.isfinite(rho) else untold
    for name, value in (("expected", printed), ("bounded", bounded)):
        yield row(f"task_information_{name}", value, reason, observed=finite(found.on_task))


def _biasedness(table: Floats, asked: FairnessSpec, pairs: NDArray[np.bool_]) -> Measurement:
    def rate_of(counts: Floats) -> Rate:
        return _followed(counts, pairs)

    plain, sized = rate_of(table), asked.sized(table, rate_of)
    low, high = wilson(sized.numerator, sized.denominator, level=asked.statistics.level)
    exists = plain.denominator > 0
    number = Estimate(
        value=float(plain.value),
        low=float(low) if exists else np.nan,
        high=float(high) if exists else np.nan,
        interval="wilson",
        numerator=float(plain.numerator),
        denominator=float(plain.denominator),
        n=total(table),
    )
    return measurement(asked, "model_biasedness", number, reason="there are no conflicting images")


def _followed(counts: Floats, pairs: NDArray[np.bool_]) -> Rate:
    """Conflicting images decided as the class that goes with their group, of all conflicting ones: [...]."""
    conflict = (~pairs).astype(np.float64)
    return Rate(
        np.asarray(np.einsum("...gtp,gt,gp->...", counts, conflict, pairs.astype(np.float64)), np.float64),
        np.asarray(np.einsum("...gtp,gt->...", counts, conflict), np.float64),
    )
