"""Other thresholds: one for all, folded into the bias, or one per group, which is a rule and not a model."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from fairaudit.errors import MethodError
from fairaudit.measures.counts.confusion import confusion
from fairaudit.measures.counts.disparities import disparity
from fairaudit.measures.scores.score_histogram import score_histogram
from fairaudit.measures.scores.thresholds import equalized_odds_thresholds
from fairaudit.mitigation.edits import Edit, GroupThreshold, GroupThresholds, HeadEdit
from fairaudit.mitigation.features import Features, features_of
from fairaudit.mitigation.method import MitigationMethod, Task, known_rows, need_binary

GRID = tuple(np.linspace(0.1, 0.9, 81).tolist())
"""Thresholds that are tried."""
FLOOR = 0.02
"""Largest allowed loss of mean cell accuracy on the choosing part: without it a constant classifier wins."""
BINS = 1000
"""Bins of the score histogram that the rule per group is made from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """One threshold and what it does on the choosing part."""

    value: float
    gap: float
    """Equalized odds difference; NaN where a cell is empty."""
    accuracy: float
    """Mean accuracy of the cells."""


def threshold_for(
    scores: np.ndarray, target: np.ndarray, attribute: np.ndarray, *, groups: int, own: float, floor: float = FLOOR
) -> Threshold:
    """The threshold of the grid with the smallest gap among those that keep the mean cell accuracy.

    Args:
        scores: probability of the positive class, [image].
        target: codes [image].
        attribute: codes [image], -1 unknown.
        groups: number of groups.
        own: the model's own threshold, which is what the floor is measured from and what is kept without a better one.
        floor: loss of mean cell accuracy that is allowed.

    Raises:
        MethodError: a cell is empty, so that no gap is defined.
    """

    def at(value: float) -> Threshold:
        decided = (scores >= value).astype(np.int64)
        counts = confusion(attribute, target, decided, groups=groups, classes=2).counts
        cell = np.diagonal(counts, axis1=1, axis2=2) / np.maximum(counts.sum(2), 1)
        gap = float(disparity(counts, "equalized_odds_difference"))
        return Threshold(value=value, gap=gap, accuracy=float(cell.mean()))

    before = at(own)
    if math.isnan(before.gap):
        raise MethodError(
            "A threshold cannot be chosen",
            wanted="images of every combination of attribute and target in the choosing part",
        )
    allowed = [found for found in map(at, GRID) if found.accuracy >= before.accuracy - floor]
    # Undefined gaps are no gaps of 0: only numbers are compared.
    better = [found for found in allowed if not math.isnan(found.gap) and found.gap < before.gap]
    return min(better, key=lambda found: (found.gap, abs(found.value - own)), default=before)


def thr_opt(task: Task) -> Edit:
    """The threshold with the smallest gap on the choosing part, as a shift of the bias.

    Deciding at τ in place of θ adds logit θ - logit τ to the logit: scores move, their order and every map stay.
    """
    need_binary(task, "thropt")
    found = features_of(task, task.choose)
    own = 0.5 if task.head.link == "softmax" else task.head.threshold
    chosen = threshold_for(
        _positive(task, found), found.target.numpy(), found.attribute.numpy(), groups=task.debias.groups, own=own
    )
    shift = math.log(own / (1 - own)) - math.log(chosen.value / (1 - chosen.value))
    bias = found.bias.clone()
    bias[1 if task.head.link == "softmax" else task.head.index] += shift
    return HeadEdit(weight=found.weight, bias=bias)


def thr_opt_groups(task: Task) -> Edit:
    """Thresholds per group with one ROC point for all, found on the choosing part (Hardt et al. 2016)."""
    need_binary(task, "thropt-group")
    known = known_rows(task.choose)
    found = features_of(task, task.choose)
    scores, target, attribute = _positive(task, found)[known], found.target[known], found.attribute[known]
    histogram = score_histogram(
        scores, target.numpy().astype(bool), attribute.numpy(), groups=task.debias.groups, bins=BINS
    )
    try:
        made = equalized_odds_thresholds(histogram)
    except ValueError as error:
        raise MethodError("Thresholds per group cannot be chosen", found=str(error)) from error
    rules = tuple(GroupThreshold(lower=r.lower, upper=r.upper, mix=r.mix, keep=r.keep) for r in made.rules)
    return GroupThresholds(groups=rules, base_rate=made.fpr)


def decided(rule: GroupThresholds, scores: np.ndarray, attribute: np.ndarray, draws: np.random.Generator) -> np.ndarray:
    """Decisions of a rule, [image] in {0, 1}; images of unknown attribute get -1.

    Args:
        rule: thresholds per group.
        scores: probability of the positive class, [image].
        attribute: codes [image].
        draws: the rule is partly random.
    """
    mixed, kept, free = (draws.random(len(scores)) for _ in range(3))
    found = np.full(len(scores), -1, np.int64)
    for group, each in enumerate(rule.groups):
        limit = np.where(mixed < each.mix, each.lower, each.upper)
        above = (scores >= limit) & (limit < 1)  # a threshold of 1 selects nobody
        own = np.where(kept < each.keep, above, free < rule.base_rate)
        found[attribute == group] = own[attribute == group]
    return found


def _positive(task: Task, found: Features) -> np.ndarray:
    with torch.no_grad():
        return task.head.scores(found.logits())[:, 1].numpy()


THR_OPT = MitigationMethod(
    name="thropt",
    given=("attribute labels",),
    fit=thr_opt,
)
THR_OPT_GROUP = MitigationMethod(
    name="thropt-group",
    given=("attribute labels", "attribute at inference"),
    fit=thr_opt_groups,
)
