"""Models trained and mitigated at several associations of target and attribute, one unchanged model for each.

Figures 3 and 4 of *Fairness for the Right Reasons*: training and debias rows of one φ, one reporting part for all.
Every φ has as many rows as any other, with even margins, so that nothing but the association differs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from fairaudit.audits.core.report.gates import check_gates
from fairaudit.audits.core.report.outcome import Outcome
from fairaudit.audits.core.run import check_named, run_study
from fairaudit.audits.core.stream.audit import Drawing, Findings
from fairaudit.audits.core.stream.progress import Progress
from fairaudit.audits.core.study.study import Material, Study, open_classifier
from fairaudit.audits.joint import verdict as joint
from fairaudit.audits.mitigation.compared.page import figures_of, page_of, save
from fairaudit.audits.mitigation.compared.read import VariantComparison, read
from fairaudit.audits.mitigation.compared.table import grid, json_rows, remarks
from fairaudit.audits.mitigation.data import open_parts, part_of, read_parts
from fairaudit.audits.mitigation.fits.fit import VANILLA, fit_all
from fairaudit.audits.mitigation.fits.store import Fit, FitStore, Unit
from fairaudit.audits.mitigation.options import MitigateOptions
from fairaudit.audits.mitigation.run import (
    FITS,
    PROBE_IMAGES,
    Mitigated,
    OpenedRun,
    check_asked,
    compared,
    forget,
    plan_with,
    prepared,
)
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config
from fairaudit.counted import counted
from fairaudit.data.manifest import Manifest
from fairaudit.data.resample import phi_samples
from fairaudit.errors import UsageError
from fairaudit.mitigation.learn import learnt
from fairaudit.mitigation.method import Task
from fairaudit.mitigation.write import as_edited
from fairaudit.models.classifier import Classifier
from fairaudit.pruning.encoder import split
from fairaudit.pruning.parts import pieces
from fairaudit.pruning.train import TuneSettings
from fairaudit.report.figures.mitigation import Series, along
from fairaudit.report.mitigation import MitigationPage
from fairaudit.results.measurement import Measurement, finite
from fairaudit.tables.metrics import metric as entry_of
from fairaudit.tables.row import renamed

TRAIN_SHARE = 0.6
"""Share of the debias rows that models are trained on, where no others are named."""
PANELS = (
    "equalized_odds_difference", "worst_cell_accuracy", "relevance_lift", "relevance_fall", "relevance_fall_share",
    "flip_rate",
)  # fmt: skip
"""Metrics of the figure by the first attribution method."""
OTHERS = ("equalized_odds_difference", "relevance_lift_other", "relevance_fall_other", "relevance_fall_share_other")
"""Metrics of the figure by the second one."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Associations:
    """The data of every φ."""

    parts: Mapping[float, Mapping[str, Manifest]]
    """φ → manifests by part, "train" among them."""
    material: Material
    names: tuple[str, ...]
    notes: tuple[str, ...]


class Ahead(Protocol):
    """Fits that were made elsewhere before and written into the folder of fits."""

    def __call__(self, model: Classifier, data: Associations) -> Mapping[float, Mapping[Unit, str]]:
        """φ → units that were lost, with the reason."""


def run_over_phi(
    path: Path,
    *,
    config: Config,
    base: Path,
    options: RunOptions,
    asked: MitigateOptions,
    progress: Progress,
    ahead: Ahead | None = None,
) -> Mitigated:
    """Train a model of the given architecture at every φ, mitigate each, and compare all of them in one report.

    The given file lends its architecture alone: weights are drawn anew.

    Args:
        path: the model's file.
        config: the configuration.
        base: the folder that its paths are relative to.
        options: of every run.
        asked: what is mitigated, and how.
        progress: shows the steps.
        ahead: trains and fits elsewhere first; None does both here.

    Raises:
        FairauditError: data, model or options cannot be used.
    """
    data = checked_associations(config, base=base, options=options, asked=asked)
    model = open_classifier(path, config=config, material=data.material, options=options)
    if options.fresh:
        forget(options.output)
    lost = ahead(model, data) if ahead is not None else {}
    found, notes = {}, [*data.notes]
    for phi in data.parts:
        opened = trained(model, phi, data, config, options, asked, progress)
        opened = replace(opened, store=replace(opened.store, lost=lost.get(phi, {})))
        fits = fit_all(opened.judge, asked, opened.store, progress)
        found[phi] = replace(compared(fits, opened, config, options, asked), phi=phi)
        notes += [f"φ {phi:g}: {note}" for note in opened.parts.notes]
    return _told(path, found, data, model, notes, config, options, progress)


def checked_associations(config: Config, *, base: Path, options: RunOptions, asked: MitigateOptions) -> Associations:
    """As `associations`, with whatever can be checked before a model is opened.

    Raises:
        FairauditError: data or options cannot be used, or the configuration names what the data do not have.
    """
    check_asked(asked)
    check_gates(config.gates)
    if asked.write:
        raise UsageError("--write and --phi cannot be used together", advice="Mitigate the model itself to write one.")
    data = associations(config, base=base, options=options, asked=asked)
    check_named(config, data.material, joint.PLAN)
    return data


