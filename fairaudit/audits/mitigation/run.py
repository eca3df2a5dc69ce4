"""`fairaudit mitigate`: fit, compare, write the best model, open it again and audit it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.core.plan import AuditPlan
from fairaudit.audits.core.report.gates import check_gates
from fairaudit.audits.core.report.outcome import Outcome
from fairaudit.audits.core.run import check_named, run_study
from fairaudit.audits.core.stream.audit import Audit, Findings
from fairaudit.audits.core.stream.found import FoundBefore
from fairaudit.audits.core.stream.progress import Progress
from fairaudit.audits.core.stream.trial import Trials
from fairaudit.audits.core.study.statistics import statistics_of
from fairaudit.audits.core.study.study import Material, Study, open_classifier, target_of
from fairaudit.audits.joint import verdict as joint
from fairaudit.audits.mitigation.compared.figures import drawings
from fairaudit.audits.mitigation.compared.page import audit_facts, audit_line, conclusion, figures_of, page_of, save
from fairaudit.audits.mitigation.compared.read import METRICS, VariantComparison, compare, read
from fairaudit.audits.mitigation.compared.statistics import Images
from fairaudit.audits.mitigation.compared.table import grid, json_rows, remarks
from fairaudit.audits.mitigation.compared.verdicts import VariantQuestion
from fairaudit.audits.mitigation.data import MitigationData, open_parts, read_parts
from fairaudit.audits.mitigation.fits.fit import Fits, best, fit_all
from fairaudit.audits.mitigation.fits.merit import choosing_counts, mean_cell
from fairaudit.audits.mitigation.fits.store import FitStore, Unit
from fairaudit.audits.mitigation.judge import COLUMNS, Judge
from fairaudit.audits.mitigation.options import MitigateOptions
from fairaudit.audits.mitigation.relevance import SUFFIXES
from fairaudit.audits.mitigation.swaps import SwapPlan, swap_plan
from fairaudit.audits.mitigation.written import write_chosen
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config
from fairaudit.counted import counted
from fairaudit.data.manifest import Manifest
from fairaudit.errors import UsageError, suggestion
from fairaudit.measures.counts.association import phi as association_phi
from fairaudit.mitigation.method import Task
from fairaudit.mitigation.registry import METHODS
from fairaudit.mitigation.samples import cell_counts
from fairaudit.models.classifier import Classifier
from fairaudit.pruning.encoder import split
from fairaudit.pruning.train import TuneSettings
from fairaudit.report.mitigation import MitigationPage
from fairaudit.results.measurement import finite
from fairaudit.results.provenance import library_versions
from fairaudit.results.report import Report
from fairaudit.saliency.method import Method
from fairaudit.saliency.registry import method as attribution

PROBE_IMAGES = 4
SEARCHED = 5
"""Convolutions that methods of one layer try in a search."""
SEEN = 0.97
"""Mean cell accuracy on the choosing part from which a model must have been trained on it."""
FITS = "fits"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OpenedRun:
    """A run before anything is fitted."""

    model: Classifier
    parts: MitigationData
    judge: Judge
    store: FitStore


def open_run(path: Path, *, config: Config, base: Path, options: RunOptions, asked: MitigateOptions) -> OpenedRun:
    """Open model and data and prepare to fit.

    Raises:
        FairauditError: data, model or options cannot be used.
    """
    manifests, material, names, notes = checked_parts(config, base=base, options=options, asked=asked)
    model = open_classifier(path, config=config, material=material, options=options)
    parts = read_parts(
        manifests, material, names, notes, model=model, config=config, seed=options.seed, frames=asked.frames
    )
    if options.fresh:
        forget(options.output)
    return prepared(model, parts, config, options, asked)


def checked_parts(
    config: Config, *, base: Path, options: RunOptions, asked: MitigateOptions
) -> tuple[dict[str, Manifest], Material, tuple[str, ...], list[str]]:
    """As `open_parts`, with whatever can be checked before a model is opened.

    Raises:
        FairauditError: data or options cannot be used, or the configuration names what the data do not have.
    """
    check_asked(asked)
    check_gates(config.gates)
    found = open_parts(config, base=base, options=options, asked=asked)
    check_named(config, found[1], joint.PLAN)
    return found


def prepared(
    model: Classifier, parts: MitigationData, config: Config, options: RunOptions, asked: MitigateOptions
) -> OpenedRun:
    """The model cut at its bottleneck, and the store of its fits."""
    judge = make_judge(model, parts, config, options, asked)
    store = FitStore(folder=options.output / FITS, key=_key(judge, parts, config, asked))
    return OpenedRun(model=model, parts=parts, judge=judge, store=store)


def forget(folder: Path) -> None:
    """Start over: stored fits are removed."""
    for file in (folder / FITS).glob("*.safetensors"):
        file.unlink()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mitigated:
    """The result of a run."""

    outcome: Outcome
    page: MitigationPage

    @property
    def report(self) -> Report | None:
        """The report."""
        return self.outcome.report


def run_mitigate(
    path: Path,
    *,
    config: Config,
    base: Path,
    options: RunOptions,
    asked: MitigateOptions,
    progress: Progress,
    ahead: Callable[[OpenedRun], Mapping[Unit, str]] | None = None,
) -> Mitigated:
    """Fit the methods, compare them, write what is asked for, and audit the written model with the old as baseline.

    In the output folder: fits/ (one file per method, seed and λ), models/, mitigation.json, mitigation.md,
    mitigation.html and the report. Without a model to write, the report holds the comparison alone.

    Args:
        path: the model's file.
        config: the configuration.
        base: the folder that its paths are relative to.
        options: of every run.
        asked: what is mitigated, and how.
        progress: shows the steps.
        ahead: fits elsewhere first, into the run's store, and says which units were lost and why; None fits here.

    Raises:
        FairauditError: data, model or options cannot be used.
    """
    opened = open_run(path, config=config, base=base, options=options, asked=asked)
    model, parts, judge = opened.model, opened.parts, opened.judge
    if ahead is not None:
        opened = replace(opened, store=replace(opened.store, lost=ahead(opened)))
    fits = fit_all(judge, asked, opened.store, progress)
    found = compared(fits, opened, config, options, asked)
    rows = read(found)
    chosen = best(fits, parts.choose, asked.select, asked.floor)
    notes = [*parts.notes, _protocol(parts, asked), *_seen(fits, judge)]
    reopen = partial(open_classifier, config=config, material=parts.material, options=options)
    written, told = write_chosen(asked.write, chosen, fits, judge, path, options.output, reopen, parts, progress)
    notes += told
    target = written.get(chosen or "") or (next(iter(written.values())) if written else None)
    told = remarks(found, rows)
    drawn = drawings(found, parts.report, told[-1] if len(told) > 1 else "")
    findings = Findings(measurements=rows, notes=[*notes, conclusion(chosen, target)], drawings=drawn)
    study = Study(
        config=config, options=options, material=parts.material,
        candidate=model if target is None else reopen(target), baseline=None if target is None else model,
    )  # fmt: skip
    report = run_study(study, plan_with(findings, audited=target is not None), folder=options.output, progress=progress)
    answer = [conclusion(chosen, target), *([audit_line(report, target)] if target else [])]
    page = MitigationPage(
        title=f"Mitigation of {found.attribute}", answer=answer, state=report.gate.state, remarks=told,
        grids={"": grid(found, rows)}, notes=notes, report=page_of(options), figures=figures_of(report, drawn),
    )  # fmt: skip
    facts = {"attribute": found.attribute, "best": chosen, "audit": audit_facts(report) if target else None}
    save(options.output, facts, rows, json_rows(found), page)
    name = path.stem if target is None else target.stem
    return Mitigated(outcome=Outcome(name=name, folder=options.output, report=report), page=page)


def compared(
    fits: Fits, opened: OpenedRun, config: Config, options: RunOptions, asked: MitigateOptions
) -> VariantComparison:
    """The variants, resampled and judged on the reporting part."""
    parts = opened.parts
    question = VariantQuestion(
        attribute=parts.attribute, values=parts.values, target=target_of(parts.material.manifest).name,
        classes=opened.model.head.classes, region=parts.region,
        methods=tuple(method.name for method in opened.judge.methods), exact=parts.report.has_frames,
        limits=config.audit, statistics=statistics_of(config.audit, seed=options.seed), swaps=opened.judge.swaps,
    )  # fmt: skip
    counts = cell_counts(parts.debias).numpy().reshape(parts.debias.groups, parts.debias.classes)
    phi = float(association_phi(counts)) if counts.shape == (2, 2) else None
    return compare(fits, _images(parts, counts), question, floor=asked.floor, phi=finite(phi))


def make_judge(
    model: Classifier, parts: MitigationData, config: Config, options: RunOptions, asked: MitigateOptions
) -> Judge:
    """The model cut at its bottleneck, and what every variant of it is measured with."""
    images = parts.material.loader.load(parts.rows[:PROBE_IMAGES].tolist()).images
    task = Task(
        split=split(model.lifted(images).module, asked.bottleneck),
        head=model.head,
        debias=parts.debias,
        choose=parts.choose,
        balanced=parts.balanced,
        drawn=parts.drawn,
        precision=options.precision,
        layers=SEARCHED if asked.search or asked.trials or len(asked.strengths) > 1 else 2,
        cav=asked.cav,
        train=TuneSettings(epochs=asked.epochs, batch_size=asked.batch_size, rate=asked.rate, seed=options.seed),
    )
    methods: tuple[Method, ...] = ()
    if parts.region is not None and asked.maps:
        methods = tuple(attribution(name) for name in config.audit.saliency[: len(SUFFIXES)])
    return Judge(
        model=model, task=task, report=parts.report, methods=methods, images=asked.maps,
        swaps=_swaps(parts, options.seed) if asked.maps else None,
    )  # fmt: skip


def _swaps(parts: MitigationData, seed: int) -> SwapPlan | None:
    """Whose content the images of the reporting part get; None without a region."""
    if not parts.report.has_masks:
        return None
    ids = [parts.material.manifest.ids[row] for row in parts.rows.tolist()]
    return swap_plan(parts.report, attribute=parts.attribute, ids=ids, clusters=parts.clusters, seed=seed)


def plan_with(findings: Findings, *, audited: bool) -> AuditPlan:
    """The joint audit of the written model with the comparison in the same report, or the comparison alone."""

    def audits_for(study: Study, trials: Trials) -> Sequence[Audit]:
        own = FoundBefore(name="mitigate", findings=findings)
        return [*joint.audits_for(study, trials), own] if audited else [own]

    if not audited:
        return AuditPlan(audits_for=audits_for, metrics=METRICS)
    return AuditPlan(
        audits_for=audits_for,
        verdicts_for=joint.verdicts_for,
        methods_for=joint.methods_for,
        metrics=joint.PLAN.metrics | METRICS,
    )


def check_asked(asked: MitigateOptions) -> None:
    """Refuse names that no method has.

    Raises:
        UsageError: a method does not exist, or nothing of that name can be written.
    """
    for name in asked.methods:
        if name not in METHODS:
            raise UsageError(f'There is no mitigation method called "{name}"', advice=suggestion(name, METHODS))
    if asked.write not in (None, "best", "all", *asked.methods):
        raise UsageError(
            f'--write cannot be "{asked.write}"', wanted=f"best, all, or one of {', '.join(asked.methods)}"
        )


def _images(parts: MitigationData, counts: NDArray[np.int64]) -> Images:
    """The reporting part; cells are conflicting where the debias part has fewer rows than without an association.

    Args:
        parts: the parts.
        counts: rows of the debias part, [attribute value, target value].
    """
    expected = counts.sum(1, keepdims=True) * counts.sum(0, keepdims=True) / max(1, counts.sum())
    conflicting = (counts < expected - 0.5).reshape(-1)
    return Images(
        target=parts.report.target.numpy(),
        attribute=parts.report.attribute.numpy(),
        classes=parts.report.classes,
        groups=parts.report.groups,
        clusters=parts.clusters,
        conflicting=conflicting if conflicting.any() else None,
    )


def _key(judge: Judge, parts: MitigationData, config: Config, asked: MitigateOptions) -> str:
    task = judge.task
    settings = (
        asked.epochs, asked.batch_size, asked.rate, asked.bottleneck, asked.maps, task.cav, task.layers,
        task.precision == "bf16", COLUMNS,
    )  # fmt: skip
    versions = library_versions()
    more = (
        config.preprocess.model_dump_json(),
        config.model.model_dump_json(),
        *config.audit.saliency[: len(SUFFIXES)],
    )
    return " ".join(
        [judge.model.sha256, parts.digest, parts.attribute, repr(settings), *more, versions.get("torch", "")]
    )


def _protocol(parts: MitigationData, asked: MitigateOptions) -> str:
    sizes = (
        f"{counted(len(parts.debias), 'image')} to learn from, {len(parts.choose):,} to choose on, "
        f"{len(parts.report):,} to report"
    )
    passes = counted(asked.epochs, "pass", "passes")
    return (
        f"{sizes}; they share no id, image or cluster. Every method that trains has {passes}, batches of "
        f"{asked.batch_size} and rate {asked.rate:g}, as the control has"
    )


def _seen(fits: Fits, judge: Judge) -> list[str]:
    """A warning where the unchanged model is all but perfect on the choosing part."""
    mean = mean_cell(choosing_counts(fits.vanilla, judge.task.choose))
    if mean < SEEN:
        return []
    return [
        f"the unchanged model is right on {mean:.1%} of the choosing part's cells: it was probably trained on these "
        "rows, so that they cannot tell a better method; name unseen ones with --choose-split"
    ]
