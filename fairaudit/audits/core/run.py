"""From a model file to a written report: open, stream, measure, gate, assemble, write."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from fairaudit.audits.core.plan import AuditPlan
from fairaudit.audits.core.report.against import against, earlier_report
from fairaudit.audits.core.report.drawn import NO_IMAGES, overlay_notes
from fairaudit.audits.core.report.finish import Tell, finished
from fairaudit.audits.core.report.gates import check_gates, check_names
from fairaudit.audits.core.report.outcome import Outcome
from fairaudit.audits.core.report.report import Timing, assemble
from fairaudit.audits.core.report.write import ready_folder
from fairaudit.audits.core.stream.audit import Audit, Findings
from fairaudit.audits.core.stream.progress import Progress, Silent
from fairaudit.audits.core.stream.stream import StreamResult, run_key, stream, stream_part
from fairaudit.audits.core.stream.trial import Trials, run_trials, trial_settings
from fairaudit.audits.core.study.alignment import check_pairs
from fairaudit.audits.core.study.decoded import decoded_once
from fairaudit.audits.core.study.groups import audited_groupings
from fairaudit.audits.core.study.recall import Recall, recalled_baseline
from fairaudit.audits.core.study.scale import scale_notes
from fairaudit.audits.core.study.study import (
    Material,
    Study,
    audited,
    check_roles,
    open_classifier,
    open_material,
    require_attributes,
)
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config
from fairaudit.engine.expected import LESS, as_expected
from fairaudit.engine.place import ready_store, working_folder
from fairaudit.engine.store import RunStore
from fairaudit.errors import UsageError
from fairaudit.results.report import Report

if TYPE_CHECKING:
    from fairaudit.models.classifier import Classifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The data and the baseline, opened once for however many models are audited on them."""

    config: Config
    options: RunOptions
    plan: AuditPlan
    material: Material
    baseline: Classifier | None
    recall: Recall | None = field(default=None, repr=False)
    """Where the baseline's answers are kept while several models are audited."""

    @classmethod
    def open(
        cls, *, baseline: Path | None, config: Config, base: Path, options: RunOptions, plan: AuditPlan
    ) -> Session:
        """Open them.

        Raises:
            FairauditError: the data or the baseline cannot be used.
        """
        material = checked_material(config, base=base, options=options, plan=plan)
        if options.against is not None:  # other data is refused before anything is computed
            earlier_report(options.against, digest=material.digest)
        compared = (
            None if baseline is None else open_classifier(baseline, config=config, material=material, options=options)
        )
        return cls(config=config, options=options, plan=plan, material=material, baseline=compared)

    def audited(self, model: Path, *, folder: Path, progress: Progress, tell: Tell | None = None) -> Report:
        """Audit one model, print the answer and write its folder.

        Raises:
            FairauditError: the model cannot be audited.
        """
        return run_study(self.study(model), self.plan, folder=folder, progress=progress, tell=tell)

    def study(self, model: Path) -> Study:
        """One model and the data.

        Raises:
            FairauditError: the model cannot be opened.
        """
        return Study(
            config=self.config,
            options=self.options,
            material=self.material,
            candidate=open_classifier(model, config=self.config, material=self.material, options=self.options),
            baseline=self.baseline,
            recall=self.recall,
        )

    @contextmanager
    def of_several(self) -> Iterator[Session]:
        """The session while several models are audited: images are decoded once and the baseline is asked once."""
        folder, limit = working_folder(self.options.output), self.options.cache
        model = None if self.baseline is None else self.baseline.sha256
        with (
            decoded_once(self.material, folder, limit=limit),
            recalled_baseline(model, self.material.digest, folder, limit=limit, fresh=self.options.fresh) as recall,
        ):
            yield replace(self, recall=recall)

    def outcome(self, name: str, model: Path, *, progress: Progress) -> Outcome:
        """Audit one model of several into a folder of its name; one that cannot be audited has a reason instead."""
        folder = self.options.output / name
        try:
            return Outcome(name=name, folder=folder, report=self.audited(model, folder=folder, progress=progress))
        except Exception as error:
            expected = as_expected(error, LESS)
            if expected is None:
                raise
            progress.note(f"{model.name}: {expected.paragraph()}")
            return Outcome(name=name, folder=folder, error=expected)


def run_models(
    models: Sequence[Path],
    *,
    baseline: Path | None,
    config: Config,
    base: Path,
    options: RunOptions,
    plan: AuditPlan,
    progress: Progress,
    tell: Tell | None = None,
) -> list[Outcome]:
    """Audit every model; of several, one that cannot be audited has a reason and is not the end of the run.

    The answer about a single model is printed before its figures are drawn and its folder is written.

    Raises:
        FairauditError: the data or the baseline cannot be used, or the only model cannot be audited.
    """
    names = report_names(models)
    session = Session.open(baseline=baseline, config=config, base=base, options=options, plan=plan)
    if len(models) == 1:
        report = session.audited(models[0], folder=options.output, progress=progress, tell=tell)
        return [Outcome(name=names[0], folder=options.output, report=report)]
    with session.of_several() as session:
        return [session.outcome(name, model, progress=progress) for name, model in zip(names, models, strict=True)]


def checked_material(config: Config, *, base: Path, options: RunOptions, plan: AuditPlan) -> Material:
    """The data, with whatever of the configuration can be checked on it before a model is opened.

    Raises:
        FairauditError: the data cannot be used, there is no attribute, or a gate rule names what does not exist.
    """
    check_gates(config.gates)
    material = open_material(config, base=base, options=options, with_regions=plan.with_regions)
    check_named(config, material, plan)
    return material


