"""`fairaudit prune`: prune a bias out of a model, write the pruned model, and audit it beside the one it came from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fairaudit.audits.core.plan import AuditPlan, no_methods, no_verdicts
from fairaudit.audits.core.report.gates import check_gates
from fairaudit.audits.core.report.metrics import PRUNING
from fairaudit.audits.core.report.outcome import Outcome
from fairaudit.audits.core.report.write import write_report_folder
from fairaudit.audits.core.run import check_named, run_study
from fairaudit.audits.core.stream.audit import Audit, Findings
from fairaudit.audits.core.stream.found import FoundBefore
from fairaudit.audits.core.stream.progress import Progress
from fairaudit.audits.core.stream.trial import Trials
from fairaudit.audits.core.study.alignment import GroupTargets, alignment
from fairaudit.audits.core.study.recall import recalled_baseline
from fairaudit.audits.core.study.study import Study, open_classifier, target_of
from fairaudit.audits.fairness.audit import FairnessAudit
from fairaudit.audits.joint import verdict as joint
from fairaudit.audits.pruning.data import Decoded, PruneData, examples, open_parts, told
from fairaudit.audits.pruning.experiment import DRAWN, Experiment, check_controls, run_experiment
from fairaudit.audits.pruning.legs import audit_variants, with_legs
from fairaudit.audits.pruning.maps import MappedModel, map_drawing
from fairaudit.audits.pruning.options import PruneOptions
from fairaudit.audits.pruning.read import read
from fairaudit.audits.pruning.rows import Reported
from fairaudit.audits.pruning.small import small_model
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config
from fairaudit.data.manifest import Manifest
from fairaudit.data.planted.planting import brought
from fairaudit.engine.place import working_folder
from fairaudit.gate.changed import KEPT
from fairaudit.measures.clusters.partition import partition
from fairaudit.models.classifier import Classifier
from fairaudit.pruning.encoder import split
from fairaudit.pruning.export import export, save_masks
from fairaudit.pruning.standalone import as_classifier
from fairaudit.results.report import Report

PROBE_IMAGES = 4
"""Images that the model is lifted and the written file is checked on."""


def run_prune(
    path: Path, *, config: Config, base: Path, options: RunOptions, asked: PruneOptions, progress: Progress
) -> Outcome:
    """Search the mask, write the model, run the controls, and audit the pruned model with the original as baseline.

    In the output folder: the pruned model, mask.safetensors, checkpoints of the searches, and the report.

    Raises:
        FairauditError: data, model or options cannot be used.
    """
    data = opened_parts(config, base=base, options=options, asked=asked)
    model = open_classifier(path, config=config, material=data.report, options=options)
    fit, choose, report = (
        examples(part, data.biases, model, config, options.workers)
        for part in (data.parts.fit, data.parts.choose, data.parts.report)
    )
    images = data.report.loader.load(range(min(PROBE_IMAGES, len(data.parts.report)))).images
    reopen = partial(open_classifier, config=config, material=data.report, options=options)
    rehearse(model, images, asked.bottleneck, options.output, reopen)
    experiment = run_experiment(
        model,
        images,
        (fit.examples, choose.examples, report.examples),
        asked,
        seed=options.seed,
        folder=options.output / "search",
        key=_key(model, data, config),
        fresh=options.fresh,
        progress=progress,
    )
    target = options.output / f"{path.stem}-pruned{path.suffix}"
    notes = _written(experiment, model, target, images, asked, options, reopen)
    study = Study(config=config, options=options, material=data.report, candidate=reopen(target), baseline=model)
    findings = _findings(
        study, _reported(experiment, data, config, fit, report), [*told(fit, choose, report), *data.notes, *notes]
    )
    found = _audited(study, experiment, findings, asked, progress)
    return Outcome(name=target.stem, folder=options.output, report=found)


def _audited(
    study: Study, experiment: Experiment, findings: Findings, asked: PruneOptions, progress: Progress
) -> Report:
    """The pruned model's report, beside those of the unpruned one and of controls, which share what it answers."""
    options, plan = study.options, plan_with(findings, collapsed=is_collapsed(experiment))
    unpruned = study.baseline.sha256 if study.baseline is not None and asked.audited else None
    folder = working_folder(options.output)
    digest, fresh = study.material.digest, options.fresh
    with recalled_baseline(unpruned, digest, folder, limit=options.cache, fresh=fresh) as recall:
        study = replace(study, recall=recall)
        others = audit_variants(study, experiment, asked.audited, progress)
        found = run_study(study, plan, folder=options.output, progress=progress)
    if others:
        found = with_legs(found, others, experiment.written, options.output)
        write_report_folder(found, options.output, options.formats)
    return found


def opened_parts(config: Config, *, base: Path, options: RunOptions, asked: PruneOptions) -> PruneData:
    """The parts of the data, with whatever can be checked on them before a model is opened.

    Raises:
        FairauditError: data or options cannot be used, or the configuration names what the data do not have.
    """
    check_controls(asked)
    check_gates(config.gates)
    data = open_parts(config, base=base, options=options, asked=asked)
    check_named(config, data.report, joint.PLAN)
    return data


