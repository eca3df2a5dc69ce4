"""Every leg of the audit for every model of the pruning run that was audited: outcome, relevance, effect, accuracy.

What pruning claims needs the same audit of the unpruned model and of controls: without the bias term, or by magnitude.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from fairaudit.audits.core.plan import AuditPlan
from fairaudit.audits.core.report.drawn import drawn
from fairaudit.audits.core.run import run_study
from fairaudit.audits.core.stream.audit import Drawing
from fairaudit.audits.core.stream.progress import Progress
from fairaudit.audits.core.study.study import Study
from fairaudit.audits.fairness.audit import FairnessAudit
from fairaudit.audits.joint import verdict as joint
from fairaudit.audits.pruning.experiment import Experiment
from fairaudit.pruning.standalone import as_classifier
from fairaudit.report.figures.legs import Panel, Point, legs_figure
from fairaudit.report.rows import is_headline
from fairaudit.results.measurement import Measurement
from fairaudit.results.report import Report
from fairaudit.tables.row import renamed

SOURCES = {
    "leg_accuracy": "unbiased_accuracy",
    "leg_outcome": joint.OUTCOME,
    "leg_cue": joint.LOOKS,
    "leg_swap": joint.MOVES,
    "leg_lift": joint.LIFT,
    "leg_effect": joint.EFFECT,
}
"""Name of a leg → the metric that it repeats: mean accuracy of the cells, the legs of the joint verdict, and those
of the use of the region."""
BY_METHOD = ("leg_cue", "leg_lift")
"""Legs with a value per attribution method."""
TITLES = {
    "leg_accuracy": "mean accuracy of cells",
    "leg_outcome": "outcome gap",
    "leg_cue": "cue alignment",
    "leg_swap": "effect of swapped content",
    "leg_lift": "relevance lift",
    "leg_effect": "effect of replacing",
    "bias_accuracy_linear": "linear probe",
    "bias_accuracy_mlp": "MLP probe",
}
"""What a panel of the figure is called."""
FOLDER = "controls"
"""Folder in the output folder with a report per control and of the unpruned model."""

OUTCOMES = AuditPlan(
    audits_for=lambda study, _: [FairnessAudit(study)], metrics=joint.PLAN.metrics, needs_attributes=True
)
"""What is audited of a model that decides every image alike: it has no evidence to explain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """One model of the run with its own report."""

    name: str
    """Name of the variant."""
    report: Report


def audit_variants(study: Study, experiment: Experiment, names: Sequence[str], progress: Progress) -> list[Audited]:
    """The whole audit of the unpruned model and of the named controls, each against the unpruned one.

    They are audited whether or not the pruned model collapsed; of one that collapsed itself, the outcomes.

    Args:
        study: that of the pruned model, whose baseline is the unpruned one.
        experiment: what was made.
        names: controls to audit; without any, nothing is.
        progress: shows how far it is.

    Raises:
        FairauditError: an audit cannot be made.
    """
    unpruned = study.baseline
    if unpruned is None or not names:
        return []
    variants = {variant.name: variant for variant in experiment.variants}
    found = []
    for name in ("vanilla", *names):
        variant = variants[name]
        control = as_classifier(unpruned, experiment.split, variant.weights, name)
        model, baseline = (unpruned, None) if name == "vanilla" else (control, unpruned)
        folder = study.options.output / FOLDER / name.replace(" ", "-")
        options = replace(study.options, output=folder, root=study.options.root or study.options.output)
        own = replace(study, candidate=model, baseline=baseline, options=options)
        plan = OUTCOMES if variant.collapsed else joint.PLAN
        found.append(Audited(name=name, report=run_study(own, plan, folder=folder, progress=progress)))
    return found


def with_legs(report: Report, audited: Sequence[Audited], name: str, folder: Path) -> Report:
    """The pruned model's report with every audited model's legs side by side, and a figure of them.

    Args:
        report: the pruned model's.
        audited: the others, the unpruned model first.
        name: name of the variant that the report is about.
        folder: the report's folder, where the figure goes.

    Raises:
        OutputError: the figure cannot be written.
    """
    if not audited:
        return report
    first, *controls = audited
    models = [first, Audited(name=name, report=report), *controls]
    rows = [row for model in models for row in leg_rows(model.name, model.report)]
    shown = [model.name for model in models]
    drawing = Drawing(
        name="legs.png",
        caption=(
            "Every leg of the audit for the unpruned model, the pruned one and controls, with its interval. Lower is "
            "less reliance, for the accuracy higher is better. Full reports of the others are in the folder "
            f"{FOLDER}."
        ),
        draw=partial(legs_figure, panels(rows, shown, report), heading="Numbers of the audits"),
    )
    figures = [*drawn([drawing], folder), *report.figures]
    return report.model_copy(update={"measurements": [*report.measurements, *rows], "figures": figures})


def leg_rows(name: str, report: Report) -> Iterator[Measurement]:
    """The legs of one model, repeated from its report; `extra` has the paired change to the unpruned model.

    The method says which model it is and, for relevance, by which attribution method.
    """
    for leg, metric in SOURCES.items():
        for m in report.measurements:
            if m.metric == metric and is_headline(m) and not m.baseline and _is_leg(leg, m):
                method = f"{name}, {m.method}" if leg in BY_METHOD else name
                bare = m.model_copy(update={"p_value": None, "chance": None, "extra": _change(m, report)})
                yield renamed(bare, audit="prune", metric=leg, method=method, class_=None)


def _is_leg(leg: str, m: Measurement) -> bool:
    """Whether a measurement is over all images: of an attribute or a region, or of both where the leg is about both."""
    return leg in ("leg_cue", "leg_swap") or m.attribute is None or m.region is None


def _change(leg: Measurement, report: Report) -> dict[str, float | int | str | bool | None]:
    for m in report.measurements:
        same = (m.attribute, m.region, m.method) == (leg.attribute, leg.region, leg.method)
        if m.metric == f"{leg.metric}_change" and same and m.baseline and is_headline(m):
            return {"change": m.value, "change_low": m.low, "change_high": m.high}
    return {}


def panels(rows: Sequence[Measurement], models: Sequence[str], report: Report) -> list[Panel]:
    """A panel per leg with a point per model; what readers of the bottleneck find of the bias is a leg too."""
    probes = [m for m in report.measurements if m.metric.startswith("bias_accuracy_") and m.method in models]
    found: dict[str, list[Point]] = {}
    for row in (*rows, *probes):
        model, _, by = (row.method or "").partition(", ")
        subject = " × ".join(name for name in (row.attribute, row.region) if name)
        title = ", ".join(text for text in (TITLES[row.metric], subject, by.replace("_", " ")) if text)
        found.setdefault(title, []).append(Point(name=model, value=row.value, low=row.low, high=row.high))
    return [
        Panel(title=title, points=sorted(points, key=lambda point: models.index(point.name)))
        for title, points in found.items()
    ]
