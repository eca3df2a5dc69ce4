"""`fairaudit selftest`: plant a known bias, train models like the user's on it, and see which audits find it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import save

from fairaudit.audits.core.report.assemble import Clock, report_of, run_block
from fairaudit.audits.core.report.drawn import drawn
from fairaudit.audits.core.report.gates import check_gates
from fairaudit.audits.core.report.outcome import Outcome
from fairaudit.audits.core.report.report import model_entry
from fairaudit.audits.core.report.write import ready_folder, write_report_folder
from fairaudit.audits.core.stream.progress import Progress
from fairaudit.audits.core.study.cells import cells
from fairaudit.audits.core.study.device import describe_device
from fairaudit.audits.core.study.study import Material, open_classifier, target_of
from fairaudit.audits.selftest.bench import Bench
from fairaudit.audits.selftest.data import SelftestData, balanced_rho, open_data, plant
from fairaudit.audits.selftest.options import SelftestOptions, cases_of
from fairaudit.audits.selftest.read import read_selftest
from fairaudit.audits.selftest.train import Trainer
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config
from fairaudit.counted import counted
from fairaudit.data.loader import Loader
from fairaudit.data.planted.bias import place_regions, places
from fairaudit.engine.part import Part
from fairaudit.engine.place import ready_store
from fairaudit.engine.store import RunStore
from fairaudit.errors import UsageError
from fairaudit.models.files.arch import build, parse_arch
from fairaudit.models.lift.lift import source_of
from fairaudit.results.report import Data, Excluded
from fairaudit.results.strict_json import write_bytes
from fairaudit.seeds import child_seed

EXAMPLES = 4
"""Images that a script is lifted on."""
PER_CELL = 10
"""Audited images per group and class below which a gap between groups is hardly ever decided."""
START = "start.safetensors"
"""Name of the untrained model in the output folder, where an architecture is given and no file."""


def run_selftest(
    path: Path | None, *, config: Config, base: Path, options: RunOptions, asked: SelftestOptions, progress: Progress
) -> Outcome:
    """Train and audit every model, and report the power and the false alarms of every audit.

    In the output folder: the report, and under models/ the weights of every trained model.
    The user's model is read and never changed.

    Args:
        path: the user's model; None for a new one of model.arch.
        config: the configuration; its regions and attributes are not audited, the planted ones are.
        base: folder that its paths are relative to.
        options: how to run.
        asked: what to plant, and how to train.
        progress: shows how far it is.

    Raises:
        FairauditError: data, model or options cannot be used.
    """
    clock = Clock.start()
    check_gates(config.gates)
    ready_folder(options.output)
    bench = open_bench(path, config=config, base=base, options=options, asked=asked)
    _, kept = bench.trainer.trainable(seed=0)  # a model that cannot be trained is told before anything is computed
    place = ready_store(options.output, output=options.output)
    with RunStore.open(place, key=bench.key(), fresh=options.fresh) as store:
        title = f"Training and auditing {counted(len(bench.cases), 'model')}"
        with progress.task(title, total=bench.units() * len(bench.cases)) as advance:
            parts, resumed = bench.run(store, advance)
    chance = chances(bench)
    level = config.audit.level
    findings = read_selftest(
        parts["flags"], parts["counts"], bench.cases, chance=chance, classes=len(bench.data.classes), level=level
    )
    excluded = _excluded(parts["excluded"], bench.data)
    report = report_of(
        config.gates,
        findings.measurements,
        options=options,
        run=run_block(options, clock, device=describe_device(str(bench.trainer.model.device)), resumed=resumed),
        data=_data(bench, len(excluded)),
        models=[model_entry(bench.trainer.model, "candidate")],
        excluded=excluded,
        notes=[*_notes(bench, kept), *thin_cells(bench), *bench.trainer.model.notes, *findings.notes],
        figures=drawn(findings.drawings, options.output, wanted=options.figures),
    )
    write_report_folder(report, options.output, options.formats)
    return Outcome(name=bench.trainer.model.path.stem, folder=options.output, report=report)


def open_bench(path: Path | None, *, config: Config, base: Path, options: RunOptions, asked: SelftestOptions) -> Bench:
    """Data and model, opened and checked.

    Raises:
        FairauditError: they cannot be used.
    """
    cases = cases_of(asked)
    data = open_data(config, base=base, options=options, asked=asked)
    for bias in asked.biases:
        balanced_rho(data, bias)  # images that cannot carry the bias are told now
    loader = Loader(data.audit, config.preprocess, {}, options.workers)
    material = Material(manifest=data.audit, loader=loader, digest="")
    if path is None:
        path = _start(config, options)
    model = open_classifier(path, config=config, material=material, options=options)
    trainer = Trainer(
        model=model,
        arch=config.model.arch if source_of(model.module) == "eager" else None,
        asked=asked,
        preprocess=config.preprocess,
        workers=options.workers,
        example=loader.load(range(min(EXAMPLES, len(data.audit)))).images,
    )
    return Bench(trainer=trainer, data=data, config=config, asked=asked, options=options, cases=cases)


def chances(bench: Bench) -> dict[str, float]:
    """Planted attribute → share of images whose bias would go with their class by chance."""
    return {name: balanced_rho(bench.data, bias) for bias in bench.asked.biases for name in places(bias)}


def thin_cells(bench: Bench) -> list[str]:
    """A note for every planted attribute whose groups have too few audited images of every class to be compared."""
    rows, classes = len(bench.data.audit), len(bench.data.classes)
    wanted = {name: round(PER_CELL * classes / chance) for name, chance in chances(bench).items()}
    return [
        f"{name}: {rows} audited images are fewer than {PER_CELL} per group and class, so that the fairness audit will "
        f"hardly have an answer; give at least --audit-images {images}."
        for name, images in wanted.items()
        if rows < images
    ]


def _start(config: Config, options: RunOptions) -> Path:
    """Write an untrained model of the architecture."""
    if config.model.arch is None:
        raise UsageError(
            "There is no model to test the audits on",
            wanted="a model file, or an architecture with --arch",
            advice="fairaudit selftest model.pt, or fairaudit selftest --arch package.module:factory",
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(child_seed(options.seed, "selftest start"))
        network = build(parse_arch(config.model.arch), size=config.preprocess.size)
    path = options.output / START
    write_bytes(path, save({name: value.detach().clone() for name, value in network.state_dict().items()}))
    return path


def _data(bench: Bench, excluded: int) -> Data:
    """The audited rows, with the groups that the first model of every bias was audited in."""
    audit, target = bench.data.audit, target_of(bench.data.audit)
    firsts = [next(case for case in bench.cases if case.bias == number) for number in range(len(bench.asked.biases))]
    planted = [
        plant(bench.data, bench.asked.biases[case.bias], case, config=bench.config, options=bench.options)
        for case in firsts
    ]
    columns = {name: column for each in planted for name, column in each.material.manifest.attributes.items()}
    regions = {name for bias in bench.asked.biases for name in place_regions(bias)}
    return Data(
        name=audit.name,
        digest=audit.digest(),
        rows=len(audit),
        scored=len(audit) - excluded,
        target=target.name,
        classes=list(target.values),
        attributes={name: list(column.values) for name, column in columns.items()},
        unknown=dict.fromkeys(columns, 0),
        cells={name: cells(column, target, bench.config.audit.min_cell) for name, column in columns.items()},
        regions={name: {"given as": "planted"} for name in sorted(regions)},
        seed=bench.options.seed,
    )


def _excluded(part: Part, data: SelftestData) -> list[Excluded]:
    """Rows that the first model was not audited on; the images are the same for all."""
    first = part.columns["case"] == 0
    rows, reasons = part.columns["row"][first].tolist(), part.columns["reason"][first].tolist()
    found = zip(rows, reasons, strict=True)
    return [Excluded(row=int(row), id=data.audit.ids[row], reason=str(reason)) for row, reason in found]


def _notes(bench: Bench, kept: Sequence[str]) -> list[str]:
    asked, data = bench.asked, bench.data
    start = "go on from the model's own weights" if asked.keep_weights else "start from new weights"
    passes = counted(asked.epochs, "pass", "passes")
    notes = [
        f"{len(bench.cases)} models {start}, {passes} over {len(data.train):,} images each, and are "
        f"audited on {len(data.audit)} others, in which the bias goes with the class only a little more than by chance."
    ]
    if kept:
        notes.append(
            f"{len(kept)} weights outside layers could not be initialised anew and start from the model's own values: "
            f"{', '.join(kept[:5])}{', …' if len(kept) > 5 else ''}."
        )
    return notes
