"""Measurements of every group: its rates with Wilson intervals and what they were made of."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.counts.rates import RATES, Rate, RateSpec, accuracy, cell_accuracy, outcomes, reported_classes
from fairaudit.measures.intervals.proportion import wilson
from fairaudit.results.measurement import Measurement
from fairaudit.tables.row import Estimate
from fairaudit.tables.rows import FairnessSpec, measurement, suppressed


def group_rows(counts: ArrayLike, asked: FairnessSpec) -> Iterator[Measurement]:
    """Accuracy of every group and cell, and every rate of every group and reported class, with Wilson intervals.

    Two classes report the rates of the positive one (value index 1), more report each against the rest. The interval
    of F1 is the Wilson interval of the IoU carried over, F1 = 2 IoU / (1 + IoU). Rates over fewer than `min_cell`
    images are suppressed. With weights or clusters the intervals use effective sizes.

    Args:
        counts: [group, true, predicted].
        asked: what the table is about.
    """
    table = np.asarray(counts, np.float64)
    images = table.sum((-2, -1))
    counted = outcomes(asked.counted(table))
    yield from _accuracy_rows(table, images, asked)
    yield from _cell_rows(table, asked)
    facts = outcomes(table)
    for name in RATES:
        spec = RATES[name]
        rate = spec.formula(facts)
        low, high = _ends(table, spec, asked)
        among = spec.formula(counted).denominator
        for group, group_name in enumerate(asked.groups):
            for index in reported_classes(table.shape[-1]):
                extra = {
                    "positives": float(facts.tp[group, index] + facts.fn[group, index]),
                    "negatives": float(facts.fp[group, index] + facts.tn[group, index]),
                }
                number = _number(rate, (group, index), low, high, n=images[group], extra=extra)
                reason = _reason(spec, group_name, asked.classes[index], images[group])
                few = asked.statistics.too_few(among[group, index])
                yield _row(asked, name, number, reason=reason, group=group_name, index=index, few=few)


def _accuracy_rows(table: Floats, images: Floats, asked: FairnessSpec) -> Iterator[Measurement]:
    rate = accuracy(table)
    sized = asked.sized(table, accuracy)
    low, high = wilson(sized.numerator, sized.denominator, level=asked.statistics.level)
    counted = asked.counted(table).sum((-2, -1))
    for group, name in enumerate(asked.groups):
        if asked.statistics.too_few(counted[group]):
            yield suppressed(asked, "accuracy", group=name)
            continue
        number = _number(rate, (group,), low, high, n=images[group], extra={})
        yield measurement(asked, "accuracy", number, reason=f"group {name} has no image", group=name)


def _cell_rows(table: Floats, asked: FairnessSpec) -> Iterator[Measurement]:
    rate = cell_accuracy(table)
    sized = asked.sized(table, cell_accuracy)
    low, high = wilson(sized.numerator, sized.denominator, level=asked.statistics.level)
    images, counted = table.sum(-1), asked.counted(table).sum(-1)
    for group, name in enumerate(asked.groups):
        for index, class_ in enumerate(asked.classes):
            if asked.statistics.too_few(counted[group, index]):
                yield suppressed(asked, "cell_accuracy", group=name, class_=class_)
                continue
            number = _number(rate, (group, index), low, high, n=images[group, index], extra={})
            reason = f"group {name} has no image of class {class_}"
            yield measurement(asked, "cell_accuracy", number, reason=reason, group=name, class_=class_)


def _ends(table: Floats, spec: RateSpec, asked: FairnessSpec) -> tuple[Floats, Floats]:
    of_what = RATES["iou"] if spec.name == "f1" else spec

    def rate_of(counts: Floats) -> Rate:
        return of_what.formula(outcomes(counts))

    sized = asked.sized(table, rate_of)
    low, high = wilson(sized.numerator, sized.denominator, level=asked.statistics.level)
    return (2 * low / (1 + low), 2 * high / (1 + high)) if spec.name == "f1" else (low, high)


def _number(
    rate: Rate, place: tuple[int, ...], low: Floats, high: Floats, *, n: float, extra: dict[str, float]
) -> Estimate:
    value = float(rate.value[place])
    exists = bool(np.isfinite(value))
    return Estimate(
        value=value,
        low=float(low[place]) if exists else np.nan,
        high=float(high[place]) if exists else np.nan,
        interval="wilson",
        numerator=float(rate.numerator[place]),
        denominator=float(rate.denominator[place]),
        n=n,
        extra=dict(extra),
    )


def _row(
    asked: FairnessSpec, name: str, number: Estimate, *, reason: str, group: str, index: int, few: bool
) -> Measurement:
    class_ = asked.classes[index]
    if few:
        return suppressed(asked, name, group=group, class_=class_)
    return measurement(asked, name, number, reason=reason, group=group, class_=class_)


def _reason(spec: RateSpec, group: str, class_: str, images: float) -> str:
    if images == 0:
        return f"group {group} has no image"
    return f"group {group} has {spec.none_of(class_)}"