def rehearse(
    model: Classifier, images: Tensor, bottleneck: str | None, folder: Path, reopen: Callable[[Path], Classifier]
) -> None:
    """Write and reopen the model with nothing pruned: a model that cannot be written is reported before the search.

    Raises:
        ModelError: the model cannot be written in its format.
        OutputError: the folder cannot be written.
    """
    cut = split(model.lifted(images).module, bottleneck)
    masks = {name: torch.ones_like(cut.weight(name), dtype=torch.bool) for name in cut.layers}
    place = folder / f".rehearsal{model.path.suffix}"
    try:
        export(model, cut, masks, place, images=images, reopen=reopen)
    finally:
        place.unlink(missing_ok=True)


def _written(
    experiment: Experiment,
    model: Classifier,
    target: Path,
    images: Tensor,
    asked: PruneOptions,
    options: RunOptions,
    reopen: Callable[[Path], Classifier],
) -> list[str]:
    """Write the pruned model, its mask and, for a structured one, the smaller model; what to know about them."""
    written = export(model, experiment.split, experiment.masks, target, images=images, reopen=reopen)
    save_masks(
        options.output / "mask.safetensors",
        experiment.masks,
        {"mode": asked.mode, "model": model.sha256, "gamma": f"{asked.gammas[0]:g}", "seed": str(options.seed)},
    )
    notes = list(written.notes)
    if asked.mode == "structured":
        place = options.output / f"{target.stem.removesuffix('-pruned')}-small.pt"
        notes.append(small_model(experiment.split, experiment.masks, place, model.normalise(images)))
    return [*notes, f"the pruned model is {target.name}, its mask mask.safetensors"]


def _findings(study: Study, reported: Reported, notes: Sequence[str]) -> Findings:
    """What pruning found, with the maps before and after."""
    drawing, note = map_drawing(study, reported, _compared(study, reported.experiment))
    found = read(reported, [*notes, *([note] if note else [])])
    return found if drawing is None else replace(found, drawings=[drawing, *found.drawings])


def _compared(study: Study, experiment: Experiment) -> list[MappedModel]:
    """The unpruned and the pruned model, and magnitude pruning where it was made."""
    vanilla = study.baseline or study.candidate
    models = [
        MappedModel(name="vanilla", classifier=vanilla),
        MappedModel(name=experiment.written, classifier=study.candidate),
    ]
    for variant in experiment.variants:
        if variant.name == DRAWN:
            control = as_classifier(vanilla, experiment.split, variant.weights, variant.name)
            models.append(MappedModel(name=variant.name, classifier=control))
    return models


def is_collapsed(experiment: Experiment) -> bool:
    """Whether the pruned model that is written decides every image of the reporting part alike."""
    written = next(variant for variant in experiment.variants if variant.name == experiment.written)
    return written.collapsed


def plan_with(findings: Findings, *, collapsed: bool = False) -> AuditPlan:
    """The joint audit, with what pruning found in the same report.

    A collapsed model has no evidence to explain: only its outcomes are audited, and the gate says why it fails.
    """

    def audits_for(study: Study, trials: Trials) -> Sequence[Audit]:
        if collapsed:
            return [FairnessAudit(study), FoundBefore(name="prune", findings=findings)]
        return [*joint.audits_for(study, trials), FoundBefore(name="prune", findings=findings)]

    return AuditPlan(
        audits_for=audits_for,
        verdicts_for=no_verdicts if collapsed else joint.verdicts_for,
        methods_for=no_methods if collapsed else joint.methods_for,
        changed=(KEPT,),
        metrics=joint.PLAN.metrics | PRUNING,
        needs_attributes=True,
    )


def _key(model: Classifier, data: PruneData, config: Config) -> str:
    parts = data.parts
    settings = (config.preprocess.model_dump_json(), config.model.model_dump_json())
    return " ".join([model.sha256, parts.fit.digest(), parts.choose.digest(), *settings, *data.biases])


def _clusters(manifest: Manifest, rows: NDArray[np.int64]) -> NDArray[np.int64] | None:
    return None if manifest.cluster is None else partition(manifest.cluster.codes[rows])


def _told(manifest: Manifest, config: Config, bias: str) -> GroupTargets:
    """What `audit.aligned` states about a bias: the theory's ρ is the training's, not the reporting part's."""
    return alignment(
        manifest.attributes[bias],
        target_of(manifest),
        aligned=config.audit.aligned,
        training=manifest.training,
    )


def _paired(told: GroupTargets) -> NDArray[np.int64] | None:
    """The class of every value that goes with one alone, −1 for others; None if it is not known."""
    if told.cells is None:
        return None
    alone = told.cells.sum(axis=1) == 1
    return np.asarray(np.where(alone, told.cells.argmax(axis=1), -1), np.int64)


def _reported(experiment: Experiment, data: PruneData, config: Config, fit: Decoded, report: Decoded) -> Reported:
    told_of = [_told(data.parts.report, config, name) for name in data.biases]
    return Reported(
        experiment=experiment,
        biases=data.biases,
        rows=report.rows,
        target=report.examples.target.cpu().numpy().astype(np.int64),
        codes=tuple(codes.cpu().numpy().astype(np.int64) for codes in report.examples.biases),
        fit_codes=tuple(codes.cpu().numpy().astype(np.int64) for codes in fit.examples.biases),
        values=report.examples.values,
        classes=len(target_of(data.parts.report).values),
        planted=tuple(name in brought(config.data.bias) for name in data.biases),
        training=tuple(each.training for each in told_of),
        paired=tuple(_paired(each) for each in told_of),
        clusters=_clusters(data.parts.report, report.rows),
        level=config.audit.level,
    )
