"""Rectify a model: add a multiple of another classifier so that counterfactuals stop moving it, and audit the sum."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from fairaudit.audits.alignment.audit import CfAlignAudit
from fairaudit.audits.alignment.heads import output_names
from fairaudit.audits.alignment.options import CfOptions
from fairaudit.audits.alignment.rectified import REACHED, Descent, RectifiedAudit, rectified_readers
from fairaudit.audits.alignment.rectified_model import RectifiedModel, save_rectified
from fairaudit.audits.alignment.shared import SharedFindings
from fairaudit.audits.core.dry_run import RunPlan, plan_on
from fairaudit.audits.core.plan import AuditPlan
from fairaudit.audits.core.report.gates import check_gates
from fairaudit.audits.core.report.metrics import ALIGNMENT, FAIRNESS, RECTIFICATION
from fairaudit.audits.core.report.outcome import Outcome
from fairaudit.audits.core.run import run_study
from fairaudit.audits.core.stream.audit import Audit
from fairaudit.audits.core.stream.progress import Progress
from fairaudit.audits.core.stream.trial import Trials
from fairaudit.audits.core.study.study import Material, Study, open_classifier, target_of
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config, GateRule
from fairaudit.counted import counted
from fairaudit.counterfactuals.heads import head_index
from fairaudit.counterfactuals.rectify import RectifySettings, rectify
from fairaudit.data.categorical import Categorical
from fairaudit.data.loader import Loader
from fairaudit.data.open import open_manifest
from fairaudit.engine.expected import LESS, as_expected
from fairaudit.errors import DataError, ModelError, UsageError
from fairaudit.gate.changed import KEPT
from fairaudit.pruning.parts import pieces
from fairaudit.report.figures.counterfactuals import matrices
from fairaudit.results.report import Report
from fairaudit.results.strict_json import write_bytes

if TYPE_CHECKING:
    from fairaudit.data.manifest import Manifest

MOST = 300
"""Images that β is found on, the first that the base classifier calls positive."""
LEAST = 24
"""Fewest images: a third each trains, stops and is held out."""
SHARES = (0.6, 0.4)
"""Shares of the rows that β is found on, and that the rectified model is audited on."""
WITHIN = 0.1
"""Largest absolute mean relative change that counts as rectified."""
METRICS = ALIGNMENT | RECTIFICATION | FAIRNESS
"""What the report of a rectified model can hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RectifyRequest:
    """What is rectified, and what counts as done."""

    options: CfOptions
    """Generator, base classifiers (each is rectified), downstream classifiers and search."""
    other: str
    """Name of the classifier whose influence is taken out."""
    settings: RectifySettings
    """How β is found."""
    groups: Callable[[Study], Audit]
    """The audit of groups, which shows whether accuracy was kept."""
    within: float = WITHIN
    """Mean relative change that may be left, either way; the whole interval has to be inside."""


def run_rectify(
    path: Path, request: RectifyRequest, *, config: Config, base: Path, options: RunOptions, progress: Progress
) -> list[Outcome]:
    """Find β of every base classifier on one part of the rows; write each model and audit it on the other part.

    With several base classifiers one that cannot be rectified is a row with its reason.

    Raises:
        FairauditError: data, model, generator or names cannot be used, or the only base cannot be rectified.
    """
    check_gates(config.gates)
    whole = open_manifest(config, base=base, limit=options.limit, seed=options.seed)
    fit, held = (_material(part, config, options) for part in pieces(whole, SHARES, seed=options.seed))
    model = open_classifier(path, config=config, material=held, options=options)
    study = Study(config=config, options=options, material=fit, candidate=model)
    audit = CfAlignAudit(study, request.options, SharedFindings())
    other = head_index(audit.readers.heads, request.other)
    _check_generator(audit, request.other)
    several, outcomes = len(audit.readers.bases) > 1, []
    for column in audit.readers.bases:
        name = audit.readers.heads.names[column]
        stem = f"rectified-{path.stem}" + (f"-{_file_name(name)}" if several else "")
        folder = options.output / _file_name(name) if several else options.output
        try:
            if column == other:
                raise UsageError("The other classifier is the base classifier itself", found=name)
            descent = _descent(audit, column, other, request, progress)
            written = _written(audit, descent, options.output / f"{stem}.pt")
            report = _audited(audit, descent, written, held, request, folder, progress)
            outcomes.append(Outcome(name=stem, folder=folder, report=report))
        except Exception as error:
            expected = as_expected(error, LESS)
            if expected is None or not several:
                raise
            progress.note(f"{name}: {expected.paragraph()}")
            outcomes.append(Outcome(name=stem, folder=folder, error=expected))
    if several:
        _write_matrix(outcomes, audit.readers.heads.names, options.output)
    return outcomes


