"""`fairaudit mitigate`: fit, compare, write the best model, open it again and audit it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor

from fairaudit.audits.core.plan import AuditPlan
from fairaudit.audits.core.report.gates import check_gates
from fairaudit.audits.core.report.outcome import Outcome
from fairaudit.audits.core.run import run_study
from fairaudit.audits.core.stream.audit import Audit, Findings
from fairaudit.audits.core.stream.found import FoundBefore
from fairaudit.audits.core.stream.progress import Progress
from fairaudit.audits.core.stream.trial import Trials
from fairaudit.audits.core.study.study import Study, open_classifier
from fairaudit.audits.joint import verdict as joint
from fairaudit.audits.mitigation.data import MitigationData, open_parts, read_parts
from fairaudit.audits.mitigation.figures import drawings
from fairaudit.audits.mitigation.fit import Fits, best, choosing_counts, edit_of, fit_all, mean_cell
from fairaudit.audits.mitigation.judge import Judge
from fairaudit.audits.mitigation.options import MitigateOptions
from fairaudit.audits.mitigation.read import METRICS, VariantComparison, compare, read
from fairaudit.audits.mitigation.statistics import REPLICATES, Images
from fairaudit.audits.mitigation.store import FitStore
from fairaudit.audits.mitigation.table import json_rows, markdown
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config
from fairaudit.errors import FairauditError, UsageError, suggestion
from fairaudit.mitigation.method import Task
from fairaudit.mitigation.registry import METHODS
from fairaudit.mitigation.write import write_edit
from fairaudit.models.classifier import Classifier
from fairaudit.pruning.encoder import split
from fairaudit.pruning.train import TuneSettings
from fairaudit.results.provenance import library_versions
from fairaudit.results.strict_json import dumps, write_text
from fairaudit.saliency.method import Method
from fairaudit.saliency.registry import method as attribution

PROBE_IMAGES = 4
SEEN = 0.97
"""Mean cell accuracy on the choosing part from which a model must have been trained on it."""
FOLDER = "models"


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
    _check(asked)
    check_gates(config.gates)
    manifests, material, names, notes = open_parts(config, base=base, options=options, asked=asked)
    model = open_classifier(path, config=config, material=material, options=options)
    parts = read_parts(manifests, material, names, notes, model=model, config=config, seed=options.seed)
    judge = make_judge(model, parts, config, options, asked)
    store = FitStore(folder=options.output / "fits", key=_key(model, parts, config, asked))
    if options.fresh:
        for file in store.folder.glob("*.safetensors"):
            file.unlink()
    return OpenedRun(model=model, parts=parts, judge=judge, store=store)


def run_mitigate(
    path: Path, *, config: Config, base: Path, options: RunOptions, asked: MitigateOptions, progress: Progress
) -> Outcome:
    """Fit the methods, compare them, write what is asked for, and audit the written model with the old as baseline.

    In the output folder: fits/ (one file per method, seed and λ), models/, mitigation.json, mitigation.md and the
    report. Without a model to write, the report holds the comparison alone.

    Raises:
        FairauditError: data, model or options cannot be used.
    """
    opened = open_run(path, config=config, base=base, options=options, asked=asked)
    model, parts, judge = opened.model, opened.parts, opened.judge
    fits = fit_all(judge, asked, opened.store, progress)
    found = compare(
        fits, _images(parts), attribute=parts.attribute, region=parts.region, level=config.audit.level,
        floor=asked.floor, seed=options.seed, replicates=REPLICATES,
    )  # fmt: skip
    rows = read(found)
    chosen = best(fits, parts.choose, asked.select, asked.floor)
    told = [*parts.notes, _protocol(parts, asked), *_seen(found.fits, judge)]
    reopen = partial(open_classifier, config=config, material=parts.material, options=options)
    images = parts.material.loader.load(parts.rows[:PROBE_IMAGES].tolist()).images
    written = _write(asked, chosen, fits, model, judge, path, options, reopen, images, progress)
    told += [f"{name} is written to {file.relative_to(options.output)}" for name, file in written.items()]
    target = written.get(chosen or "") or (next(iter(written.values())) if written else None)
    _save(options.output, found, rows, chosen, told)
    findings = Findings(measurements=rows, notes=[*told, _conclusion(chosen, target)], drawings=drawings(found))
    study = Study(
        config=config, options=options, material=parts.material,
        candidate=model if target is None else reopen(target), baseline=None if target is None else model,
    )  # fmt: skip
    report = run_study(study, plan_with(findings, audited=target is not None), folder=options.output, progress=progress)
    return Outcome(name=path.stem if target is None else target.stem, folder=options.output, report=report)


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
        train=TuneSettings(epochs=asked.epochs, batch_size=asked.batch_size, rate=asked.rate, seed=options.seed),
    )
    method: Method | None = None
    if parts.region is not None and asked.maps:
        method = attribution(config.audit.saliency[0])
    return Judge(model=model, task=task, report=parts.report, method=method, images=asked.maps)


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


def _check(asked: MitigateOptions) -> None:
    for name in asked.methods:
        if name not in METHODS:
            raise UsageError(f'There is no mitigation method called "{name}"', advice=suggestion(name, METHODS))
    if asked.write not in (None, "best", "all", *asked.methods):
        raise UsageError(
            f'--write cannot be "{asked.write}"', wanted=f"best, all, or one of {', '.join(asked.methods)}"
        )


def _images(parts: MitigationData) -> Images:
    return Images(
        target=parts.report.target.numpy(),
        attribute=parts.report.attribute.numpy(),
        classes=parts.report.classes,
        groups=parts.report.groups,
        clusters=parts.clusters,
    )


def _key(model: Classifier, parts: MitigationData, config: Config, asked: MitigateOptions) -> str:
    settings = (asked.epochs, asked.batch_size, asked.rate, asked.bottleneck, asked.maps)
    versions = library_versions()
    more = (config.preprocess.model_dump_json(), config.model.model_dump_json(), config.audit.saliency[0])
    return " ".join([model.sha256, parts.digest, parts.attribute, repr(settings), *more, versions.get("torch", "")])


def _protocol(parts: MitigationData, asked: MitigateOptions) -> str:
    sizes = f"{len(parts.debias)} images to learn from, {len(parts.choose)} to choose on, {len(parts.report)} to report"
    return (
        f"{sizes}; they share no id, image or cluster. Every method that trains has {asked.epochs} passes, batches of "
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


def _conclusion(chosen: str | None, target: Path | None) -> str:
    if chosen is None:
        return "No method is fit to be written: all are degenerate, failed, or lose too much mean cell accuracy."
    if target is None:
        return f"The best method on the choosing part is {chosen}; nothing was written (--write best)."
    return f"The best method on the choosing part is {chosen}. The audit of this report is of {target.name}."


def _write(
    asked: MitigateOptions,
    chosen: str | None,
    fits: Fits,
    model: Classifier,
    judge: Judge,
    path: Path,
    options: RunOptions,
    reopen: Callable[[Path], Classifier],
    images: Tensor,
    progress: Progress,
) -> dict[str, Path]:
    """Method → written file, the first seed's; one that cannot be written is told, and only alone an error."""
    names = {None: [], "best": [chosen] if chosen else [], "all": list(fits.working())}.get(asked.write, [asked.write])
    written = {}
    for name in [name for name in names if name]:
        fit = fits.by_method[name][0]
        if fit.edit is None:
            raise UsageError(f"{name} cannot be written: it failed", found=fit.reason)
        target = options.output / FOLDER / f"{path.stem}-{name}{path.suffix}"
        try:
            made = write_edit(model, judge.task.split, edit_of(fit), target, images=images, reopen=reopen)
        except FairauditError as error:
            if asked.write != "all":
                raise
            progress.note(f"{name}: {error.paragraph()}")
            continue
        if made.path.suffix != ".json":
            written[name] = made.path
    return written


def _save(folder: Path, found: VariantComparison, rows: list[Any], chosen: str | None, notes: list[str]) -> None:
    measured = [m.model_dump(mode="json", by_alias=True) for m in rows if m.metric != "training_cost"]
    text = {"attribute": found.attribute, "best": chosen, "measurements": measured, "rows": json_rows(found)}
    write_text(folder / "mitigation.json", dumps(text))
    write_text(folder / "mitigation.md", markdown(found, rows, chosen=chosen, notes=notes))
