"""From a model file to a written report: open, stream, measure, gate, assemble, write."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

from fairaudit.audits.core.against import against, earlier_report
from fairaudit.audits.core.audit import Audit, Drawing, Findings
from fairaudit.audits.core.decoded import decoded_once
from fairaudit.audits.core.gates import check_gates, check_names
from fairaudit.audits.core.groups import audited_groupings
from fairaudit.audits.core.plan import AuditPlan
from fairaudit.audits.core.progress import Progress
from fairaudit.audits.core.report import Timing, assemble
from fairaudit.audits.core.scale import scale_notes
from fairaudit.audits.core.stored import STORE
from fairaudit.audits.core.stream import Streamed, run_key, stream
from fairaudit.audits.core.study import Material, Study, open_classifier, open_material, require_attributes
from fairaudit.audits.core.trial import Trials, run_trials, trial_settings
from fairaudit.audits.core.write import write_report_folder
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config
from fairaudit.engine.expected import as_expected
from fairaudit.engine.store import RunStore
from fairaudit.errors import FairauditError, UsageError
from fairaudit.report.figures.forest import MOST_ROWS, forest
from fairaudit.report.rows import judged
from fairaudit.results.report import Figure, Report

if TYPE_CHECKING:
    from fairaudit.models.classifier import Classifier

NO_IMAGES = "Figures on which single images can be seen were not drawn (--no-images)."


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One model's report, or the reason why there is none."""

    name: str
    folder: Path
    report: Report | None = None
    error: FairauditError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The data and the baseline, opened once for however many models are audited on them."""

    config: Config
    options: RunOptions
    plan: AuditPlan
    material: Material
    baseline: Classifier | None

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

    def audited(self, model: Path, *, folder: Path, progress: Progress) -> Report:
        """Audit one model and write its folder.

        Raises:
            FairauditError: the model cannot be audited.
        """
        candidate = open_classifier(model, config=self.config, material=self.material, options=self.options)
        study = Study(
            config=self.config,
            options=self.options,
            material=self.material,
            candidate=candidate,
            baseline=self.baseline,
        )
        return run_study(study, self.plan, folder=folder, progress=progress)

    def outcome(self, name: str, model: Path, *, progress: Progress) -> Outcome:
        """Audit one model of several into a folder of its name; one that cannot be audited has a reason instead."""
        folder = self.options.output / name
        try:
            return Outcome(name=name, folder=folder, report=self.audited(model, folder=folder, progress=progress))
        except Exception as error:
            expected = as_expected(error)
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
) -> list[Outcome]:
    """Audit every model; of several, one that cannot be audited has a reason and is not the end of the run.

    Raises:
        FairauditError: the data or the baseline cannot be used, or the only model cannot be audited.
    """
    names = report_names(models)
    session = Session.open(baseline=baseline, config=config, base=base, options=options, plan=plan)
    if len(models) == 1:
        report = session.audited(models[0], folder=options.output, progress=progress)
        return [Outcome(name=names[0], folder=options.output, report=report)]
    with decoded_once(session.material, options.output, limit=options.cache):
        return [session.outcome(name, model, progress=progress) for name, model in zip(names, models, strict=True)]


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
    audits, streamed = mapped_study(study, plan, progress, folder=folder)
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


def mapped_study(
    study: Study, plan: AuditPlan, progress: Progress, *, folder: Path | None = None
) -> tuple[Sequence[Audit], Streamed]:
    """Put the methods on trial and map the plan's audits over all rows, continuing what the folder holds.

    Args:
        study: what is audited.
        plan: by which audits.
        progress: shows it.
        folder: where the run store is; the output folder where none is given.
    """
    for model in (study.candidate, *([study.baseline] if study.baseline is not None else [])):
        if plan.with_regions or plan.methods_for(study):
            model.head.require_scores("Explanations, regions and joint verdicts", where=model.name)
    path = (folder or study.options.output) / STORE
    trials = _tried(study, plan, progress, path)
    audits = plan.audits_for(study, trials)
    key = run_key(study, {audit.name: audit.settings() for audit in audits})
    with RunStore.open(path, key=key, fresh=study.options.fresh) as store:
        return audits, stream(study, audits, store, progress)


def _tried(study: Study, plan: AuditPlan, progress: Progress, path: Path) -> Trials:
    methods = plan.methods_for(study)
    if not methods or not study.config.audit.faithfulness:
        return Trials(measurements=(), unusable={})
    key = run_key(study, {"trial": trial_settings(study, methods, stages=plan.stages)})
    with RunStore.open(path, key=key, fresh=study.options.fresh) as store:
        return run_trials(study, methods, store, progress, stages=plan.stages)


def with_gate_figure(report: Report, folder: Path) -> Report:
    """The report with a forest plot of what the gate judged of the fairness audit, limits drawn; as it is without.

    Raises:
        OutputError: the file cannot be written.
    """
    rows = [row for row in judged(report) if row.measurement is not None and row.measurement.audit == "fairness"]
    if not rows:
        return report
    more = f" The worst {MOST_ROWS} of {len(rows)}." if len(rows) > MOST_ROWS else ""
    drawing = Drawing(
        name="gate.png",
        caption=f"What the gate judged, with the intervals it judged by and its limits.{more}",
        draw=partial(forest, rows, heading="Gate", x_label="judged number"),
    )
    return report.model_copy(update={"figures": [*drawn([drawing], folder), *report.figures]})


def report_names(models: Sequence[Path]) -> list[str]:
    """A name for every model and its folder: its file's, with those of folders above where two would be the same.

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


def drawn(drawings: Sequence[Drawing], folder: Path, *, photographs: bool = True) -> list[Figure]:
    """Draw the figures into the report folder; a name that is taken already gets a number.

    Without `photographs`, figures on which single images can be seen are left out, and those of an earlier run go.

    Raises:
        OutputError: a file cannot be written.
    """
    from fairaudit.results.strict_json import write_bytes

    if any(Path(drawing.name).name != drawing.name for drawing in drawings):
        raise ValueError("a figure's name is no file name")
    figures: list[Figure] = []
    taken: set[str] = set()
    for drawing in drawings:
        name = _free(drawing.name, taken)
        taken.add(name.lower())  # some file systems take both cases for one
        if drawing.photographs and not photographs:
            (folder / "figures" / name).unlink(missing_ok=True)
            continue
        write_bytes(folder / "figures" / name, drawing.draw())
        seen = {"photographs": drawing.photographs, "worst": drawing.worst}
        figures.append(Figure(file=f"figures/{name}", caption=drawing.caption, **seen))
    return figures


def _free(name: str, taken: Collection[str]) -> str:
    """The name, or the first of NAME-2, NAME-3 … that is not taken."""
    stem, dot, suffix = name.rpartition(".")
    names = chain([name], (f"{stem}-{number}{dot}{suffix}" for number in count(2)))
    return next(each for each in names if each.lower() not in taken)
