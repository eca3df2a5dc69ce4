"""What a run would do: rows, cells, detectable gaps, time and memory."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from fairaudit.audits.core.plan import AuditPlan, no_verdicts
from fairaudit.audits.core.report.against import earlier_report
from fairaudit.audits.core.run import checked_material
from fairaudit.audits.core.stream.audit import Audit
from fairaudit.audits.core.stream.stream import map_batch
from fairaudit.audits.core.stream.trial import Trials, one_trial, sample_rows
from fairaudit.audits.core.study.cells import cells
from fairaudit.audits.core.study.groups import groupings
from fairaudit.audits.core.study.study import Material, Study, open_classifier
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config
from fairaudit.counted import counted
from fairaudit.engine.memory import peak_memory_bytes
from fairaudit.errors import DataError
from fairaudit.gate.rules import in_words
from fairaudit.measures.counts.association import contingency
from fairaudit.measures.intervals.power import EXPECTED_RATE, detectable_gaps
from fairaudit.results.measurement import finite


@runtime_checkable
class Intervening(Protocol):
    """An audit that scores changed images too."""

    name: str

    @property
    def extra_passes(self) -> int:
        """Forward passes per image and model."""
        ...


PROBE = 16
"""Images that the time is estimated from."""
TRIED = 4
"""Images that the time of the trials is estimated from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """What a run would do."""

    rows: int
    models: int
    """Models that are audited."""
    cells: Mapping[str, Mapping[str, Mapping[str, int | None]]]
    """attribute → group → target value → images."""
    detectable: Mapping[str, Mapping[str, float | None]]
    """attribute → rate → smallest gap that would be found with a power of 80 %; null where none would."""
    detectable_alike: Mapping[str, Mapping[str, float | None]] | None
    """The same if all images of a cluster said the same, so that every cluster of a cell counts once; null without
    clusters. The truth lies between the two."""
    audits: Sequence[str]
    passes: int
    """Times that every image is decoded."""
    extra_passes: Mapping[str, int]
    """Audit → forward passes per image and model on changed images, beyond the one that all audits share."""
    seconds: float
    """Estimated time of the map over all rows and models."""
    trial_seconds: float
    """Estimated time of trying the attribution methods on every model, before that map; 0 without methods."""
    not_judged: Sequence[str]
    """Gate rules that this command could not judge, in words."""
    memory_bytes: int | None
    """Most memory that the probe needed."""
    besides: Sequence[str] = ()
    """What the command does besides the audit; none of the figures above counts it."""
    baselines: int = 0
    """Models that they are compared with; the times above include them."""


def plan_run(
    models: Sequence[Path], *, baseline: Path | None, config: Config, base: Path, options: RunOptions, plan: AuditPlan
) -> RunPlan:
    """Open everything, map a few images, and estimate the rest.

    Raises:
        FairauditError: the run could not begin.
    """
    material = checked_material(config, base=base, options=options, plan=plan)
    if options.against is not None:
        earlier_report(options.against, digest=material.digest)
    return plan_on(material, models, baseline=baseline, config=config, options=options, plan=plan)


