"""Thresholds per group that would equalize a binary decision's rates, and what that would cost in accuracy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.fairness.inputs import FairnessInputs, FairnessView
from fairaudit.measures.counts.association import contingency
from fairaudit.measures.counts.confusion import Counts
from fairaudit.measures.scores.score_histogram import score_histogram
from fairaudit.measures.scores.thresholds import Equalized, equal_opportunity_thresholds, equalized_odds_thresholds
from fairaudit.results.measurement import Measurement, finite
from fairaudit.tables.row import Estimate, Subject, row

EQUALIZERS: dict[str, Callable[[Counts], Equalized]] = {
    "equalized_odds": equalized_odds_thresholds,
    "equal_opportunity": equal_opportunity_thresholds,
}
"""What is equalized → how the rules are found."""
MOST_TOLD = 8
"""Thresholds of at most this many groups are listed in a note; report.json has all."""


def cell_images(view: FairnessView) -> NDArray[np.int64]:
    """Scored rows of every cell, not their weights: [group, true]."""
    target = view.inputs.target
    return contingency(view.grouping.codes, target.codes, rows=len(view.grouping.values), columns=len(target.values))


def present(view: FairnessView) -> list[int]:
    """Groups that have images."""
    return [int(g) for g in np.flatnonzero(cell_images(view).sum(1) > 0)]


def printable(view: FairnessView) -> list[int]:
    """Groups that figures may show: with images, and no cell of fewer than `min_cell` of them."""
    cells = cell_images(view)
    small = np.count_nonzero((cells > 0) & (cells < view.inputs.audit.min_cell), axis=1)
    return [g for g in present(view) if small[g] == 0]


def has_curve(view: FairnessView) -> bool:
    """Whether any group that figures may show has images of both values of a binary target: a curve with two ends."""
    sides = histogram(view).sum(-1)[printable(view)]
    return bool((sides > 0).all(axis=1).any())


def has_thresholds(inputs: FairnessInputs) -> bool:
    """Whether a threshold decides: one score per row, and a binary target."""
    return inputs.scores is not None and len(inputs.target.values) == 2


class BinaryScores(NamedTuple):
    """Rows of known truth as columns for measures of the positive class's score."""

    scores: NDArray[np.float64]
    positive: NDArray[np.bool_]
    group: NDArray[np.int32]
    weights: NDArray[np.float64] | None
    units: NDArray[np.int64] | None

    @property
    def plain(self) -> bool:
        """Whether every row counts once and alone."""
        return self.weights is None and self.units is None


def scored_rows(view: FairnessView) -> BinaryScores:
    """The rows of known truth, with their groups of one attribute."""
    if view.inputs.scores is None:
        raise ValueError("there are no scores")
    known = view.inputs.target.codes >= 0
    return BinaryScores(
        scores=view.inputs.scores[known, 1],
        positive=np.asarray(view.inputs.target.codes[known] == 1, np.bool_),
        group=view.grouping.codes[known],
        weights=None if view.inputs.weights is None else view.inputs.weights[known],
        units=None if view.inputs.clusters is None else view.inputs.clusters[known],
    )


def histogram(view: FairnessView, *, weighted: bool = True) -> Counts:
    """[group, truth, bin] of the positive class's score, over rows of known truth; sums of weights or images."""
    rows = scored_rows(view)
    return score_histogram(*rows[:3], groups=len(view.grouping.values), weights=rows.weights if weighted else None)


def equalizing(view: FairnessView) -> Iterator[Measurement]:
    """Rules per group that would give all groups one TPR (and one FPR), after Hardt, Price and Srebro (2016).

    `…_accuracy` is the accuracy that they would have; `…_threshold` the mean of a group's two thresholds, between
    which a decision would be drawn at random (`extra`: lower, upper, mix, keep). They are fitted to these rows, so they
    carry no interval and no gate should rest on them.
    """
    if not has_thresholds(view.inputs):
        return
    table, sizes = histogram(view), histogram(view, weighted=False).sum(2)
    weight = table.sum(2)
    used = np.flatnonzero(weight.sum(1) > 0)
    for name, equalize in EQUALIZERS.items():
        lacking = [
            view.grouping.values[g]
            for g in used
            if weight[g, 1] == 0 or (name == "equalized_odds" and not weight[g, 0])
        ]
        if lacking or len(used) < 2:
            why = (
                f"group {lacking[0]} has a rate that does not exist" if lacking else "fewer than two groups have images"
            )
            yield _row(f"{name}_accuracy", view.grouping.name, None, int(sizes.sum()), missing=why)
            continue
        found = equalize(table[used])
        facts = {"tpr": found.tpr, "fpr": finite(found.fpr)}
        yield _row(f"{name}_accuracy", view.grouping.name, found.accuracy, int(sizes.sum()), extra=facts)
        for g, rule in zip(used.tolist(), found.rules, strict=True):
            images = int(sizes[g].sum())
            small = int(sizes[g].min()) < view.inputs.audit.min_cell
            facts = {"lower": rule.lower, "upper": rule.upper, "mix": rule.mix, "keep": rule.keep}
            yield _row(
                f"{name}_threshold",
                view.grouping.name,
                None if small else rule.mix * rule.lower + (1 - rule.mix) * rule.upper,
                images,
                group=view.grouping.values[g],
                extra={} if small else facts,
                hidden=f"a combination of group and target value has fewer than {view.inputs.audit.min_cell} images"
                if small
                else None,
            )


def equalizing_notes(measurements: Sequence[Measurement]) -> Iterator[str]:
    """One sentence per attribute: which thresholds would equalize odds, and the accuracy they would have."""
    for whole in measurements:
        if whole.metric != "equalized_odds_accuracy" or whole.value is None:
            continue
        rules = [
            m for m in measurements if m.metric == "equalized_odds_threshold" and m.attribute == whole.attribute
        ]  # fmt: skip
        if len(rules) > MOST_TOLD or any(rule.value is None for rule in rules):
            continue
        each = ", ".join(f"{rule.group}: {rule.value:.3f}" for rule in rules)
        yield (
            f"Thresholds per group that would equalize odds over {whole.attribute} are {each} (means of two, drawn at "
            f"random), with an accuracy of {whole.value:.3f}. They are fitted to these rows; whether decisions may "
            "depend on the group is not a question of statistics."
        )


def _row(
    metric: str,
    attribute: str,
    value: float | None,
    n: int,
    *,
    group: str | None = None,
    extra: dict[str, float | None] | None = None,
    missing: str = "",
    hidden: str | None = None,
) -> Measurement:
    estimate = Estimate(value=value, n=n, missing=missing, hidden=hidden, extra=extra or {})
    return row(Subject(audit="fairness", metric=metric, attribute=attribute, group=group), estimate)
