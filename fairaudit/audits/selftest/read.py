"""Turns what every model of a self-test showed into detection power and false alarms of every audit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.core.stream.audit import Drawing, Findings, slug
from fairaudit.audits.selftest.options import Case
from fairaudit.engine.part import Part
from fairaudit.measures.distributions import student_isf
from fairaudit.measures.intervals.proportion import wilson
from fairaudit.ratio import ratio
from fairaudit.report.figures.power import PowerPanel, PowerPoint, detection_power
from fairaudit.results.measurement import Measurement, finite
from fairaudit.tables.row import Estimate, Subject, row

SMALL_GAP = 0.05
"""Gap in accuracy below which a planted bias was hardly learnt, and there is little to find."""
UNLEARNT = 0.1
"""Accuracy beyond guessing below which a model has not learnt the task."""
PAIRS = (("aligned_right", "conflicting_right"), ("aligned", "conflicting"))
"""Names of the counts: right decisions, and images."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The flags of one audit on one planted attribute, one entry per model."""

    audit: str
    attribute: str
    region: str | None
    case: NDArray[np.int64]
    """Number of the model."""
    flagged: NDArray[np.bool_]
    """Whether the audit saw something."""
    reasons: Sequence[str]
    """Why it could not say anything; empty where it could."""


def read_selftest(
    part: Part, counts: Part, cases: Sequence[Case], *, chance: Mapping[str, float], classes: int, level: float
) -> Findings:
    """Power per audit and strength, false alarms per audit, and how much the models relied on the bias.

    Args:
        part: flags of all models, with their `case`.
        counts: right decisions of all models, with their `case`.
        cases: the models.
        chance: planted attribute → share of images whose bias goes with their class in the controls.
        classes: number of classes.
        level: coverage of intervals.
    """
    answers = list(_answers(part))
    gaps = list(_gaps(counts, cases, chance=chance, level=level))
    found = [m for answer in answers for m in _rates(answer, cases, level=level)]
    return Findings(
        measurements=[*found, *gaps],
        notes=list(_notes(answers, gaps, cases, classes)),
        drawings=list(_drawings(found, answers, chance=chance)),
    )


def _answers(part: Part) -> Iterator[Answers]:
    columns = part.columns
    names = [str(name) for name in columns["audit"].tolist()]
    attributes = [str(name) for name in columns["attribute"].tolist()]
    for attribute, audit in dict.fromkeys(zip(attributes, names, strict=True)):
        own = (columns["audit"] == audit) & (columns["attribute"] == attribute)
        yield Answers(
            audit=audit,
            attribute=attribute,
            region=str(columns["region"][own][0]) or None,
            case=np.asarray(columns["case"][own], np.int64),
            flagged=np.asarray(columns["flagged"][own], np.bool_),
            reasons=[str(reason) for reason in columns["reason"][own].tolist()],
        )


def _rates(answer: Answers, cases: Sequence[Case], *, level: float) -> Iterator[Measurement]:
    planted = np.array([cases[case].rho is not None for case in answer.case.tolist()])
    strengths = np.array([cases[case].strength for case in answer.case.tolist()])
    yield _share(answer, planted, "detection_power", None, level=level)
    for strength in dict.fromkeys(strengths[planted].tolist()):
        yield _share(answer, strengths == strength, "detection_power", str(strength), level=level)
    yield _share(answer, ~planted, "false_alarm_rate", None, level=level)


def _share(answer: Answers, chosen: NDArray[np.bool_], metric: str, group: str | None, *, level: float) -> Measurement:
    hits, total = int(answer.flagged[chosen].sum()), int(chosen.sum())
    interval = wilson(hits, total, level=level)
    silent = sum(bool(reason) for reason, here in zip(answer.reasons, chosen.tolist(), strict=True) if here)
    subject = Subject(
        audit="selftest",
        metric=metric,
        attribute=answer.attribute,
        group=group,
        region=answer.region,
        method=answer.audit,
    )
    estimate = Estimate(
        value=float(ratio(hits, total)),
        low=float(interval.low) if total else None,
        high=float(interval.high) if total else None,
        interval="wilson",
        unit="model",
        n=total,
        numerator=hits,
        denominator=total,
        missing="no such model was trained",
        extra={"without an answer": silent},
    )
    return row(subject, estimate, level=level)


