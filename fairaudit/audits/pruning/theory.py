"""Where a model lies in the pruning paper's theory: biasedness φ, task biasedness K, and the information they imply."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.pruning.experiment import Variant
from fairaudit.audits.pruning.rows import Reported
from fairaudit.measures.counts.paper_measures import mutual_information
from fairaudit.measures.counts.theory import (
    bounded_task_information,
    following_model_information,
    perfect_model_information,
    task_information,
)
from fairaudit.pruning.alignment import reliance
from fairaudit.ratio import ratio
from fairaudit.results.measurement import Measurement, finite
from fairaudit.tables.fairness.theory import UNTRAINED
from fairaudit.tables.fairness.theory import placed as placed_cells
from fairaudit.tables.row import Estimate, Subject, row

METRICS = (
    "bias_information",
    "bias_information_expected",
    "bias_information_perfect",
    "task_information",
    "task_information_expected",
    "task_information_bounded",
    "task_biasedness",
)
"""Names of the theory's measurements; `model_biasedness` is a share and has an interval of its own."""

_REASON = "there are no aligned or no conflicting images, or one class"
_PAIRED = "no value goes with each target value, one for one"


@dataclass(frozen=True, slots=True, kw_only=True)
class TheoryPlace:
    """One model in the theory, for one bias; NaN where there is no such number."""

    rho: float
    """Share of the training rows whose bias goes with its class; NaN if they are not known."""
    phi: float
    """Share of the conflicting images that are decided by the bias: the model's biasedness."""
    needed: float
    """K = ε / (1 − φ) from eq. 5, with the error on aligned images as ε; at most 1: the task's biasedness."""
    classes: int
    """N: values that bias and class both have."""
    bias: float
    """Information on the bias in the decisions on the reporting part, over log N."""
    task: float
    """Information on the target in them, over the logarithm of the number of classes."""
    on_bias: float
    """Information on the bias in the decisions as if cells had the training's shares, over log N; NaN without them."""
    on_task: float
    """Information on the target, likewise."""
    untold: str
    """Why there is no ρ, where there is none."""

    @property
    def there(self) -> bool:
        """Whether the theory's curves are defined."""
        return self.classes >= 2 and not np.isnan([self.rho, self.phi, self.needed]).any()


def place(reported: Reported, variant: Variant, number: int) -> TheoryPlace:
    """φ and K of a variant from its decisions on the reporting part, and the training's ρ.

    φ and K are shares within conflicting and aligned images, and do not depend on how many of each are reported.
    Information does: `on_bias` and `on_task` weigh every cell as often as it is in training, where the theory's ρ is.
    """
    decisions, bias = variant.evaluation.decisions, reported.codes[number]
    associated = reported.associated(number)
    found = reliance(decisions, reported.target, bias, associated)
    phi = float(ratio(found.followed, found.conflicting))
    wrong = float(ratio(found.aligned - found.aligned_right, found.aligned))
    classes = min(reported.values[number], reported.classes)
    pairs = np.zeros((reported.values[number], reported.classes), np.bool_)
    pairs[np.flatnonzero(associated >= 0), associated[associated >= 0]] = True
    paired = len(pairs) == reported.classes and bool((pairs.sum(0) == 1).all())
    training = reported.trained(number) if paired else None
    weighed = placed_cells(_cells(reported, decisions, number), pairs, training=training) if paired else None
    return TheoryPlace(
        rho=np.nan if weighed is None else weighed.rho,
        phi=phi,
        needed=float(np.minimum(1.0, ratio(wrong, 1 - phi))),  # keeps NaN, which min() would take for 1
        classes=classes,
        bias=_information(bias, decisions, reported.values[number], reported.classes, classes),
        task=_information(reported.target, decisions, reported.classes, reported.classes, reported.classes),
        on_bias=np.nan if weighed is None else weighed.on_bias,
        on_task=np.nan if weighed is None else weighed.on_task,
        untold=UNTRAINED if paired else _PAIRED,
    )


def _cells(reported: Reported, decisions: NDArray[np.int64], number: int) -> NDArray[np.float64]:
    """[value, true, decided] images of the reporting part whose value is known."""
    table = np.zeros((reported.values[number], reported.classes, reported.classes))
    bias = reported.codes[number]
    known = bias >= 0
    np.add.at(table, (bias[known], reported.target[known], decisions[known]), 1)
    return table


def theory_rows(reported: Reported, variant: Variant, number: int) -> Iterator[Measurement]:
    """Information as it is, as eqs. 3, 15 and 16 expect it from ρ, φ and K, and K itself; all divided by log N.

    ρ is that of the training rows, as `audit.aligned` states them: without them the expectations are undefined.
    `bias_information_perfect` is eq. 3: what a model that is always right shows on data of this ρ. Beside each
    expectation stands what the decisions hold at that ρ (`observed`).
    `bias_information_expected` is eq. 15, `task_information_expected` eq. 16 as it follows from the appendix's joint,
    and `task_information_bounded` our replacement, which is always in [0, 1].
    """
    at = place(reported, variant, number)
    expected = dict.fromkeys(METRICS, float("nan"))
    expected |= {"bias_information": at.bias, "task_information": at.task, "task_biasedness": at.needed}
    if at.classes >= 2:
        expected |= _curves(at)
    known = int((reported.codes[number] >= 0).sum())
    for name in METRICS:
        yield _row(name, expected[name], variant.name, reported.biases[number], at, known)


def _curves(at: TheoryPlace) -> dict[str, float]:
    """The curves, as far as what they need is known: eq. 3 needs ρ, eq. 15 also φ, eq. 16 also K."""
    classes = at.classes
    found: dict[str, float] = {}
    if not np.isnan(at.rho):
        found["bias_information_perfect"] = float(perfect_model_information(at.rho, classes=classes))
    if not np.isnan([at.rho, at.phi]).any():
        found["bias_information_expected"] = float(following_model_information(at.rho, at.phi, classes=classes))
    if at.there:
        for name, curve in (("expected", task_information), ("bounded", bounded_task_information)):
            found[f"task_information_{name}"] = float(curve(at.rho, at.phi, needed=at.needed, classes=classes))
    return found


def _row(metric: str, found: float, method: str, attribute: str, at: TheoryPlace, known: int) -> Measurement:
    subject = Subject(audit="prune", metric=metric, attribute=attribute, method=method)
    facts = {"rho": finite(at.rho), "phi": finite(at.phi), "classes": at.classes}
    expected = metric.endswith(("_perfect", "_expected", "_bounded"))
    if expected and not metric.endswith("_perfect"):
        facts["observed"] = finite(at.on_bias if metric.startswith("bias") else at.on_task)
    missing = at.untold if expected and np.isnan(at.rho) else _REASON
    return row(subject, Estimate(value=found, n=known, missing=missing, extra=facts))


def _information(
    given: NDArray[np.int64], decisions: NDArray[np.int64], rows: int, columns: int, classes: int
) -> float:
    table = np.zeros((rows, columns))
    known = given >= 0
    np.add.at(table, (given[known], decisions[known]), 1)
    return float(ratio(mutual_information(table), np.log(classes)))


def placed(reported: Reported, names: Sequence[str], number: int) -> list[tuple[str, TheoryPlace]]:
    """Name and place of the first seed of every variant that the theory's curves are defined for."""
    pairs = [(name, place(reported, reported.named(name)[0], number)) for name in names]
    return [(name, at) for name, at in pairs if at.there]