def plan_rectify(path: Path, request: RectifyRequest, *, config: Config, base: Path, options: RunOptions) -> RunPlan:
    """What --dry-run tells: the audit of the rows that are held out, with the model in the place of the rectified one.

    Raises:
        FairauditError: the run could not begin.
    """
    check_gates(config.gates)
    whole = open_manifest(config, base=base, limit=options.limit, seed=options.seed)
    fit, held = pieces(whole, SHARES, seed=options.seed)

    def audits_for(study: Study, trials: Trials) -> Sequence[Audit]:
        del trials
        audit = CfAlignAudit(study, request.options, SharedFindings())
        head_index(audit.readers.heads, request.other)
        return [audit, *([request.groups(study)] if study.attributes else [])]

    most = f"{min(len(fit), MOST):,}"
    besides = (
        f"Before that it looks for the multiple on at most {most} of {counted(len(fit), 'other row')}.",
        "That and the counterfactuals of the rectified model are not in the time above.",
    )
    audited = AuditPlan(audits_for=audits_for, metrics=METRICS, with_regions=False)
    material = _material(held, config, options)
    return plan_on(material, [path], baseline=None, config=config, options=options, plan=audited, besides=besides)


def _material(part: Manifest, config: Config, options: RunOptions) -> Material:
    loader = Loader(part, config.preprocess, {}, options.workers)
    return Material(manifest=part, loader=loader, digest=loader.digest())


def _check_generator(audit: CfAlignAudit, other: str) -> None:
    """Refuse what cf-align would refuse as evidence.

    Raises:
        ModelError: reconstruction alone moves the base classifiers or the other one too far.
    """
    reason = audit.refusal or audit.lost.get(other)
    if reason is not None:
        raise ModelError(
            "Counterfactuals of this generator are not evidence about these classifiers, so nothing can be rectified",
            found=reason,
            where=str(audit.options.generator),
            advice="Train one that keeps their scores: fairaudit generator train --keep MODEL; or raise --drift.",
        )


def _descent(audit: CfAlignAudit, base: int, other: int, request: RectifyRequest, progress: Progress) -> Descent:
    """β on images that the base classifier calls positive.

    Raises:
        DataError: too few images, or no multiple brings the alignment closer to 0.
    """
    images = _positives(audit, base, progress)
    heads = audit.readers.heads
    if audit.generator is None:
        raise ValueError("Latent Shift has a generator")
    found = rectify(audit.generator, heads, images, [base], other, request.options.search, request.settings)[0]
    if found.beta == 0:
        valid = found.history[0].valid if found.history else float("nan")
        told = f"{valid:+.3f} with none of it added" if np.isfinite(valid) else "no image has a relative change"
        raise DataError(
            f"No multiple of {heads.names[other]} brings its mean relative change closer to 0",
            found=f"{told}, after {len(found.history)} steps on {len(images)} images",
            where=heads.names[base],
            advice="Nothing was written. Try more --iterations, another --rate or a smaller --min-base-change.",
        )
    return Descent(base=base, other=other, found=found, images=len(images))


def _positives(audit: CfAlignAudit, base: int, progress: Progress) -> Tensor:
    kept: list[Tensor] = []
    study, found = audit.study, audit.readers
    rows = len(study.manifest.ids)
    with progress.task("Looking for positive predictions", total=rows) as advance:
        for start in range(0, rows, 128):
            batch = study.material.loader.load(range(start, min(start + 128, rows)))
            images = batch.images.to(study.candidate.device)
            with torch.no_grad():
                values = found.heads.values(found.heads.outputs(images))[:, base]
            kept.append(images[values >= found.thresholds[base]])
            advance(min(start + 128, rows), rows, False)
            if sum(len(part) for part in kept) >= MOST:
                break
    images = torch.cat(kept)[:MOST]
    if len(images) < LEAST:
        raise DataError(
            "Too few images are predicted as positive to rectify the model",
            wanted=f"{LEAST}",
            found=f"{len(images)} of {rows}",
            where=f"{study.manifest.name}, the part that β is found on",
        )
    return images


def _written(audit: CfAlignAudit, descent: Descent, path: Path) -> Path:
    candidate = audit.study.candidate
    columns = descent.base, descent.other
    model = RectifiedModel(audit.readers, *columns, descent.found.beta, candidate.mean, candidate.std).eval()
    images = audit.study.material.loader.load(range(2)).images.to(candidate.device)
    save_rectified(model, candidate.normalise(images), path)
    return path