def _gaps(counts: Part, cases: Sequence[Case], *, chance: Mapping[str, float], level: float) -> Iterator[Measurement]:
    """Mean accuracy as if bias and class were independent, and mean gap between aligned and conflicting images."""
    columns = {name: np.asarray(values) for name, values in counts.columns.items()}
    strengths = np.array([cases[case].strength for case in columns["case"].tolist()])
    hits, sizes = (np.stack([columns[name].astype(np.int64) for name in pair]) for pair in PAIRS)
    aligned, conflicting = ratio(hits, sizes)
    for attribute in dict.fromkeys(columns["planted"].tolist()):
        own, share = columns["planted"] == attribute, chance[str(attribute)]
        accuracy = share * aligned + (1 - share) * conflicting
        for strength in dict.fromkeys(strengths[own].tolist()):
            here = own & (strengths == strength)
            yield _mean(accuracy[here], "trained_accuracy", str(attribute), str(strength), level=level)
            yield _mean((aligned - conflicting)[here], "planted_gap", str(attribute), str(strength), level=level)


def _mean(values: NDArray[np.float64], metric: str, attribute: str, group: str, *, level: float) -> Measurement:
    known = values[~np.isnan(values)]
    low: float | None = None
    high: float | None = None
    if len(known) > 1:
        half = float(student_isf((1 - level) / 2, len(known) - 1) * known.std(ddof=1) / np.sqrt(len(known)))
        low, high = finite(float(known.mean()) - half), finite(float(known.mean()) + half)
    estimate = Estimate(
        value=float(known.mean()) if len(known) else None,
        low=low,
        high=high,
        interval="t",
        unit="model",
        n=len(known),
        missing="no model has both aligned and conflicting images",
    )
    return row(Subject(audit="selftest", metric=metric, attribute=attribute, group=group), estimate, level=level)


def _notes(
    answers: Sequence[Answers], gaps: Sequence[Measurement], cases: Sequence[Case], classes: int
) -> Iterator[str]:
    yield (
        "Power is the share of models with a planted bias that an audit flags with its whole interval, false alarms "
        "the share of models trained where bias and class are independent; an audit that stays undecided flags nothing."
    )
    for gap in gaps:
        if gap.metric == "trained_accuracy" and gap.group == "control" and (gap.value or 0.0) < 1 / classes + UNLEARNT:
            yield (
                f"The controls of {gap.attribute} have hardly learnt the task (accuracy {gap.value or 0.0:.2f}): their "
                "false alarms say little; try more --epochs or --train-images."
            )
        if gap.metric == "planted_gap" and gap.group != "control" and (gap.value or 0.0) < SMALL_GAP:
            shown = "unknown" if gap.value is None else f"{gap.value:.3f}"
            yield (
                f"{gap.attribute} at {gap.group}: the models hardly learnt it (gap in accuracy {shown}), so there was "
                "little to find; try a higher --rho or more --epochs."
            )
    for answer in answers:
        silent = [reason for reason in answer.reasons if reason]
        if silent:
            first = cases[int(answer.case[[bool(reason) for reason in answer.reasons].index(True)])]
            yield (
                f"{answer.audit} of {answer.attribute}: no answer on {len(silent)} of {len(answer.reasons)} models; "
                f"the first, {first.name}: {silent[0].rstrip('.')}."
            )


def _drawings(
    found: Sequence[Measurement], answers: Sequence[Answers], *, chance: Mapping[str, float]
) -> Iterator[Drawing]:
    for attribute in dict.fromkeys(answer.attribute for answer in answers):
        panels = [
            PowerPanel(audit=answer.audit, points=_points(found, answer, chance[attribute]))
            for answer in answers
            if answer.attribute == attribute
        ]
        yield Drawing(
            name=f"power-{slug(attribute)}.png",
            caption=(
                f"Share of models that every audit flags for {attribute}, by the share of training images whose bias "
                "goes with the class; open circles: controls without a planted bias, so false alarms. Wilson intervals."
            ),
            draw=partial(detection_power, panels, heading=f"Self-test: is {attribute} found?"),
        )


def _points(found: Sequence[Measurement], answer: Answers, chance: float) -> list[PowerPoint]:
    own = [m for m in found if m.method == answer.audit and m.attribute == answer.attribute and m.value is not None]
    points = []
    for m in own:
        if m.metric == "detection_power" and m.group is None:
            continue
        rho = chance if m.group is None else float(m.group.removeprefix("rho "))
        points.append(
            PowerPoint(
                rho=rho,
                share=m.value or 0.0,
                low=m.low or 0.0,
                high=1.0 if m.high is None else m.high,
                control=m.metric == "false_alarm_rate",
            )
        )
    return sorted(points, key=lambda point: point.rho)
