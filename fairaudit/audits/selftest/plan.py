"""What a self-test would do: models, images, and time from a few steps."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fairaudit.audits.core.dry_run import seconds_per_row
from fairaudit.audits.core.report.gates import check_gates
from fairaudit.audits.core.stream.trial import Trials
from fairaudit.audits.core.study.study import Study
from fairaudit.audits.selftest.bench import Bench
from fairaudit.audits.selftest.case import plan_of
from fairaudit.audits.selftest.data import Planted, plant
from fairaudit.audits.selftest.options import SelftestOptions
from fairaudit.audits.selftest.run import open_bench, thin_cells
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import Config
from fairaudit.engine.memory import peak_memory_bytes

STEPS = 3
"""Training steps that the time is estimated from, after one that is not counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SelftestPlan:
    """What a self-test would do."""

    models: int
    """Models to train and audit."""
    controls: int
    """Those without a planted bias."""
    planted: Sequence[str]
    """Kinds of bias, with their strengths."""
    train_images: int
    """Images that every model is trained on."""
    epochs: int
    """Passes over them."""
    audit_images: int
    """Images that every model is audited on."""
    audits: Sequence[str]
    """Audits of every model."""
    seconds: float
    """Estimated time of training and of the map over the audited images, over all models."""
    memory_bytes: int | None
    """Most memory that the probe needed."""
    notes: Sequence[str]
    """What would stand in the way of an answer."""


def plan_selftest(
    path: Path | None, *, config: Config, base: Path, options: RunOptions, asked: SelftestOptions
) -> SelftestPlan:
    """Open everything, train a few steps, map a few images, and estimate the rest; nothing is written.

    Raises:
        FairauditError: the self-test could not begin.
    """
    check_gates(config.gates)
    with tempfile.TemporaryDirectory() as folder:
        elsewhere = replace(options, output=Path(folder) / "output")
        bench = open_bench(path, config=config, base=base, options=elsewhere, asked=asked)
        planted = plant(bench.data, asked.biases[0], bench.cases[0], config=config, options=elsewhere)
        plan = plan_of(discover=asked.discover)
        study = Study(
            config=planted.config, options=elsewhere, material=planted.material, candidate=bench.trainer.model
        )
        audits = plan.audits_for(study, Trials(measurements=(), unusable={}))
        each = _training_seconds(bench, planted) + seconds_per_row(study, audits) * len(bench.data.audit)
    strengths = ", ".join(f"{rho:g}" for rho in asked.rhos)
    return SelftestPlan(
        models=len(bench.cases),
        controls=sum(case.rho is None for case in bench.cases),
        planted=[f"{bias.kind} at rho {strengths}" for bias in asked.biases],
        train_images=len(bench.data.train),
        epochs=asked.epochs,
        audit_images=len(bench.data.audit),
        audits=[*(audit.name for audit in audits if audit.name != "planted"), *(["prune"] if asked.prune else [])],
        seconds=each * len(bench.cases),
        memory_bytes=peak_memory_bytes(),
        notes=thin_cells(bench),
    )


def _training_seconds(bench: Bench, planted: Planted) -> float:
    """Time of decoding and training for one model."""
    trainer, asked = bench.trainer, bench.asked
    rows = range(min((STEPS + 1) * asked.batch_size, len(planted.train)))
    begun = time.perf_counter()
    images, target = trainer.images(planted.train, rows)
    decoding = (time.perf_counter() - begun) / len(rows)
    module, _ = trainer.trainable(seed=0)
    marks: list[float] = []
    trainer.fit(module, images, target, epochs=1, seed=0, told=lambda _done, _all: marks.append(time.perf_counter()))
    step = (marks[-1] - marks[0]) / (len(marks) - 1) if len(marks) > 1 else 0.0
    steps = asked.epochs * (len(planted.train) // min(asked.batch_size, len(planted.train)))
    return decoding * len(planted.train) + step * steps