def check_named(config: Config, material: Material, plan: AuditPlan) -> None:
    """Refuse attributes, groups and classes that the configuration names and the data do not have.

    Raises:
        FairauditError: there is no attribute, or a gate rule or `audit.aligned` names what does not exist.
    """
    manifest, groups = material.manifest, audited_groupings(config, material.manifest)
    if plan.needs_attributes:
        require_attributes([group.name for group in groups], manifest.candidates, where=manifest.name)
    if manifest.target is not None:
        names = audited(config.audit.attribute, manifest.attributes, kind="attribute")
        check_roles(manifest.target.name, names, config.audit.control, where=manifest.name)
    check_names(config.gates, groups, manifest.target)
    check_pairs(config.audit.aligned, [*groups, *manifest.attributes.values()], manifest.target)


def run_study(study: Study, plan: AuditPlan, *, folder: Path, progress: Progress, tell: Tell | None = None) -> Report:
    """Run the plan's audits over the study's data, print the answer and write the report folder.

    Raises:
        FairauditError: the model cannot be audited, or the folder cannot be written.
    """
    ready_folder(folder)
    started, clock = datetime.now(UTC), time.perf_counter()
    audits, streamed = mapped_study(study, plan, progress, folder=folder)
    mapped = time.perf_counter() - clock
    findings = against(measured(audits, streamed, progress), study.options.against, digest=study.material.digest)
    if not study.options.images and any(drawing.photographs for drawing in findings.drawings):
        findings = replace(findings, notes=[*findings.notes, NO_IMAGES])
    shown = overlay_notes(findings.drawings) if study.options.images and study.options.figures else []
    misread = scale_notes(study, streamed.rows)
    findings = replace(findings, notes=[*misread, *shown, *findings.notes])
    timing = Timing(started=started, seconds=time.perf_counter() - clock, map_seconds=mapped)
    verdicts, why = plan.verdicts_for(study, findings), next(iter(misread), None)
    report = assemble(study, streamed, findings, verdicts, timing, changed=plan.changed, misread=why)
    return finished(report, findings.drawings, folder=folder, options=study.options, tell=tell, progress=progress)


def mapped_study(
    study: Study, plan: AuditPlan, progress: Progress, *, folder: Path | None = None
) -> tuple[Sequence[Audit], StreamResult]:
    """Put the methods on trial and map the plan's audits over all rows, continuing what the folder holds.

    Args:
        study: what is audited.
        plan: by which audits.
        progress: shows it.
        folder: the report's folder, which the run store belongs to; the output folder where none is given.
    """
    with _ready(study, plan, progress, folder or study.options.output) as (audits, store):
        return audits, stream(study, audits, store, progress)


def map_part(study: Study, plan: AuditPlan, chunks: range, *, folder: Path) -> None:
    """Put the methods on trial and map the audits over some chunks only; the folder's run store keeps what is found.

    Args:
        study: what is audited.
        plan: by which audits.
        chunks: numbers of the chunks.
        folder: the report's folder.
    """
    with _ready(study, plan, Silent(), folder) as (audits, store):
        stream_part(study, audits, store, chunks)


@contextmanager
def _ready(
    study: Study, plan: AuditPlan, progress: Progress, folder: Path
) -> Iterator[tuple[Sequence[Audit], RunStore]]:
    """The audits, after the trials of their methods, and the store of what they find."""
    for model in (study.candidate, *([study.baseline] if study.baseline is not None else [])):
        if plan.with_regions or plan.methods_for(study):
            model.head.require_scores("Explanations, regions and joint verdicts", where=model.name)
    path = ready_store(folder, output=study.options.root or study.options.output)
    trials = _tried(study, plan, progress, path)
    audits = plan.audits_for(study, trials)
    key = run_key(study, {audit.name: audit.settings() for audit in audits})
    with RunStore.open(path, key=key, fresh=study.options.fresh) as store:
        yield audits, store


NOT_OF_TRIALS = frozenset({"baseline", "regions", "explain"})
"""Entries of a run's key that no trial depends on, so that a trial is used again when only they change."""


def _tried(study: Study, plan: AuditPlan, progress: Progress, path: Path) -> Trials:
    methods = plan.methods_for(study)
    if not methods or not study.config.audit.faithfulness:
        return Trials(measurements=(), unusable={})
    whole = run_key(study, {"trial": trial_settings(study, methods, stages=plan.stages)})
    key = {name: value for name, value in whole.items() if name not in NOT_OF_TRIALS}
    with RunStore.open(path, key=key, fresh=study.options.fresh) as store:
        return run_trials(study, methods, store, progress, stages=plan.stages)


def report_names(models: Sequence[Path]) -> list[str]:
    """A name for every model and its folder: that of its file, with the folders above if two would be the same.

    Raises:
        UsageError: two models cannot be told apart by their paths.

    >>> report_names([Path("a.pt"), Path("b.pt")])
    ['a', 'b']
    >>> report_names([Path("zoo/m1/model.pt"), Path("zoo/m2/model.pt")])
    ['m1-model', 'm2-model']
    """
    paths = [(*model.absolute().parent.parts[1:], model.stem) for model in models]
    for length in range(1, max(map(len, paths), default=0) + 1):
        names = ["-".join(parts[-length:]) for parts in paths]
        if len({name.lower() for name in names}) == len(names):  # some file systems take both cases for one
            return names
    names = [model.stem for model in models]
    raise UsageError(
        "Two models would write the same report",
        found=", ".join(sorted({name for name in names if names.count(name) > 1})) or ", ".join(names),
        advice="Rename one file, or audit them in two runs with different -o.",
    )


def measured(audits: Sequence[Audit], streamed: StreamResult, progress: Progress) -> Findings:
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