def associations(config: Config, *, base: Path, options: RunOptions, asked: MitigateOptions) -> Associations:
    """Training, debias and choosing rows at every φ, disjoint; the reporting part as it is.

    Raises:
        DataError: parts overlap, or a φ leaves no rows.
        UsageError: more than one attribute.
    """
    manifests, material, names, notes = open_parts(config, base=base, options=options, asked=asked)
    if len(names) != 1:
        raise UsageError("--phi is about one attribute", found=", ".join(names), advice="Name it with --attribute.")
    manifests = dict(manifests)
    if "train" not in manifests:
        shares = (TRAIN_SHARE, 1 - TRAIN_SHARE)
        manifests["train"], manifests["debias"] = pieces(manifests["debias"], shares, seed=options.seed)
        notes = [*notes, f"{TRAIN_SHARE:.0%} of the debias rows were taken to train on (--train-split names others)"]
    moved = ["train", "debias", *(["choose"] if asked.choose is None else [])]
    drawn = {name: phi_samples(manifests[name], names[0], asked.phis, seed=options.seed) for name in moved}
    parts = {phi: manifests | {name: each[phi] for name, each in drawn.items()} for phi in asked.phis}
    return Associations(parts=parts, material=material, names=names, notes=tuple(notes))


def training(
    model: Classifier, phi: float, data: Associations, options: RunOptions, asked: MitigateOptions
) -> tuple[FitStore, Unit, TuneSettings]:
    """Where the model that is trained on a φ is kept, and how it is trained."""
    train = TuneSettings(epochs=asked.train_epochs, batch_size=asked.batch_size, rate=asked.rate, seed=options.seed)
    digest = data.parts[phi]["train"].digest()
    store = FitStore(folder=options.output / FITS, key=f"{model.sha256} {digest} {train!r}")
    return store, Unit(method="trained", seed=options.seed, strength=0.0), train


def trained(
    model: Classifier,
    phi: float,
    data: Associations,
    config: Config,
    options: RunOptions,
    asked: MitigateOptions,
    progress: Progress,
) -> OpenedRun:
    """A model with new weights, trained on one φ, and everything that its mitigation needs."""
    parts = data.parts[phi]
    others = {name: manifest for name, manifest in parts.items() if name != "train"}
    read_ = partial(
        read_parts, others, data.material, data.names, (), config=config, seed=options.seed, frames=asked.frames
    )
    plain = read_(model=model)
    images = data.material.loader.load(plain.rows[:PROBE_IMAGES].tolist()).images
    cut = split(model.lifted(images).module, asked.bottleneck)
    store, unit, train = training(model, phi, data, options, asked)
    fit = store.load(unit)
    if fit is None or fit.edit is None:
        progress.note(f"training on {counted(len(parts['train']), 'image')}")
        rows = part_of(parts["train"], data.material, data.names, plain.region, model)
        task = Task(split=cut, head=model.head, debias=rows, choose=rows, train=train, precision=options.precision)
        fit = Fit(unit=unit, edit=learnt(task, fresh=True))
        store.save(fit)
    if fit.edit is None:
        raise ValueError("nothing was trained")
    made = as_edited(model, cut, fit.edit, model.name)
    return prepared(made, read_(model=made), config, options, asked)


def _told(
    path: Path,
    found: Mapping[float, VariantComparison],
    data: Associations,
    model: Classifier,
    notes: Sequence[str],
    config: Config,
    options: RunOptions,
    progress: Progress,
) -> Mitigated:
    rows = {phi: read(each) for phi, each in found.items()}
    every = [_at(row, phi) for phi, each in rows.items() for row in each]
    drawn = drawings(found)
    study = Study(config=config, options=options, material=data.material, candidate=model)
    findings = Findings(measurements=every, notes=[*notes, ARCHITECTURE], drawings=drawn)
    report = run_study(study, plan_with(findings, audited=False), folder=options.output, progress=progress)
    told = [f"φ {phi:g}: {remarks(each, rows[phi])[-1]}" for phi, each in found.items()]
    first = next(iter(found.values()))
    page = MitigationPage(
        title=f"Mitigation of {first.attribute} over φ", answer=[ARCHITECTURE], state=report.gate.state, remarks=told,
        grids={f"φ = {phi:g}": grid(each, rows[phi]) for phi, each in found.items()}, notes=notes,
        report=page_of(options), figures=figures_of(report, drawn),
    )  # fmt: skip
    plain = [row for each in found.values() for row in json_rows(each)]
    save(options.output, {"attribute": first.attribute, "phi": list(found)}, every, plain, page)
    return Mitigated(outcome=Outcome(name=path.stem, folder=options.output, report=report), page=page)


ARCHITECTURE = "One model was trained at every φ, with the architecture of the given file and new weights."


def _at(row: Measurement, phi: float) -> Measurement:
    """The row under its variant's name at this φ."""
    return renamed(row, method=f"{row.method} (φ {phi:g})")


def drawings(found: Mapping[float, VariantComparison]) -> list[Drawing]:
    """Every metric over φ, a line per variant, by the first and by the second attribution method."""
    made = []
    methods = next(iter(found.values())).question.methods or ("no maps",)
    for name, panels, method in zip(("over-phi.png", "over-phi-second.png"), (PANELS, OTHERS), methods, strict=False):
        shown = [m for m in panels if any(m in values for each in found.values() for values in each.values.values())]
        variants = dict.fromkeys(name for each in found.values() for name in each.values)
        series = [
            Series(name=v, x=list(found), y=[[_value(each, v, m) for each in found.values()] for m in shown])
            for v in variants
        ]
        made.append(
            Drawing(
                name=name,
                caption=f"Every variant over φ, relevance by {method}; one model trained at every φ.",
                draw=partial(
                    along, series, panels=[entry_of(m).title for m in shown], x_label="φ",
                    heading=f"Over the association of target and attribute, {method}",
                ),
            )
        )  # fmt: skip
    return made


def _value(found: VariantComparison, variant: str, metric: str) -> float | None:
    values = found.values.get(variant, {}).get(metric)
    if values is None:
        return (
            0.0 if variant == VANILLA and metric.startswith("relevance_fall") else None
        )  # nothing fell against itself
    return finite(float(values[0]))
