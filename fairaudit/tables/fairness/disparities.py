"""Measurements of disparities between groups, with intervals that keep their level however many groups there are."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.counts.disparities import DISPARITIES, Disparity, compared, disparity, has_images
from fairaudit.measures.counts.rates import RATES, Rate, rate, reported_classes
from fairaudit.measures.counts.sensitivity import flipping_error
from fairaudit.measures.intervals.permutation import AgainstNull
from fairaudit.measures.intervals.simultaneous import Extreme, GroupPair, difference_interval, ratio_interval
from fairaudit.results.measurement import Measurement, finite
from fairaudit.tables.fairness.nulls import Nulls
from fairaudit.tables.row import Estimate, Extra
from fairaudit.tables.rows import FairnessSpec, listed, measurement, total

PAIRWISE = tuple(
    name for name in DISPARITIES if DISPARITIES[name].against == "groups" and not DISPARITIES[name].average
)
"""Disparities whose intervals come from pairs of groups; the others are resampled."""
CLASS_GAPS = ("selection_rate", "tpr", "fpr", "ppv")
"""Rates whose gap is reported for every class on its own, as `…_difference`."""

NO_PAIR = "fewer than two groups have images"


def disparity_rows(counts: ArrayLike, asked: FairnessSpec, nulls: Nulls) -> Iterator[Measurement]:
    """Every disparity between groups, and the gap of every class on its own, with simultaneous intervals.

    A disparity is undefined when a group that has images has no such rate; the interval is then still given, with that
    group's rate free in [0, 1], because a gap between the others may already be proved. Groups without any image
    are left out and named.

    Args:
        counts: [group, true, predicted].
        asked: what the table is about.
        nulls: the disparities under no disparity, for p values and corrected values.
    """
    table = np.asarray(counts, np.float64)
    for name in PAIRWISE:
        spec = DISPARITIES[name]
        value = float(disparity(table, name))
        test = nulls.test(name, value)
        sized = asked.sized(table, partial(compared, spec=spec))
        number, reason = _number(table, spec, value, sized, asked, test)
        yield measurement(asked, name, number, reason=reason)
    for name in CLASS_GAPS:
        yield from _class_gaps(table, name, asked)


def _class_gaps(table: Floats, name: str, asked: FairnessSpec) -> Iterator[Measurement]:
    spec = Disparity(name=f"{name}_difference", rates=(name,), form="difference", null="target")
    for index in reported_classes(table.shape[-1]):

        def rate_of(counts: Floats, index: int = index) -> Rate:
            return compared(counts, spec, classes=(index,))

        found = rate_of(table)
        present = has_images(table)
        values = found.value[0, 0][present]
        value = float(values.max() - values.min()) if len(values) > 1 else np.nan
        sized = asked.sized(table, rate_of)
        nothing = AgainstNull(np.nan, np.nan, np.nan)
        number, reason = _number(table, spec, value, sized, asked, nothing, classes=(index,))
        yield measurement(asked, spec.name, number, reason=reason, class_=asked.classes[index])


def _number(
    table: Floats,
    spec: Disparity,
    value: float,
    sized: Rate,
    asked: FairnessSpec,
    test: AgainstNull,
    *,
    classes: tuple[int, ...] | None = None,
) -> tuple[Estimate, str]:
    present = np.flatnonzero(has_images(table))
    if len(present) < 2:
        return Estimate(value=np.nan, n=total(table)), NO_PAIR
    chosen = classes if classes is not None else reported_classes(table.shape[-1])
    x, n = (part[..., present].reshape(-1, len(present)) for part in sized)
    bounds = (difference_interval if spec.form == "difference" else ratio_interval)(x, n, level=asked.statistics.level)
    place = _PairNames(asked=asked, spec=spec, present=present.tolist(), classes=chosen, worth=n)
    exists = np.isfinite(value)
    family = {"groups_compared": len(present), "rates_compared": len(x)}
    number = Estimate(
        value=value,
        low=min(bounds.low, value) if exists else bounds.low,
        high=max(bounds.high, value) if exists else bounds.high,
        interval="max-t",
        corrected=test.corrected,
        p_value=test.p_value,
        chance=test.expected,
        n=total(table),
        extra={**place.facts(table, bounds, observed=bool(exists)), **family, **_sensitivity(table, spec, asked)},
    )
    return number, _reason(table, spec, asked, chosen)


def _sensitivity(table: Floats, spec: Disparity, asked: FairnessSpec) -> Extra:
    if asked.tolerance is None or spec.form == "ratio" or spec.name not in DISPARITIES:
        return {}
    return {"label_error_that_flips": finite(flipping_error(table, spec.name, limit=asked.tolerance))}


class _PairNames:
    """Names of the pairs that a disparity rests on."""

    def __init__(
        self, *, asked: FairnessSpec, spec: Disparity, present: list[int], classes: tuple[int, ...], worth: Floats
    ) -> None:
        self.asked, self.spec, self.present, self.worth = asked, spec, present, worth
        self.classes = classes if spec.rates != ("accuracy",) else (-1,)

    def facts(self, table: Floats, bounds: Extreme, *, observed: bool) -> Extra:
        found = compared(table, self.spec, classes=None if self.classes == (-1,) else self.classes)
        values = found.value[..., self.present].reshape(-1, len(self.present))
        sizes = found.denominator[..., self.present].reshape(-1, len(self.present))
        counted = compared(
            self.asked.counted(table), self.spec, classes=None if self.classes == (-1,) else self.classes
        )
        self.counted = counted.denominator[..., self.present].reshape(-1, len(self.present))
        facts: dict[str, float | int | str | bool | None] = {}
        if observed:
            facts |= self._pair("", _observed(values, self.spec.form), values, sizes)
        facts |= self._pair("limiting_", bounds.limiting, values, sizes)
        empty = [name for index, name in enumerate(self.asked.groups) if index not in self.present]
        if empty:
            facts["groups_without_images"] = listed(empty)
        return facts

    def _pair(
        self, prefix: str, pair: GroupPair, values: Floats, sizes: Floats
    ) -> dict[str, float | int | str | bool | None]:
        names = [self.asked.groups[index] for index in self.present]
        facts: dict[str, float | int | str | bool | None] = {
            f"{prefix}rate": self.spec.rates[pair.rate % len(self.spec.rates)],
            f"{prefix}highest": names[pair.high],
            f"{prefix}lowest": names[pair.low],
        }
        index = self.classes[pair.rate // len(self.spec.rates)]
        if index >= 0:
            facts[f"{prefix}class"] = self.asked.classes[index]
        for side, group in (("highest", pair.high), ("lowest", pair.low)):
            size, value = float(sizes[pair.rate, group]), float(values[pair.rate, group])
            if self.counted[pair.rate, group] >= self.asked.statistics.min_cell:
                facts[f"{prefix}{side}_n"] = size
                facts[f"{prefix}{side}_value"] = value if np.isfinite(value) else None
                if self.asked.cluster_counts is not None or self.asked.squared is not None:
                    facts[f"{prefix}{side}_worth"] = round(float(self.worth[pair.rate, group]), 1)
        return facts


def _observed(values: Floats, form: str) -> GroupPair:
    highest, lowest = values.argmax(-1), values.argmin(-1)
    tops, bottoms = values.max(-1), values.min(-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        strength = tops - bottoms if form == "difference" else -bottoms / tops
    worst = int(np.nanargmax(strength)) if np.isfinite(strength).any() else 0
    return GroupPair(rate=worst, high=int(highest[worst]), low=int(lowest[worst]))


def _reason(table: Floats, spec: Disparity, asked: FairnessSpec, classes: tuple[int, ...]) -> str:
    present = has_images(table)
    for name in spec.rates:
        if name == "accuracy":
            continue
        missing = np.isnan(rate(table, name).value) & present[:, None]
        for index in classes:
            groups = [asked.groups[group] for group in np.flatnonzero(missing[:, index])]
            if groups:
                return f"{name} does not exist for group {listed(groups)}: {RATES[name].none_of(asked.classes[index])}"
    return "every group's rate is 0" if spec.form == "ratio" else NO_PAIR
