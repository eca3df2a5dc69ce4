"""Rates per group and class, each with its numerator and denominator, from counts[..., group, true, predicted]."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from fairaudit.measures.counts.confusion import Floats
from fairaudit.ratio import ratio
from fairaudit.registry import Registry


class Rate(NamedTuple):
    """A rate and what it was made of."""

    numerator: Floats
    """Images that count."""
    denominator: Floats
    """Images they are counted among; 0 means that the rate is undefined."""

    @property
    def value(self) -> Floats:
        """Numerator over denominator, NaN where undefined."""
        return ratio(self.numerator, self.denominator)


class Outcomes(NamedTuple):
    """Each class against the rest; every array is [..., group, class]."""

    tp: Floats
    """The class, predicted as the class."""
    fp: Floats
    """Another class, predicted as the class."""
    fn: Floats
    """The class, predicted as another."""
    tn: Floats
    """Another class, predicted as another."""


def outcomes(counts: ArrayLike) -> Outcomes:
    """True and false positives and negatives of every class against the rest.

    Args:
        counts: [..., group, true, predicted]; leading axes, such as bootstrap replicates, are kept.

    >>> outcomes([[[3, 1], [2, 4]]]).fp.tolist()
    [[2.0, 1.0]]
    """
    table = np.asarray(counts, np.float64)
    if table.ndim < 3 or table.shape[-1] != table.shape[-2]:
        raise ValueError(f"counts need shape [..., group, true, predicted], found {table.shape}")
    tp = np.diagonal(table, axis1=-2, axis2=-1)
    actual, predicted = table.sum(-1), table.sum(-2)
    total = actual.sum(-1, keepdims=True)
    return Outcomes(tp=tp, fp=predicted - tp, fn=actual - tp, tn=total - actual - predicted + tp)


@dataclass(frozen=True, slots=True, kw_only=True)
class RateSpec:
    """One rate of a class against the rest: name, formula and direction."""

    name: str
    """Name that reports and gates use."""
    formula: Callable[[Outcomes], Rate]
    """From outcomes to numerator and denominator, both [..., group, class]."""
    better: Literal["lower", "higher", "none"]
    """Which way is better."""
    among: str
    """The images that the denominator counts, to go after "images"; {class_} stands for the class, empty for all."""
    among_each: str = ""
    """The same where the rates of all classes are compared."""

    def none_of(self, class_: str) -> str:
        """Why the rate of a class does not exist: the images that are missing."""
        return f"no image {self.among.format(class_=class_)}".rstrip()


_SPECS = (
    RateSpec(
        name="selection_rate",
        formula=lambda o: Rate(o.tp + o.fp, o.tp + o.fp + o.fn + o.tn),
        better="none",
        among="",
    ),
    RateSpec(
        name="tpr",
        formula=lambda o: Rate(o.tp, o.tp + o.fn),
        better="higher",
        among="whose label is {class_}",
        among_each="of each label",
    ),
    RateSpec(
        name="fpr",
        formula=lambda o: Rate(o.fp, o.fp + o.tn),
        better="lower",
        among="whose label is not {class_}",
        among_each="of each label",
    ),
    RateSpec(
        name="tnr",
        formula=lambda o: Rate(o.tn, o.fp + o.tn),
        better="higher",
        among="whose label is not {class_}",
        among_each="of each label",
    ),
    RateSpec(
        name="fnr",
        formula=lambda o: Rate(o.fn, o.tp + o.fn),
        better="lower",
        among="whose label is {class_}",
        among_each="of each label",
    ),
    RateSpec(
        name="ppv",
        formula=lambda o: Rate(o.tp, o.tp + o.fp),
        better="higher",
        among="predicted as {class_}",
        among_each="predicted as each class",
    ),
    RateSpec(
        name="f1",
        formula=lambda o: Rate(2 * o.tp, 2 * o.tp + o.fp + o.fn),
        better="higher",
        among="whose label or prediction is {class_}",
        among_each="of each label or prediction",
    ),
    RateSpec(
        name="iou",
        formula=lambda o: Rate(o.tp, o.tp + o.fp + o.fn),
        better="higher",
        among="whose label or prediction is {class_}",
        among_each="of each label or prediction",
    ),
)
RATES: Registry[RateSpec] = Registry("rate", [(spec.name, spec) for spec in _SPECS])


def rate(counts: ArrayLike, name: str) -> Rate:
    """One rate for every group and class, the class against the rest.

    | name | formula | better |
    | --- | --- | --- |
    | selection_rate | (tp + fp) / n | – |
    | tpr | tp / (tp + fn) | higher |
    | fpr | fp / (fp + tn) | lower |
    | tnr | tn / (fp + tn) | higher |
    | fnr | fn / (tp + fn) | lower |
    | ppv | tp / (tp + fp) | higher |
    | f1 | 2 tp / (2 tp + fp + fn) | higher |
    | iou | tp / (tp + fp + fn), eqs. 8 and 10 of Hänel et al. (ACCV 2022) | higher |

    All lie in [0, 1] and are NaN where the denominator is 0: the TPR of a group without positives does not exist.

    Args:
        counts: [..., group, true, predicted].
        name: one of the names above.

    Returns:
        Numerator and denominator, both [..., group, class].

    >>> rate([[[3, 1], [2, 4]], [[1, 1], [0, 0]]], "tpr").value.tolist()
    [[0.75, 0.6666666666666666], [0.5, nan]]
    """
    return RATES[name].formula(outcomes(counts))


def accuracy(counts: ArrayLike) -> Rate:
    """Share of images decided correctly, per group: Σₜ counts[g, t, t] / n_g; in [0, 1], higher is better.

    NaN for a group without images.

    Args:
        counts: [..., group, true, predicted].

    Returns:
        Numerator and denominator, both [..., group].

    >>> accuracy([[[3, 1], [2, 4]]]).value.tolist()
    [0.7]
    """
    table = np.asarray(counts, np.float64)
    return Rate(np.trace(table, axis1=-2, axis2=-1), table.sum((-2, -1)))


def cell_accuracy(counts: ArrayLike) -> Rate:
    """Share of images decided correctly, per cell of group × true class; both arrays are [..., group, true].

    >>> cell_accuracy([[[3, 1], [2, 4]]]).value.round(3).tolist()
    [[0.75, 0.667]]
    """
    table = np.asarray(counts, np.float64)
    return Rate(np.diagonal(table, axis1=-2, axis2=-1).copy(), table.sum(-1))


def macro(counts: ArrayLike, name: str) -> Floats:
    """The rate averaged over all classes with equal weight: [..., group]; NaN if any class has no such rate.

    >>> macro([[[3, 1], [2, 4]]], "tpr").round(4).tolist()
    [0.7083]
    """
    return np.asarray(rate(counts, name).value.mean(-1), np.float64)


def reported_classes(classes: int) -> tuple[int, ...]:
    """Classes whose rates are reported: the positive one (value index 1) of two, otherwise every class.

    >>> reported_classes(2), reported_classes(3)
    ((1,), (0, 1, 2))
    """
    return (1,) if classes == 2 else tuple(range(classes))
