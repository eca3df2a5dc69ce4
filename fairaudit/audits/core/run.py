"""From a model file to a written report: open, stream, measure, gate, assemble, write."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from fairaudit.audits.core.against import against, earlier_report
from fairaudit.audits.core.audit import Audit, Findings
from fairaudit.audits.core.drawn import NO_IMAGES, drawn, with_gate_figure
from fairaudit.audits.core.gates import check_gates, check_names
from fairaudit.audits.core.groups import audited_groupings
from fairaudit.audits.core.outcome import Outcome
from fairaudit.audits.core.plan import AuditPlan
from fairaudit.audits.core.progress import Progress
from fairaudit.audits.core.report import Timing, assemble
from fairaudit.audits.core.scale import scale_notes
from fairaudit.audits.core.stream import Streamed, run_key, stream
from fairaudit.audits.core.study import Material, Study, open_classifier, open_material, require_attributes
from fairaudit.audits.core.trial import Trials, run_trials, trial_settings
from fairaudit.audits.core.write import write_report_folder
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config
from fairaudit.engine.expected import as_expected
from fairaudit.engine.store import RunStore
from fairaudit.errors import UsageError
from fairaudit.results.report import Report

STORE = "run.sqlite"
"""Name of the run store in the output folder."""


def run_models(
    models: Sequence[Path],
    *,
    baseline: Path | None,
    config: Config,
    base: Path,
    options: RunOptions,
    plan: AuditPlan,
    progress: Progress,
) -> list[Outcome]:
    """Audit every model; in a zoo a model that cannot be audited is a row with its reason, not the end of the run.

    Raises:
        FairauditError: the only model cannot be audited.
    """
    folders = report_folders(models, options.output)
    material = checked_material(config, base=base, options=options, plan=plan)
    if options.against is not None:  # other data is refused before anything is computed
        earlier_report(options.against, digest=material.digest)
    opened = partial(open_classifier, config=config, material=material, options=options)
    compared = None if baseline is None else opened(baseline)
    outcomes = []
    for model, folder in zip(models, folders, strict=True):
        try:
            study = Study(config=config, options=options, material=material, candidate=opened(model), baseline=compared)
            report = run_study(study, plan, folder=folder, progress=progress)
            outcomes.append(Outcome(name=model.stem, folder=folder, report=report))
        except Exception as error:
            expected = as_expected(error)
            if expected is None or len(models) == 1:
                raise
            progress.note(f"{model.name}: {expected.paragraph()}")
            outcomes.append(Outcome(name=model.stem, folder=folder, error=expected))
    return outcomes


def checked_material(config: Config, *, base: Path, options: RunOptions, plan: AuditPlan) -> Material:
    """The data, with whatever of the configuration can be checked on it before a model is opened.

    Raises:
        FairauditError: the data cannot be used, there is no attribute, or a gate rule names what does not exist.
    """
    check_gates(config.gates)
    material = open_material(config, base=base, options=options, with_regions=plan.with_regions)
    manifest, groups = material.manifest, audited_groupings(config, material.manifest)
    if plan.needs_attributes:
        require_attributes([group.name for group in groups], manifest.candidates, where=manifest.name)
    check_names(config.gates, groups, manifest.target)
    return material


def run_study(study: Study, plan: AuditPlan, *, folder: Path, progress: Progress) -> Report:
    """Run the plan's audits over the study's data and write the report folder."""
    started, clock = datetime.now(UTC), time.perf_counter()
    audits, streamed = mapped_study(study, plan, progress)
    mapped = time.perf_counter() - clock
    findings = against(measured(audits, streamed, progress), study.options.against, digest=study.material.digest)
    figures = drawn(findings.drawings, folder, photographs=study.options.images)
    if not study.options.images and any(drawing.photographs for drawing in findings.drawings):
        findings = replace(findings, notes=[*findings.notes, NO_IMAGES])
    misread = scale_notes(study, streamed.rows)
    findings = replace(findings, notes=[*misread, *findings.notes])
    timing = Timing(started=started, seconds=time.perf_counter() - clock, map_seconds=mapped)
    verdicts, why = plan.verdicts_for(study, findings), next(iter(misread), None)
    report = assemble(study, streamed, findings, verdicts, figures, timing, changed=plan.changed, misread=why)
    report = with_gate_figure(report, folder)
    write_report_folder(report, folder, study.options.formats)
    return report


def mapped_study(study: Study, plan: AuditPlan, progress: Progress) -> tuple[Sequence[Audit], Streamed]:
    """Put the methods on trial and map the plan's audits over all rows, continuing what the output folder holds."""
    for model in (study.candidate, *([study.baseline] if study.baseline is not None else [])):
        if plan.with_regions or plan.methods_for(study):
            model.head.require_scores("Explanations, regions and joint verdicts", where=model.name)
    trials = _tried(study, plan, progress)
    audits = plan.audits_for(study, trials)
    key = run_key(study, {audit.name: audit.settings() for audit in audits})
    with RunStore.open(study.options.output / STORE, key=key, fresh=study.options.fresh) as store:
        return audits, stream(study, audits, store, progress)


def _tried(study: Study, plan: AuditPlan, progress: Progress) -> Trials:
    methods = plan.methods_for(study)
    if not methods or not study.config.audit.faithfulness:
        return Trials(measurements=(), unusable={})
    key = run_key(study, {"trial": trial_settings(study, methods, stages=plan.stages)})
    with RunStore.open(study.options.output / STORE, key=key, fresh=study.options.fresh) as store:
        return run_trials(study, methods, store, progress, stages=plan.stages)


def report_folders(models: Sequence[Path], output: Path) -> list[Path]:
    """Where every model's report goes: the output folder itself for one model, a folder of its name for several.

    Raises:
        UsageError: two models would share a folder.
    """
    if len(models) == 1:
        return [output]
    names = [model.stem for model in models]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(
            "Two models would write the same report",
            found=", ".join(twice),
            advice="Rename one file, or audit them in two runs with different -o.",
        )
    return [output / name for name in names]


def measured(audits: Sequence[Audit], streamed: Streamed, progress: Progress) -> Findings:
    """What all audits read from their totals, in one."""
    found = []
    with progress.task("Measuring", total=len(audits)) as advance:
        for number, audit in enumerate(audits, start=1):
            found.append(audit.measure(streamed.totals[audit.name]))
            advance(number, len(audits), False)
    return Findings(
        measurements=[measurement for findings in found for measurement in findings.measurements],
        notes=[note for findings in found for note in findings.notes],
        drawings=[drawing for findings in found for drawing in findings.drawings],
    )