def _audited(
    audit: CfAlignAudit,
    descent: Descent,
    written: Path,
    held: Material,
    request: RectifyRequest,
    folder: Path,
    progress: Progress,
) -> Report:
    """The report on the written file, opened as any model is."""
    name, options = audit.readers.heads.names[descent.base], audit.study.options
    own = predicts_target(audit, descent.base)
    config = _config_of(audit, descent.base)
    material = held if own else replace(held, manifest=_as_target(held.manifest, name))
    reopened = open_classifier(written, config=config, material=material, options=options)
    study = Study(
        config=config,
        options=options,
        material=material,
        candidate=reopened,
        baseline=audit.study.candidate if own else None,
    )
    before = CfAlignAudit(study, request.options, audit.shared, replace(audit.readers, bases=(descent.base,)))
    after = CfAlignAudit(study, request.options, audit.shared, rectified_readers(audit.readers, descent.base, reopened))
    audits: list[Audit] = [RectifiedAudit(before, after, descent)]
    grouped = own and bool(study.attributes)
    if grouped:
        audits.append(request.groups(study))
    return run_study(
        study,
        AuditPlan(
            audits_for=lambda _study, _trials: audits,
            metrics=METRICS,
            changed=(_done(name, request), *([KEPT] if grouped else [])),
            with_regions=False,
        ),
        folder=folder,
        progress=progress,
    )


def _done(base: str, request: RectifyRequest) -> GateRule:
    """The rule that says whether a model is rectified."""
    limits = {"min": -request.within, "max": request.within}
    return GateRule.model_validate({"metric": "relative_change", "attribute": request.other, "class": base, **limits})


def predicts_target(audit: CfAlignAudit, base: int) -> bool:
    """Whether a base classifier is the model's own answer about a target of two values."""
    classifier, target = audit.study.candidate, audit.study.target
    if len(target.values) != 2:
        return False
    names = output_names(classifier, target.name)
    place = 1 if classifier.head.link == "softmax" and classifier.head.outputs == 2 else classifier.head.index
    return audit.readers.heads.names[base] == names[place]


def _config_of(audit: CfAlignAudit, base: int) -> Config:
    """The configuration for a model of one sigmoid: what it says of the original's outputs does not hold."""
    config = audit.study.config
    threshold = min(max(audit.readers.thresholds[base], 1e-6), 1 - 1e-6)
    own = type(config.model)(threshold=threshold)
    return config.model_copy(update={"model": own})


def _as_target(manifest: Manifest, base: str) -> Manifest:
    """The rows with what a base classifier predicts as the target: a value of the target, or the target as it is."""
    target = target_of(manifest)
    value = base.rpartition("=")[2]
    if value in target.values:
        codes = np.where(target.codes < 0, -1, target.codes == target.values.index(value)).astype(np.int32)
        return replace(manifest, target=Categorical(name=target.name, values=(f"not {value}", value), codes=codes))
    if len(target.values) == 2:
        return manifest
    raise UsageError(
        "The rectified model has two answers, but the target has more values",
        wanted=f"a base classifier called as one of {', '.join(target.values[:10])}, or another --target",
        found=base,
    )


def summaries(outcomes: Sequence[Outcome]) -> str:
    """The results, one line per base classifier."""
    lines = []
    for outcome in outcomes:
        if outcome.report is not None:
            state = outcome.report.gate.state
            word = {"pass": "rectified", "fail": "not rectified"}.get(state, f"not shown to be rectified ({state})")
            reached = next(note for note in outcome.report.notes if note.startswith(REACHED))
            lines.append(f"{outcome.name}.pt: {word}. {reached}\n")
    return "".join(lines)


def _write_matrix(outcomes: Sequence[Outcome], names: Sequence[str], folder: Path) -> None:
    """All base classifiers before and after, as Fig. 11 of the paper; what is no evidence stays grey."""
    reports = [outcome.report for outcome in outcomes if outcome.report is not None]
    cells: dict[str, dict[tuple[str, str], float]] = {"relative_change_before": {}, "relative_change": {}}
    for report in reports:
        for found in report.measurements:
            if found.metric in cells and found.status == "ok" and found.value is not None:
                cells[found.metric][found.class_ or "", found.attribute or ""] = found.value
    rows = [name for name in names if any(name == base for base, _ in cells["relative_change"])]
    if not rows:
        return
    panels = [
        (when, [[cells[metric].get((row, name), np.nan) for name in names] for row in rows])
        for when, metric in (("before", "relative_change_before"), ("after", "relative_change"))
    ]
    drawn = matrices(panels, rows, list(names), heading="Alignment before and after")
    write_bytes(folder / "rectification-matrix.png", drawn)


def _file_name(text: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in text)[:60]