def plan_on(
    material: Material,
    models: Sequence[Path],
    *,
    baseline: Path | None,
    config: Config,
    options: RunOptions,
    plan: AuditPlan,
    besides: Sequence[str] = (),
) -> RunPlan:
    """The plan of an audit of data that are open.

    Args:
        material: the data.
        models: the models' files.
        baseline: the file of the model they are compared with.
        config: the configuration.
        options: of every run.
        plan: the audits.
        besides: what the command does besides, which no figure of the plan counts.

    Raises:
        FairauditError: the run could not begin.
    """
    opened = [open_classifier(path, config=config, material=material, options=options) for path in models]
    compared = None
    if baseline is not None:
        compared = open_classifier(baseline, config=config, material=material, options=options)
    study = Study(config=config, options=options, material=material, candidate=opened[0], baseline=compared)
    audits = plan.audits_for(study, Trials(measurements=(), unusable={}))
    clusters = study.clusters(np.arange(len(study.manifest)))
    return RunPlan(
        rows=len(material.manifest),
        models=len(opened),
        cells={g.name: cells(g, study.target, config.audit.min_cell) for g in groupings(study)},
        detectable=_detectable(study, alike=False),
        detectable_alike=None if clusters is None else _detectable(study, alike=True),
        audits=[audit.name for audit in audits],
        passes=len(opened),
        extra_passes={audit.name: audit.extra_passes for audit in audits if isinstance(audit, Intervening)},
        seconds=seconds_per_row(study, audits) * len(material.manifest) * len(opened),
        trial_seconds=seconds_of_trials(study, plan) * len(opened),
        not_judged=_not_judged(study, plan),
        memory_bytes=peak_memory_bytes(),
        besides=tuple(besides),
        baselines=0 if baseline is None else 1,
    )


def _not_judged(study: Study, plan: AuditPlan) -> list[str]:
    """The rules over metrics that this command does not make, and over regions and attributes that it leaves out."""
    gives_verdicts = plan.verdicts_for is not no_verdicts
    left = []
    for rule in study.config.gates:
        made = gives_verdicts if rule.verdicts else rule.measured in plan.metrics
        there = rule.attribute in (None, *(g.name for g in groupings(study))) and rule.region in (None, *study.regions)
        if not (made and there):
            left.append(in_words(rule))
    return left


def _detectable(study: Study, *, alike: bool) -> dict[str, dict[str, float | None]]:
    target, clusters = study.target, study.clusters(np.arange(len(study.manifest)))
    found = {}
    for grouping in groupings(study):
        shape = {"rows": len(grouping.values), "columns": len(target.values)}
        rows = np.arange(len(study.manifest))
        if alike and clusters is not None:  # one image of every cluster and cell
            keys = np.stack([clusters, grouping.codes.astype(np.int64), target.codes.astype(np.int64)])
            rows = np.unique(keys, axis=1, return_index=True)[1]
        table = contingency(grouping.codes[rows], target.codes[rows], **shape)
        gaps = detectable_gaps(table, base=EXPECTED_RATE, level=study.config.audit.level)
        found[grouping.name] = {rate: finite(gap) for rate, gap in gaps.items()}
    return found


def seconds_per_row(study: Study, audits: Sequence[Audit]) -> float:
    """Time that the map takes per row, from the first rows that can be audited; testing methods is not in it.

    Raises:
        DataError: there is no such row.
    """
    rows = _auditable(study)
    map_batch(study, audits, study.material.loader.load(rows))  # the first call compiles and lifts
    start = time.perf_counter()
    map_batch(study, audits, study.material.loader.load(rows))
    return (time.perf_counter() - start) / len(rows)


def seconds_of_trials(study: Study, plan: AuditPlan) -> float:
    """Time that one model's trials of its attribution methods take, from a few images of their sample."""
    rows = sample_rows(study)
    batch = study.material.loader.load(rows[:TRIED])
    methods = plan.methods_for(study)
    start = time.perf_counter()
    for method in methods:
        one_trial(study, method, batch, plan.stages, {})
    return (time.perf_counter() - start) * len(rows) / max(len(rows[:TRIED]), 1) if methods else 0.0


def _auditable(study: Study) -> Sequence[int]:
    """The first rows with an image and a target, at most `PROBE`."""
    for start in range(0, len(study.manifest), PROBE):
        batch = study.material.loader.load(range(start, min(start + PROBE, len(study.manifest))))
        if len(batch):
            return [int(row) for row in batch.rows]
    raise DataError(
        "Not one row can be audited",
        wanted="images that can be read, and a known target",
        found=f"{counted(len(study.manifest), 'row')} without",
        where=study.manifest.name,
    )
