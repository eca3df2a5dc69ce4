"""The measurements of `cf-align`: one per pair of classifiers, with what was left out and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fairaudit.measures.alignment.alignment import Alignment, Correction, corrected
from fairaudit.results.measurement import Measurement, finite
from fairaudit.tables.row import Estimate, Extra, Subject, row

AUDIT = "cf-align"
TRIVIAL = "trivial"
"""Extra fact of a pair that moves together by construction; tables leave such pairs out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseRow:
    """Everything about one base classifier that its measurements need."""

    base: str
    """Name of the base classifier."""
    downstream: Sequence[str]
    """Names of the downstream classifiers."""
    alignment: Alignment
    """Its row of the matrix."""
    base_change: Sequence[float] | NDArray[np.float64]
    """How far the base score moved, of the images with a relative change."""
    eligible: int
    """Images that the base classifier calls positive (negative for `up`)."""
    dropped: Mapping[str, int]
    """Reason → eligible images without a relative change."""
    stops: Mapping[str, int]
    """Why the searches ended → images."""
    auc: float | None = None
    """AUC of the base score for its own label over all images; None where it has none."""
    bound: frozenset[str] = frozenset()
    """Classifiers that move with the base whatever the images show, such as outputs of the same softmax."""
    balanced_auc: Mapping[str, float] = field(default_factory=dict)
    """Downstream classifier → the same with that attribute's groups balanced, where it is called as an attribute."""
    conflicting_auc: Mapping[str, float] = field(default_factory=dict)
    """Downstream classifier → the same over the images whose value of that attribute goes against their target value,
    where it is known which goes with which."""


def alignment_measurements(
    rows: Sequence[BaseRow],
    *,
    method: str,
    level: float = 0.95,
    clustered: bool = False,
    correction: Correction = "holm",
    baseline: str | None = None,
    unusable: str | None = None,
    lost: Mapping[str, str] | None = None,
) -> list[Measurement]:
    """Measurements `relative_change`, `relative_change_ratio_of_sums` and `base_change` of every base classifier.

    `class` is the base classifier and `attribute` the downstream one. p values are against no alignment; `p_adjusted`
    is corrected over all pairs of the matrix, a classifier with itself left out.

    Args:
        rows: one per base classifier.
        method: how counterfactuals were made, such as latent-shift-fast.
        level: coverage of the intervals.
        clustered: whether whole clusters were resampled.
        correction: for the family of all pairs.
        baseline: name of the model that is compared with.
        unusable: why none of the numbers must be relied on; they are kept with this reason.
        lost: downstream classifier → why its numbers must not be relied on, such as that the generator loses it.
    """
    family = [_family_p(base, column) for base in rows for column in range(len(base.downstream))]
    adjusted = iter(corrected(family, correction).tolist())
    found: list[Measurement] = []
    for base in rows:
        found.append(_base_change(base, method, baseline, unusable))
        for column in range(len(base.downstream)):
            refusal = unusable or (lost or {}).get(base.downstream[column])
            cell = _Cell(base, column, method, level, clustered, baseline, refusal)
            facts = {"p_adjusted": finite(next(adjusted)), "correction": correction}
            found += [cell.mean(facts), cell.ratio_of_sums()]
    return found


def _family_p(base: BaseRow, column: int) -> float:
    return float("nan") if base.downstream[column] == base.base else float(base.alignment.p_value[column])


