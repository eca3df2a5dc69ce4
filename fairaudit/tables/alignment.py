"""The measurements of `cf-align`: one per pair of classifiers, with what was left out and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fairaudit.measures.alignment.alignment import Alignment, Correction, corrected
from fairaudit.results.measurement import Measurement, Status, finite

AUDIT = "cf-align"


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
    balanced_auc: Mapping[str, float] = field(default_factory=dict)
    """Downstream classifier → the same with that attribute's groups balanced, where it is called as an attribute."""


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
    family = [_family_p(row, column) for row in rows for column in range(len(row.downstream))]
    adjusted = iter(corrected(family, correction).tolist())
    found: list[Measurement] = []
    for row in rows:
        found.append(_base_change(row, method, baseline, unusable))
        for column in range(len(row.downstream)):
            refusal = unusable or (lost or {}).get(row.downstream[column])
            cell = _Cell(row, column, method, level, clustered, baseline, refusal)
            facts = {"p_adjusted": finite(next(adjusted)), "correction": correction}
            found += [cell.mean(facts), cell.ratio_of_sums()]
    return found


def _family_p(row: BaseRow, column: int) -> float:
    return float("nan") if row.downstream[column] == row.base else float(row.alignment.p_value[column])


@dataclass(frozen=True, slots=True)
class _Cell:
    """One pair of the matrix and what its two measurements have in common."""

    row: BaseRow
    column: int
    method: str
    level: float
    clustered: bool
    baseline: str | None
    unusable: str | None

    def mean(self, facts: Mapping[str, float | str | None]) -> Measurement:
        found = self.row.alignment
        extra = {
            "median": finite(found.median[self.column]),
            "deviation": finite(found.deviation[self.column]),
            "eligible": self.row.eligible,
            "balanced_auc": finite(self.row.balanced_auc.get(self.row.downstream[self.column])),
            **facts,
        }
        return self._measurement(
            "relative_change", found.mean, found.mean_low, found.mean_high, extra, found.p_value[self.column]
        )

    def ratio_of_sums(self) -> Measurement:
        found = self.row.alignment
        return self._measurement(
            "relative_change_ratio_of_sums", found.ratio_of_sums, found.ratio_low, found.ratio_high, {}, float("nan")
        )

    def _measurement(
        self,
        metric: str,
        value: NDArray[np.float64],
        low: NDArray[np.float64],
        high: NDArray[np.float64],
        extra: Mapping[str, float | int | str | bool | None],
        p_value: float,
    ) -> Measurement:
        column, number = self.column, finite(value[self.column])
        ends = finite(low[column]), finite(high[column])
        bounded = number is not None and None not in ends
        return Measurement(
            audit=AUDIT,
            metric=metric,
            attribute=self.row.downstream[column],
            class_=self.row.base,
            method=self.method,
            baseline=self.baseline,
            value=number,
            status=_status(number, self.unusable),
            reason=_reason(number, self.unusable, self.row),
            low=ends[0] if bounded else None,
            high=ends[1] if bounded else None,
            level=self.level if bounded else None,
            interval=("cluster-bootstrap" if self.clustered else "bootstrap") if bounded else None,
            unit="cluster" if self.clustered else "pair",
            n=int(self.row.alignment.n[column]),
            p_value=finite(p_value),
            chance=0.0,
            extra=dict(extra),
        )


def _base_change(row: BaseRow, method: str, baseline: str | None, unusable: str | None) -> Measurement:
    """Median change of the base score, and where every eligible image went."""
    changes = np.asarray(row.base_change, np.float64)
    value = finite(np.median(changes)) if len(changes) else None
    quartiles = np.quantile(changes, (0.25, 0.75)) if len(changes) else (np.nan, np.nan)
    extra: dict[str, float | int | str | bool | None] = {
        "eligible": row.eligible,
        "auc": finite(row.auc),
        "lower_quartile": finite(quartiles[0]),
        "upper_quartile": finite(quartiles[1]),
        **{f"dropped: {reason}": count for reason, count in row.dropped.items()},
        **{f"stop: {reason}": count for reason, count in row.stops.items()},
    }
    return Measurement(
        audit=AUDIT,
        metric="base_change",
        class_=row.base,
        method=method,
        baseline=baseline,
        value=value,
        status=_status(value, unusable),
        reason=_reason(value, unusable, row),
        unit="pair",
        n=len(changes),
        extra=extra,
    )


def _status(value: float | None, unusable: str | None) -> Status:
    if value is None:
        return "undefined"
    return "ok" if unusable is None else "unusable"


def _reason(value: float | None, unusable: str | None, row: BaseRow) -> str | None:
    return _nothing(row) if value is None else unusable


def _nothing(row: BaseRow) -> str:
    """Why a base classifier has no relative change at all."""
    if not row.eligible:
        return f"no image is predicted as {row.base}, so there is nothing to take away"
    reasons = ", ".join(f"{count}: {reason}" for reason, count in row.dropped.items() if count)
    return f"none of {row.eligible} eligible images has a relative change ({reasons})"
