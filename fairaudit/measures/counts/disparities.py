"""Disparities between groups as functions of counts[..., group, true, predicted], from one table of specifications."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.counts.rates import (
    RATES,
    Outcomes,
    Rate,
    accuracy,
    cell_accuracy,
    outcomes,
    rate,
    reported_classes,
)
from fairaudit.ratio import ratio
from fairaudit.registry import Registry

Form = Literal["difference", "ratio"]
Against = Literal["groups", "overall"]
Null = Literal["target", "prediction", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disparity:
    """How one disparity is made of rates."""

    name: str
    """Name that reports and gates use."""
    rates: tuple[str, ...]
    """Rates that are compared; with several the largest gap counts (or their mean, see `average`)."""
    form: Form
    """difference: largest − smallest, lower is better; ratio: smallest ÷ largest, higher is better; both in [0, 1]."""
    against: Against = "groups"
    """groups: every group with every other; overall: every group with all images together."""
    null: Null
    """What no disparity means: decisions do not depend on the group given the true class (target), true classes do not
    depend on it given the decision (prediction), or both together do not depend on it (none)."""
    average: bool = False
    """Average the gaps of the several rates instead of taking the largest."""

    @property
    def better(self) -> Literal["lower", "higher"]:
        """Which way is better."""
        return "lower" if self.form == "difference" else "higher"


def _family(base: str, rates: tuple[str, ...], null: Null) -> list[Disparity]:
    forms: tuple[Form, ...] = ("difference", "ratio")
    between = [Disparity(name=f"{base}_{form}", rates=rates, form=form, null=null) for form in forms]
    overall = [
        Disparity(name=f"{base}_{form}_to_overall", rates=rates, form=form, against="overall", null=null)
        for form in forms
    ]
    return between + overall


_SPECS = [
    *_family("demographic_parity", ("selection_rate",), "none"),
    *_family("equalized_odds", ("tpr", "fpr"), "target"),
    *_family("equal_opportunity", ("tpr",), "target"),
    *_family("predictive_parity", ("ppv",), "prediction"),
    *_family("accuracy", ("accuracy",), "none"),
    Disparity(name="equalized_odds_average", rates=("tpr", "fpr"), form="difference", null="target", average=True),
]
DISPARITIES: Registry[Disparity] = Registry("disparity", [(spec.name, spec) for spec in _SPECS])


def compared(counts: ArrayLike, spec: Disparity, *, classes: tuple[int, ...] | None = None) -> Rate:
    """The rates that a disparity compares, as arrays [..., class, rate, group]; accuracy has one class place.

    Args:
        counts: [..., group, true, predicted].
        spec: the disparity.
        classes: classes to compare, each against the rest; by default the positive one (index 1) of two, else all.

    >>> compared([[[8, 2], [1, 9]], [[6, 4], [5, 5]]], DISPARITIES["equalized_odds_difference"]).value.tolist()
    [[[0.9, 0.5], [0.2, 0.4]]]
    """
    if spec.rates == ("accuracy",):
        right = accuracy(counts)
        return Rate(right.numerator[..., None, None, :], right.denominator[..., None, None, :])
    chosen = list(classes if classes is not None else reported_classes(np.shape(counts)[-1]))
    parts = [rate(counts, name) for name in spec.rates]
    tops = np.stack([part.numerator[..., chosen] for part in parts], axis=-1)
    bottoms = np.stack([part.denominator[..., chosen] for part in parts], axis=-1)
    return Rate(np.moveaxis(tops, -3, -1), np.moveaxis(bottoms, -3, -1))


def disparity(counts: ArrayLike, name: str, *, classes: tuple[int, ...] | None = None) -> Floats:
    """One disparity between groups.

    With rate r_g of group g: `…_difference` = max_g r_g − min_g r_g and `…_ratio` = min_g r_g ÷ max_g r_g;
    `…_to_overall` compares every group with all images, max_g |r_g − r| and min_g min(r_g/r, r/r_g).

    | base | rates |
    | --- | --- |
    | demographic_parity | selection rate |
    | equalized_odds | the larger of the TPR's and the FPR's (Sztukiewicz et al., saliency paper, eq. 6) |
    | equalized_odds_average | mean of the TPR's gap and the FPR's gap |
    | equal_opportunity | TPR |
    | predictive_parity | PPV |
    | accuracy | accuracy |

    With two classes the positive one is value index 1. With more, every class is set against the rest and the worst
    class counts (largest difference, smallest ratio).

    Range [0, 1]. Differences are better lower, ratios higher. Undefined (NaN) with fewer than two groups that have
    images, when a group that has images has no such rate (no positives, say), and for a ratio when every rate is 0.
    Groups without any image are not compared.

    Args:
        counts: [..., group, true, predicted]; leading axes, such as replicates, are kept.
        name: one of `DISPARITIES`.
        classes: see `compared`.

    >>> counts = [[[8, 2], [1, 9]], [[6, 4], [5, 5]]]
    >>> disparity(counts, "equalized_odds_difference").item()  # TPR .9 and .5, FPR .2 and .4
    0.4
    >>> disparity(counts, "demographic_parity_ratio").round(4).item()  # 9/20 over 11/20
    0.8182
    """
    return disparities(counts, (name,), classes=classes)[name]


def disparities(
    counts: ArrayLike, names: Iterable[str], *, classes: tuple[int, ...] | None = None
) -> dict[str, Floats]:
    """Several disparities at once: name → [...]; each rate is computed only once. See `disparity`.

    Args:
        counts: [..., group, true, predicted].
        names: some of `DISPARITIES`.
        classes: see `compared`.

    >>> found = disparities([[[8, 2], [1, 9]], [[6, 4], [5, 5]]], ["accuracy_difference", "accuracy_ratio"])
    >>> {name: value.round(4).item() for name, value in found.items()}
    {'accuracy_difference': 0.3, 'accuracy_ratio': 0.6471}
    """
    table = np.asarray(counts, np.float64)
    present = has_images(table)
    own, overall = _RateValues(table, classes), _RateValues(table.sum(-3, keepdims=True), classes)
    found: dict[str, Floats] = {}
    for name in names:
        spec = DISPARITIES[name]
        between = spec.against == "groups"
        gaps = [
            _between(own[rate_name], present[..., None, :], spec.form)
            if between
            else _to_overall(own[rate_name], overall[rate_name], present[..., None, :], spec.form)
            for rate_name in spec.rates
        ]
        stacked = np.stack(gaps, axis=-1)  # [..., class, rate]
        worst = _worst(stacked.mean(-1) if spec.average else _worst(stacked, spec.form), spec.form)
        found[name] = np.where(present.sum(-1) >= (2 if between else 1), worst, np.nan)
    return found


class _RateValues:
    """Values of rates as arrays [..., class, group], each computed when it is first asked for."""

    def __init__(self, table: Floats, classes: tuple[int, ...] | None) -> None:
        self._table = table
        self._classes = list(classes if classes is not None else reported_classes(table.shape[-1]))
        self._outcomes: Outcomes | None = None
        self._known: dict[str, Floats] = {}

    def __getitem__(self, name: str) -> Floats:
        if name not in self._known:
            self._known[name] = self._value(name)
        return self._known[name]

    def _value(self, name: str) -> Floats:
        if name == "accuracy":
            return accuracy(self._table).value[..., None, :]
        if self._outcomes is None:
            self._outcomes = Outcomes(*(part[..., self._classes] for part in outcomes(self._table)))
        return np.moveaxis(RATES[name].formula(self._outcomes).value, -1, -2)


def has_images(counts: ArrayLike) -> NDArray[np.bool_]:
    """Which groups have any image: [..., group].

    >>> has_images([[[8, 2], [1, 9]], [[0, 0], [0, 0]]]).tolist()
    [True, False]
    """
    return np.asarray(np.asarray(counts).sum((-2, -1)) > 0, np.bool_)


def impact_ratio(counts: ArrayLike, *, positive: int = 1) -> Floats:
    """Each group's selection rate over the highest group's: [..., group], in [0, 1], higher is better.

    NaN for groups without images and for all groups when nobody is selected. The smallest one is
    `demographic_parity_ratio`.

    >>> impact_ratio([[[8, 2], [1, 9]], [[6, 4], [5, 5]]]).round(4).tolist()
    [1.0, 0.8182]
    """
    values = rate(counts, "selection_rate").value[..., positive]
    highest = np.where(has_images(counts), values, -np.inf).max(-1, keepdims=True)
    return ratio(values, np.where(np.isfinite(highest), highest, np.nan))


def worst_attribute_group_accuracy(counts: ArrayLike) -> Floats:
    """Smallest accuracy of any group with images: [...], in [0, 1], higher is better; NaN without any group.

    A group holds all its classes, so a class in which it does badly can hide behind one in which it does well: see
    `worst_cell_accuracy`.

    >>> worst_attribute_group_accuracy([[[8, 2], [1, 9]], [[6, 4], [5, 5]]]).item()
    0.55
    """
    values = np.where(has_images(counts), accuracy(counts).value, np.inf).min(-1)
    return np.where(np.isfinite(values), values, np.nan)


def worst_cell_accuracy(counts: ArrayLike) -> Floats:
    """Smallest accuracy of any cell of group × true class: [...], in [0, 1], higher is better.

    What the literature on group shifts calls worst-group accuracy (Sagawa et al. 2020; WILDS). NaN without any group,
    and when a cell of a group that has images is empty: what nobody has seen may be the worst. Groups without images
    have no cells. It is never above `worst_attribute_group_accuracy`, which is a mean over such cells.

    >>> worst_cell_accuracy([[[8, 2], [1, 9]], [[6, 4], [5, 5]]]).item()
    0.5
    """
    values = cell_accuracy(counts).value
    present = has_images(counts)
    lowest = np.where(present[..., None], values, 1.0).min((-2, -1))  # min keeps the NaN of an empty cell
    return np.where(present.any(-1), lowest, np.nan)


def unbiased_accuracy(counts: ArrayLike) -> Floats:
    """Mean accuracy over all cells of group × true class, each with equal weight.

    This is the accuracy on a set with the same number of images in every cell (the "unbiased" set of Nam et al. 2020,
    as used by the counterfactual-interpolation paper). In [0, 1], higher is better. NaN when a cell of a group that has
    images is empty; groups without images have no cells.

    >>> unbiased_accuracy([[[8, 2], [1, 9]], [[6, 4], [5, 5]]]).round(4).item()
    0.7
    """
    return _cell_mean(counts, np.ones(np.shape(counts)[-3:-1], bool))


def bias_conflict_accuracy(counts: ArrayLike, aligned: ArrayLike) -> Floats:
    """Mean accuracy over the cells whose group is not the one that goes with the true class, each with equal weight.

    In [0, 1], higher is better: a model that decides by the group instead of the target is near 0 here. NaN when one of
    these cells of a group with images is empty, or when there are none.

    Args:
        counts: [..., group, true, predicted].
        aligned: [group, true] bool, True where the group goes with the class (see `aligned_cells`).

    >>> bias_conflict_accuracy([[[8, 2], [1, 9]], [[6, 4], [5, 5]]], [[False, True], [True, False]]).item()
    0.65
    """
    cells = np.asarray(aligned, bool)
    if cells.shape != np.shape(counts)[-3:-1]:
        raise ValueError(f"aligned needs shape {np.shape(counts)[-3:-1]}, found {cells.shape}")
    return _cell_mean(counts, ~cells)


def aligned_cells(relation: ArrayLike) -> NDArray[np.bool_]:
    """Which group goes with each class, as a fact of the data a model was trained on: bool [group, true].

    For every class the group that is most over-represented in it, argmax_g P(g | t) / P(g) = argmax_g P(t | g), so that
    a group which is frequent everywhere does not go with everything. Ties go to the first group; a class or group
    without images is never chosen.

    Args:
        relation: [group, true] counts of the training data.

    >>> aligned_cells([[90, 10], [30, 20]]).tolist()
    [[True, False], [False, True]]
    """
    table = np.asarray(relation, np.float64)
    share = np.nan_to_num(ratio(table, table.sum(1, keepdims=True)), nan=0.0)
    chosen = np.zeros(table.shape, bool)
    columns = np.flatnonzero(table.sum(0) > 0)
    chosen[share[:, columns].argmax(0), columns] = True
    return chosen


def _cell_mean(counts: ArrayLike, cells: NDArray[np.bool_]) -> Floats:
    used = has_images(counts)[..., None] & cells
    right = np.where(used, cell_accuracy(counts).value, 0.0)
    return ratio(right.sum((-2, -1)), used.sum((-2, -1)))


def _between(values: Floats, present: NDArray[np.bool_], form: Form) -> Floats:
    highest = np.where(present, values, -np.inf).max(-1)
    lowest = np.where(present, values, np.inf).min(-1)
    finite = np.isfinite(highest) & np.isfinite(lowest)
    highest, lowest = np.where(finite, highest, np.nan), np.where(finite, lowest, np.nan)
    return highest - lowest if form == "difference" else ratio(lowest, highest)


def _to_overall(values: Floats, overall: Floats, present: NDArray[np.bool_], form: Form) -> Floats:
    if form == "difference":
        return np.asarray(np.where(present, np.abs(values - overall), 0.0).max(-1), np.float64)
    share = np.fmin(ratio(values, overall), ratio(overall, values))  # one of the two is undefined when a rate is 0
    share = np.where(np.isnan(values), np.nan, share)
    return np.asarray(np.where(present, share, 1.0).min(-1), np.float64)


def _worst(gaps: Floats, form: Form) -> Floats:
    return np.asarray(gaps.max(-1) if form == "difference" else gaps.min(-1), np.float64)