@dataclass(frozen=True, slots=True)
class _Cell:
    """One pair of the matrix and what its two measurements have in common."""

    base: BaseRow
    column: int
    method: str
    level: float
    clustered: bool
    baseline: str | None
    unusable: str | None

    def mean(self, facts: Mapping[str, float | str | None]) -> Measurement:
        found = self.base.alignment
        extra = {
            "median": finite(found.median[self.column]),
            "deviation": finite(found.deviation[self.column]),
            "eligible": self.base.eligible,
            "balanced_auc": finite(self.base.balanced_auc.get(self.base.downstream[self.column])),
            "conflicting_auc": finite(self.base.conflicting_auc.get(self.base.downstream[self.column])),
            **facts,
        }
        return self._measurement(
            "relative_change", found.mean, found.mean_low, found.mean_high, extra, found.p_value[self.column]
        )

    def ratio_of_sums(self) -> Measurement:
        found = self.base.alignment
        return self._measurement(
            "relative_change_ratio_of_sums", found.ratio_of_sums, found.ratio_low, found.ratio_high, {}, float("nan")
        )

    def _measurement(
        self,
        metric: str,
        value: NDArray[np.float64],
        low: NDArray[np.float64],
        high: NDArray[np.float64],
        extra: Extra,
        p_value: float,
    ) -> Measurement:
        column, number = self.column, finite(value[self.column])
        if self.base.downstream[column] in {self.base.base, *self.base.bound}:
            extra = {**extra, TRIVIAL: True}
        ends = finite(low[column]), finite(high[column])
        bounded = number is not None and None not in ends
        subject = Subject(
            audit=AUDIT,
            metric=metric,
            attribute=self.base.downstream[column],
            class_=self.base.base,
            method=self.method,
            baseline=self.baseline,
        )
        estimate = Estimate(
            value=number,
            low=ends[0] if bounded else None,
            high=ends[1] if bounded else None,
            interval="cluster-bootstrap" if self.clustered else "bootstrap",
            counted="cluster" if self.clustered else "pair",
            n=int(self.base.alignment.n[column]),
            p_value=p_value,
            chance=0.0,
            missing=_nothing(self.base),
            unusable=self.unusable,
            extra=extra,
        )
        return row(subject, estimate, level=self.level)


def _base_change(base: BaseRow, method: str, baseline: str | None, unusable: str | None) -> Measurement:
    """Median change of the base score, and where every eligible image went."""
    changes = np.asarray(base.base_change, np.float64)
    value = finite(np.median(changes)) if len(changes) else None
    quartiles = np.quantile(changes, (0.25, 0.75)) if len(changes) else (np.nan, np.nan)
    extra: dict[str, float | int | str | bool | None] = {
        "eligible": base.eligible,
        "auc": finite(base.auc),
        "lower_quartile": finite(quartiles[0]),
        "upper_quartile": finite(quartiles[1]),
        **{f"dropped: {reason}": count for reason, count in base.dropped.items()},
        **{f"stop: {reason}": count for reason, count in base.stops.items()},
    }
    subject = Subject(audit=AUDIT, metric="base_change", class_=base.base, method=method, baseline=baseline)
    estimate = Estimate(
        value=value, counted="pair", n=len(changes), missing=_nothing(base), unusable=unusable, extra=extra
    )
    return row(subject, estimate)


def _nothing(row: BaseRow) -> str:
    """Why a base classifier has no relative change at all."""
    if not row.eligible:
        return f"no image is predicted as {row.base}, so there is no evidence to remove"
    reasons = ", ".join(f"{count}: {reason}" for reason, count in row.dropped.items() if count)
    return f"none of {row.eligible} eligible images has a relative change ({reasons})"


def rectified_measurements(
    *,
    base: str,
    other: str,
    names: Sequence[str],
    before: Alignment,
    beta: float,
    images: int,
    steps: int,
    method: str,
    level: float,
    clustered: bool,
    lost: Mapping[str, str] | None = None,
) -> list[Measurement]:
    """`relative_change_before` of every other classifier, and `rectification_factor`, of one rectified base classifier.

    Args:
        base: name of the base classifier.
        other: name of the classifier whose influence was taken out.
        names: names of all classifiers, as in `before`.
        before: the base's row of the matrix as it came.
        beta: multiple of the other that was added.
        images: images that it was found on.
        steps: steps of the descent.
        method: how counterfactuals were made.
        level: coverage of the intervals.
        clustered: whether whole clusters were resampled.
        lost: classifier → why its numbers must not be relied on.
    """
    found = [
        row(
            Subject(audit="cf-rectify", metric="relative_change_before", attribute=name, class_=base, method=method),
            Estimate(
                value=before.mean[column],
                low=before.mean_low[column],
                high=before.mean_high[column],
                interval="cluster-bootstrap" if clustered else "bootstrap",
                counted="cluster" if clustered else "pair",
                n=int(before.n[column]),
                p_value=before.p_value[column],
                chance=0.0,
                missing="no held-out image has a relative change",
                unusable=(lost or {}).get(name),
            ),
            level=level,
        )
        for column, name in enumerate(names)
        if name != base
    ]
    factor = Subject(audit="cf-rectify", metric="rectification_factor", attribute=other, class_=base, method=method)
    return [*found, row(factor, Estimate(value=beta, n=images, missing="none was found", extra={"steps": steps}))]
